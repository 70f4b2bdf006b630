"""Evidence packs: whole, the same each time, resumed, taken back, and checked to the last byte."""

import io
import json
import subprocess
import sys
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import erasures, leaving, packs, trails, uploads
from portal.actions import house as house_rules
from portal.actor import Actor
from portal.cli.verify import verify
from portal.clock import Clock
from portal.delivery import handover
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.ledger import archive as zips
from portal.ledger.pack import verify as check
from portal.models import BookEntry, FileRow, Pack, PackPart
from portal.settings import Settings
from tasks import packs as work
from tasks import upkeep
from tests import makers, people
from tests.tasks.conftest import post

UPLOAD = """\
  - id: papers
    assign: vendor
    upload: {documents: [{id: tax, name: Tax, max: 3}]}
"""
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
ODD = "=cmd|' /C calc'!A0 ../..\\con.pdf"

# What is done to an archive's bytes hangs on no database.
ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def dana() -> Actor:
    return people.staff("dana")


def send(house: Settings, process: str, name: str = "tax.pdf", more: bytes = b"") -> str:
    """Vera sends a paper; the file's id."""
    task = makers.task(process, "papers")
    stored = Store(house.storage_dir).put(io.BytesIO(PDF + more), max_bytes=1000)
    arrived = uploads.Arrived(
        document="tax", name=name, size=stored.size, sha256=stored.sha256,
        media_type="application/pdf", storage_id=stored.id,
    )  # fmt: skip
    actor = makers.actor_of(task)
    uploads.stage(task.id, [arrived], actor=actor)
    uploads.submit(task.id, nonce=db.new_id(), actor=actor)
    return str(makers.rows(FileRow, process_id=process)[-1].id)


def ask(ids: list[str], actor: Actor | None = None, **plan: object) -> str:
    """Ask for a pack and have it begun; its id."""
    actor = actor or dana()
    pack_id = packs.draft(packs.Plan("Some", **plan), ids, actor=actor)  # type: ignore[arg-type]
    assert packs.begin(pack_id, size=10**6, room=10**9, actor=actor)
    return pack_id


def pack(pack_id: str) -> Pack:
    [found] = makers.rows(Pack, id=pack_id)
    return found  # type: ignore[no-any-return]


def parts(pack_id: str) -> list[PackPart]:
    with db.reading() as conn:
        table = PackPart.__table__
        query = sa.select(table).where(table.c.pack_id == pack_id).order_by(table.c.n)
        return list(conn.execute(query).all())  # type: ignore[arg-type]


def archive(house: Settings, pack_id: str) -> bytes:
    found = pack(pack_id)
    assert found.state == "done", (found.state, found.why)
    with Store(house.storage_dir).open(str(found.storage_id)) as stream:
        return stream.read()


def saved(house: Settings, pack_id: str, folder: Path) -> Path:
    path = folder / "pack.zip"
    path.write_bytes(archive(house, pack_id))
    return path


def key(house: Settings) -> str:
    return str(Seal.of(house.data_dir).public_key)


def judged(path: Path, *arguments: str) -> int:
    status: int = verify.main([str(path), *arguments], standalone_mode=False)
    return status


@pytest.fixture
def two(house: Settings) -> list[str]:
    """Two processes of Dana's, each with a paper."""
    ids = [makers.start(UPLOAD, reference="+1"), makers.start_again()]
    send(house, ids[0], ODD)
    send(house, ids[1])
    return ids


@pytest.fixture
def three(two: list[str]) -> list[str]:
    """Three processes of Dana's, two of them with a paper; each takes a trail's setting."""
    return [*two, makers.start_again()]


@pytest.fixture
def one(house: Settings) -> list[str]:
    """A process of Dana's with a paper."""
    ids = [makers.start(UPLOAD, reference="+1")]
    send(house, ids[0], ODD)
    return ids


def test_a_pack_holds_everything_and_is_sound(
    house: Settings, three: list[str], tmp_path: Path
) -> None:
    path = saved(house, ask_and_build(three), tmp_path)
    assert judged(path, "--key", key(house)) == 0
    assert judged(path) == 0
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        index = opened.read("index.csv").decode()
        readme = opened.read("README.txt").decode()
        verifier = tmp_path / "verify.pyz"
        verifier.write_bytes(opened.read("verify.pyz"))
    assert names[:2] == ["README.txt", "index.csv"]
    assert sum(name.endswith("audit-trail.pdf") for name in names) == 3
    sent = [name.partition("/files/")[2] for name in names if "/files/" in name]
    assert sent == ["001-=cmd_' _C calc'!A0 .._.._con.pdf", "001-tax.pdf"]
    assert "'+1" in index
    assert "3 processes" in readme
    command = [sys.executable, "-I", "-S", str(verifier), str(path), key(house)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "The seals of 3 PDFs were judged" in told.stdout
    assert "What the PDFs print was not checked" in told.stdout


@ON_SQLITE
def test_right_after_a_change_of_keys_a_pack_is_sound_by_either_key(
    house: Settings, two: list[str], tmp_path: Path
) -> None:
    post()
    old, pack_id = key(house), ask(two)
    upkeep.checkpoint()
    handover.hand_over(house.data_dir)
    post()
    path = saved(house, pack_id, tmp_path)
    with zipfile.ZipFile(path) as opened:
        assert opened.read("keys/key-changes.txt").decode() == handover.notes(house.data_dir)
        verifier = tmp_path / "verify.pyz"
        verifier.write_bytes(opened.read("verify.pyz"))
        [note, *_] = [name for name in opened.namelist() if name.endswith("checkpoint.txt")]
        assert opened.read(note).decode().startswith(old.partition("+")[0])
        [trail, *_] = [name for name in opened.namelist() if name.endswith("audit-trail.pdf")]
        (tmp_path / "trail.pdf").write_bytes(opened.read(trail))
    for one in (old, key(house)):
        assert judged(path, "--key", one) == 0
        assert judged(tmp_path / "trail.pdf", "--key", one) == 0
        for file in (path, tmp_path / "trail.pdf"):
            command = [sys.executable, "-I", "-S", str(verifier), str(file), one]
            told = subprocess.run(command, capture_output=True, text=True, check=False)
            assert told.returncode == 0, told.stdout + told.stderr
    assert judged(path) == judged(tmp_path / "trail.pdf") == 0
    thief = str(Seal.of(tmp_path / "thief").public_key)
    assert judged(path, "--key", thief) == judged(tmp_path / "trail.pdf", "--key", thief) == 3


def ask_and_build(ids: list[str], *, files: bool = True) -> str:
    pack_id = ask(ids, files=files)
    post()
    return pack_id


def test_the_same_processes_give_the_same_bytes(
    house: Settings, two: list[str], clock: Clock
) -> None:
    post()  # what was sent by mail stands in the ledger, too
    for id_ in two:
        trails.ask(id_, actor=dana())
    post()
    first = archive(house, ask_and_build(two))
    clock.advance(days=2)
    assert archive(house, ask_and_build(list(reversed(two)))) == first


@ON_SQLITE
def test_without_files_it_says_so_and_is_sound(
    house: Settings, one: list[str], tmp_path: Path
) -> None:
    path = saved(house, ask_and_build(one, files=False), tmp_path)
    assert judged(path, "--key", key(house)) == 0
    assert b"/files/" not in path.read_bytes().partition(b"verify.pyz")[2]


@ON_SQLITE
def test_a_lost_file_is_named_and_the_rest_is_there(
    house: Settings, two: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [row] = makers.rows(FileRow, process_id=two[1])
    Store(house.storage_dir).path(row.storage_id).write_bytes(b"changed")
    path = saved(house, ask_and_build(two), tmp_path)
    assert judged(path) == 2
    told = capsys.readouterr().out
    assert "the file “tax.pdf” is left out: it is no longer as it was stored" in told
    assert "1 of 2 processes are whole" in told


def test_a_process_that_is_not_theirs_any_more_stops_no_other_and_is_named(
    house: Settings, three: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack_id = ask(three)
    with db.transaction() as tx:
        table = sa.table("processes", sa.column("id"), sa.column("owner_id"))
        tx.execute(sa.update(table).where(table.c.id == three[1]).values(owner_id="olga"))
    post()
    assert [one.state for one in parts(pack_id)] == ["built", "failed", "built"]
    path = saved(house, pack_id, tmp_path)
    assert judged(path) == 2
    assert f"Process 2 ({three[1]}) is not in the pack: Only the owner" in capsys.readouterr().out
    with zipfile.ZipFile(path) as opened:
        assert three[1] in opened.read("README.txt").decode()
    with pytest.raises(NotYours):
        packs.require_taking(pack_id, actor=dana())
    packs.require_taking(pack_id, actor=people.staff("aud"))


def test_nobody_takes_what_is_not_theirs(house: Settings, three: list[str]) -> None:
    for name in ("finn", "olga"):
        with pytest.raises(NotYours):
            packs.draft(packs.Plan("Mine"), three, actor=people.staff(name))
    with pytest.raises(Unknown):
        packs.draft(packs.Plan("None"), [*three, "nothing"], actor=dana())
    with pytest.raises(Faulty):
        packs.draft(packs.Plan("None"), [], actor=dana())
    with pytest.raises(Faulty):
        packs.draft(packs.Plan("None", language="xx"), three, actor=dana())
    pack_id = packs.draft(packs.Plan("Hers"), three, actor=dana())
    with pytest.raises(Unknown):
        packs.begin(pack_id, size=1, room=10, actor=people.staff("finn"))
    with pytest.raises(Conflict):
        packs.begin(pack_id, size=1, room=10, actor=people.staff("ada"))
    with pytest.raises(Faulty, match="not enough room"):
        packs.begin(pack_id, size=10, room=19, actor=dana())


def test_a_killed_worker_goes_on_where_it_stood(
    house: Settings, three: list[str], monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    pack_id = ask(three)
    whole = work._build_one
    begun: list[int] = []

    def dies(of: str, n: int, *rest: object) -> None:
        begun.append(n)
        if n == 2 and begun.count(2) == 1:
            raise SystemExit
        whole(of, n, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_build_one", dies)
    with pytest.raises(SystemExit):
        post()
    kept = parts(pack_id)[0].storage_id
    assert kept is not None
    clock.advance(minutes=2)
    while post():
        clock.advance(minutes=2)
    assert begun == [1, 2, 2, 3]
    assert pack(pack_id).state == "done"
    assert not any(one.storage_id for one in parts(pack_id))
    with pytest.raises(Unknown):
        Store(house.storage_dir).open(kept)


def test_what_is_erased_takes_a_finished_pack_back(house: Settings, two: list[str]) -> None:
    pack_id = ask_and_build(two)
    with db.transaction() as tx:
        gone = packs.forget(tx, two[1])
    assert len(gone) == 1
    found = pack(pack_id)
    assert (found.state, found.storage_id) == ("removed", None)
    assert "erased" in str(found.why)
    assert not any(one.members or one.left_out for one in parts(pack_id))
    other = ask_and_build([two[0]])
    with db.transaction() as tx:
        assert packs.forget(tx, two[1]) == []
    assert pack(other).state == "done"


def test_an_erasure_takes_packs_and_their_bytes_with_it(house: Settings, one: list[str]) -> None:
    pack_id = ask_and_build(one)
    stored = str(pack(pack_id).storage_id)
    asked = {"basis": "request", "reference": "DPO-7", "confirmed": "erase"}
    erasures.of_process(one[0], actor=people.staff("ada"), **asked)
    post()
    assert pack(pack_id).state == "removed"
    with pytest.raises(Unknown):
        Store(house.storage_dir).open(stored)


def test_what_is_erased_while_a_pack_is_built_is_built_anew(
    house: Settings, two: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_id = ask(two)
    whole = work._close
    taken: list[str] = []

    def meanwhile(claimed: object) -> None:
        if not taken:
            with db.transaction() as tx:
                taken.extend(packs.forget(tx, two[0]))
        whole(claimed)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_close", meanwhile)
    while post():
        pass
    assert len(taken) == 1
    assert pack(pack_id).state == "done"
    assert parts(pack_id)[0].round == 1


def test_what_another_worker_built_meanwhile_keeps_nobody_from_the_rest(
    house: Settings, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_id = ask(three)
    whole = work._build_one
    begun: list[int] = []

    def meanwhile(its: str, n: int, *more: object) -> None:
        begun.append(n)
        if begun == [1]:
            with db.transaction() as tx:
                packs.forget(tx, three[1])
            work._build(pack_id, 2, 2)
        whole(its, n, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_build_one", meanwhile)
    while post():
        pass
    assert begun == [1, 2, 3]
    assert pack(pack_id).state == "done"


@ON_SQLITE
def test_a_pack_bears_the_name_that_an_admin_gave_the_house(
    house: Settings, two: list[str], tmp_path: Path
) -> None:
    ada = people.staff("ada")
    house_rules.set_brand({"brand_name": "Harbour"}, None, actor=ada)
    trails.ask(two[0], actor=dana())
    pack_id = ask(two)
    while post():
        pass
    with zipfile.ZipFile(io.BytesIO(archive(house, pack_id))) as found:
        told = found.read("README.txt").decode()
    assert "Harbour" in told
    assert "Sea Works" not in told


@ON_SQLITE
def test_a_part_that_was_changed_on_disk_is_built_anew(
    house: Settings, two: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pack_id = ask(two)
    whole = work._close
    store = Store(house.storage_dir)
    done: list[int] = []

    def meanwhile(claimed: object) -> None:
        if not done:
            store.path(str(parts(pack_id)[1].storage_id)).write_bytes(b"x")
            done.append(1)
        whole(claimed)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "_close", meanwhile)
    while post():
        pass
    assert check(saved(house, pack_id, tmp_path)).verdict == 0


def test_its_time_over_it_is_removed_and_says_why(
    house: Settings, one: list[str], clock: Clock
) -> None:
    pack_id = ask_and_build(one)
    stored = str(pack(pack_id).storage_id)
    assert upkeep.sweep_files() == 0
    clock.advance(days=15)
    upkeep.prune()
    assert (pack(pack_id).state, pack(pack_id).why) == ("removed", "It was kept for 14 days.")
    with pytest.raises(Unknown):
        Store(house.storage_dir).open(stored)
    clock.advance(days=100)
    upkeep.prune()
    assert makers.rows(Pack) == []


def test_a_stopped_pack_builds_no_more(house: Settings, three: list[str]) -> None:
    pack_id = ask(three)
    assert packs.stop(pack_id, actor=dana())
    post()
    assert [one.state for one in parts(pack_id)] == ["ready"] * 3
    assert pack(pack_id).state == "stopped"


@ON_SQLITE
def test_a_closed_account_gets_nothing(house: Settings, two: list[str]) -> None:
    pack_id = ask(two, people.staff("aud"))
    leaving.close("aud", actor=people.staff("ada"))
    post()
    assert {part.fault for part in parts(pack_id)} == {
        "The account of whoever asked for this is closed."
    }


@ON_SQLITE
def test_each_process_in_it_knows_who_took_it(house: Settings, two: list[str]) -> None:
    pack_id = ask_and_build(two)
    packs.note_taken(pack_id, actor=people.staff("aud"))
    told = makers.rows(BookEntry, kind="read")
    assert sorted(entry.process_id for entry in told) == sorted(two)
    assert {entry.told["what"] for entry in told} == {"pack"}


@ON_SQLITE
def test_every_change_of_a_byte_is_found(house: Settings, one: list[str], tmp_path: Path) -> None:
    raw = archive(house, ask_and_build(one))
    path = tmp_path / "pack.zip"
    places = [*range(0, len(raw), len(raw) // 150), *range(len(raw) - 600, len(raw), 7)]
    for place in places:
        changed = bytearray(raw)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert check(path).verdict in (1, 3), place


@ON_SQLITE
def test_what_is_added_cut_or_squeezed_in_is_found(
    house: Settings, one: list[str], tmp_path: Path
) -> None:
    raw = archive(house, ask_and_build(one))
    path = tmp_path / "pack.zip"
    for changed in (raw + b"x", b"x" + raw, raw[:-1], raw[: len(raw) // 2], b"PK\x03\x04"):
        path.write_bytes(changed)
        assert check(path).verdict == 1
    for name, method, comment in (
        ("more.txt", zipfile.ZIP_STORED, b""),
        ("../out.txt", zipfile.ZIP_STORED, b""),
        ("README.txt", zipfile.ZIP_STORED, b""),
        ("readme.TXT", zipfile.ZIP_STORED, b""),
        ("bomb", zipfile.ZIP_DEFLATED, b""),
        ("", 0, b"a comment"),
    ):
        path.write_bytes(raw)
        with zipfile.ZipFile(path, "a") as opened:
            opened.comment = comment
            if name:
                opened.writestr(zipfile.ZipInfo(name), b"0" * 100, method)
        assert check(path).verdict == 1, name


@ON_SQLITE
def test_a_pack_without_one_of_its_processes_or_by_another_key_is_found(
    house: Settings, two: list[str], tmp_path: Path
) -> None:
    path = saved(house, ask_and_build(two), tmp_path)
    other = str(Seal.of(tmp_path / "elsewhere").public_key)
    assert judged(path, "--key", other) == 3
    with zipfile.ZipFile(path) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    manifest = json.loads(members["manifest.json"])
    gone = manifest["processes"].pop()
    manifest["members"] = [
        one for one in manifest["members"] if not one["path"].startswith(gone["folder"])
    ]
    members = {n: raw for n, raw in members.items() if not n.startswith(gone["folder"])}
    members["manifest.json"] = (
        json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    ).encode()
    path.write_bytes(packed(members))
    report = check(path)
    assert report.verdict == 1
    assert "The manifest is not the one that was signed" in report.findings


def packed(members: dict[str, bytes]) -> bytes:
    """An archive as the portal writes it, of whatever members."""
    named = [(zips.Member(name, len(raw), zlib.crc32(raw)), raw) for name, raw in members.items()]
    body = b"".join(zips.head(member) + raw for member, raw in named)
    return body + b"".join(zips.directory([member for member, _ in named]))


@ON_SQLITE
def test_it_is_kept_for_two_weeks_at_most(house: Settings, one: list[str]) -> None:
    found = pack(ask_and_build(one))
    assert found.kept_until is not None
    assert found.ended_at is not None
    assert found.kept_until - found.ended_at == timedelta(days=14)
