"""``portal verify`` as an auditor runs it: files in, plain words and an exit status out."""

import hashlib
import html
import json
import re
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db
from portal.actor import Actor
from portal.cli.main import answer, portal
from portal.db import Database
from portal.delivery import handover, pdf, pdf_reading
from portal.delivery.seal import Seal
from portal.ledger import catalogue, ed25519, judging, record
from portal.ledger import seals as seals_of
from portal.ledger.judging import judge
from tests import seals
from tests.ledger import stories
from tests.ledger.conftest import seal, vera  # noqa: F401 - fixtures

LOG = "0197a1b2-0000-7000-8000-000000000001"
Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def lines(sqlite: Database, vera: Actor, seal: Seal) -> list[dict[str, Any]]:  # noqa: F811
    stories.tell(LOG, vera)
    stories.anchored(LOG, seal)
    return stories.exported(LOG)


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    def run(*arguments: object) -> tuple[int, str]:
        texts = ["verify", *map(str, arguments)]
        status = answer(lambda: portal.main(texts, prog_name="portal", standalone_mode=False))
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        return status, told.out + told.err

    return run


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(stories.as_bytes(lines)))
    return path


def trail(
    path: Path,
    lines: list[dict[str, Any]],
    seal: Seal,  # noqa: F811
    *,
    printed: list[dict[str, Any]],
    outcome: str | None = None,
    spoken: str = "en",
    changes: str = "",
) -> Path:
    """A trail PDF as the portal sets it: outcome, each event with its facts, the ledger inside."""
    beside = (pdf.Enclosure("key-changes.txt", changes.encode(), "text/plain"),) if changes else ()
    last = [line for line in lines if "body" in line][-1]
    end = json.loads(last["body"])["type"]
    outcome = outcome or ("Completed on Sat" if end == "process.completed" else RUNNING)
    blocks = [f"<h1>Trail</h1><p>{outcome}</p><p>{LOG}</p><p>{last['hash']}</p>"]
    blocks += [f"<p>{html.escape(row(line))}</p>" for line in printed]
    sheet = pdf.Sheet(
        title="Trail", created=datetime(2026, 11, 21, tzinfo=UTC), identifier=b"x" * 16,
        lang=spoken,
        enclosures=(
            pdf.Enclosure("ledger.jsonl", b"".join(stories.as_bytes(lines)),
                          "application/json", "The ledger"),
            *beside,
        ),
    )  # fmt: skip
    path.write_bytes(seals.sealed(seals.rendered(blocks, sheet), seal))
    return path


RUNNING = "Still running when this trail was made."


def row(line: dict[str, Any]) -> str:
    """An event as a trail prints it."""
    event, told = json.loads(line["body"]), line["disclosed"]
    names = ("text", "actor.name", "actor.ip")
    who = " ".join(told[name]["value"] for name in names if name in told)
    at = event["at"].replace("T", " ").rstrip("Z")
    return f"#{line['seq']} {line['hash'][:16]} {event['type']} “{who}” {at}"


@pytest.fixture
def sealed_trail(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    seal: Seal,  # noqa: F811
) -> Path:
    return trail(tmp_path / "trail.pdf", lines, seal, printed=lines[:-1])


def test_an_export_with_the_key(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    file = write(tmp_path / "ledger.jsonl", lines)
    status, told = verify(file, "--key", seal.public_key)
    assert status == 0
    assert told.splitlines()[-1].startswith("SOUND")
    assert "not checked  the files at hand are those recorded: no files were given" in told


def test_the_key_may_be_a_file(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    file = write(tmp_path / "ledger.jsonl", lines)
    (tmp_path / "key.txt").write_text(f"{seal.public_key}\n")
    assert verify(file, "--key", tmp_path / "key.txt")[0] == 0
    (tmp_path / "page.txt").write_text(f"{seal.public_key}\n\norigin\n23\nroot\n")
    assert verify(file, "--key", tmp_path / "page.txt")[0] == 0
    assert verify(file, "--key", str(Seal.of(tmp_path / "x").public_key))[0] == 3


def test_an_altered_export(lines: list[dict[str, Any]], tmp_path: Path, verify: Verify) -> None:
    lines[3]["body"] = lines[3]["body"].replace("link", "lunk", 1)
    status, told = verify(write(tmp_path / "ledger.jsonl", lines))
    assert status == 1
    assert "event 3: its bytes do not give its hash" in told


def test_receipts_and_older_copies(
    lines: list[dict[str, Any]], tmp_path: Path, verify: Verify
) -> None:
    file = write(tmp_path / "ledger.jsonl", lines[:10])
    older = write(tmp_path / "older.jsonl", lines[:8])
    newer = write(tmp_path / "newer.jsonl", lines[:12])
    assert verify(file, "--older", older, "--receipt", f"9:{lines[9]['hash']}")[0] == 0
    assert verify(file, "--older", newer)[0] == 2
    assert verify(file, "--receipt", f"9:{lines[8]['hash']}")[0] == 1


@pytest.mark.parametrize("bad", [("--key", "nonsense"), ("--receipt", "1:2"), ("--files", "no")])
def test_a_wrong_option_is_one_sentence(
    lines: list[dict[str, Any]], tmp_path: Path, verify: Verify, bad: tuple[str, str]
) -> None:
    status, told = verify(write(tmp_path / "ledger.jsonl", lines), *bad)
    assert status == 64
    assert told.count("\n") == 1


def test_what_can_not_be_read_gets_no_verdict(verify: Verify) -> None:
    status, told = verify("/proc/self/mem")  # there, and every reading of its beginning fails
    assert status == 64
    assert told.startswith("This could not be checked: Input/output error")


def test_a_trail_is_sound(
    sealed_trail: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    status, told = verify(sealed_trail, "--key", seal.public_key)
    assert (status, told.splitlines()[-1][:6]) == (0, "SOUND:")
    assert "12  ok" in told
    assert "13  ok" in told
    status, told = verify(sealed_trail)
    assert (status, told.splitlines()[-1][:19]) == (0, "sound, not anchored")


@pytest.mark.parametrize(
    ("spoken", "outcome", "verdict"),
    [
        ("de", "Abgeschlossen: Sa. 21.11. state=completed", 0),
        ("de", "Läuft noch. state=running", 1),
        ("de", "Completed on Sat", 1),
        ("en", "Completed on Sat state=completed", 0),
        ("en", "Completed on Sat state=rejected", 1),
        ("en", "Rejected on Sat state=completed", 1),
    ],
)
def test_the_outcome_is_compared_in_every_language(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
    spoken: str,
    outcome: str,
    verdict: int,
) -> None:
    file = trail(
        tmp_path / "trail.pdf", lines, seal, printed=lines[:-1], outcome=outcome, spoken=spoken
    )
    status, told = verify(file, "--key", seal.public_key)
    assert status == verdict
    assert ("the cover does not say" in told) == bool(verdict)


@pytest.mark.parametrize("number", ["3", "4", "9" * 5000])
def test_words_that_look_like_the_row_of_an_event_do_not_make_a_true_trail_altered(
    sqlite: Database,
    vera: Actor,  # noqa: F811
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
    number: str,
) -> None:
    recorded = stories.tell(LOG, vera)
    start = recorded[4].hash[:16] if number == "4" else "0123456789abcdef"
    comment = f"As I said:\n#{number} {start}\nand that is all."
    with db.transaction() as tx:
        record.open_chain(tx, LOG).add(catalogue.CommentAdded(text=comment), actor=vera)
    stories.anchored(LOG, seal)
    lines = stories.exported(LOG)
    file = trail(
        tmp_path / "trail.pdf", lines, seal, printed=lines[:-1], outcome="Completed on Sat"
    )
    status, told = verify(file, "--key", seal.public_key)
    assert (status, "12  ok" in told) == (0, True), told


def test_a_trail_sealed_by_another_portal_is_told_apart(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    other = Seal.of(tmp_path / "other")
    file = trail(tmp_path / "trail.pdf", lines, other, printed=lines[:-1])
    status, told = verify(file, "--key", seal.public_key)
    assert status == 3
    assert "the file was signed by another key" in told
    status, told = verify(file)
    assert status == 1
    assert "signed by two keys" in told


Turned = tuple[Path, str, str, str]


@pytest.fixture
def turned(lines: list[dict[str, Any]], tmp_path: Path, seal: Seal) -> Turned:  # noqa: F811
    """A trail sealed right after a change of keys; the old key, the new one, and the change."""
    new, page = str(handover.hand_over(tmp_path)), handover.notes(tmp_path)
    file = trail(tmp_path / "turned.pdf", lines, Seal.of(tmp_path), printed=lines[:-1])
    return file, str(seal.public_key), new, page


def test_a_trail_right_after_a_change_of_keys_is_sound_by_either_key_with_the_change(
    turned: Turned, tmp_path: Path, verify: Verify
) -> None:
    file, old, new, page = turned
    (tmp_path / "change.txt").write_text(page)
    for key in (old, new):
        assert verify(file, "--key", key)[0] == 3, "nothing ties the two keys"
        status, told = verify(file, "--key", key, "--older", tmp_path / "change.txt")
        assert status == 0, told
        assert "a change of keys that both signed ties them" in told
        assert told.splitlines()[-1].startswith("SOUND: signed by ")
    assert "a key that the key given vouches for" in told.splitlines()[-1]
    assert verify(file)[0] == 1
    assert verify(file, "--older", tmp_path / "change.txt")[0] == 0


def test_a_trail_carries_the_change_of_keys_that_makes_it_sound(
    turned: Turned, lines: list[dict[str, Any]], tmp_path: Path, verify: Verify
) -> None:
    without, old, new, page = turned
    file = trail(tmp_path / "own.pdf", lines, Seal.of(tmp_path), printed=lines[:-1], changes=page)
    for one, verdict in ((file, 0), (without, 3)):
        assert judge(one, key=ed25519.public_key(new)).verdict == verdict, "with Python alone"
    for words in ((), ("--key", old), ("--key", new)):
        status, told = verify(file, *words)
        assert status == 0, told
    assert verify(file, "--key", str(Seal.of(tmp_path / "x").public_key))[0] == 3


def test_a_forged_change_of_keys_ties_nothing(
    turned: Turned, lines: list[dict[str, Any]], tmp_path: Path, verify: Verify
) -> None:
    _, old, new, page = turned
    thief = Seal.of(tmp_path / "thief")
    forged = page.replace(new, str(thief.public_key))
    file = trail(tmp_path / "own.pdf", lines, thief, printed=lines[:-1], changes=forged)
    assert verify(file)[0] == 1
    for key in (old, new):
        status, told = verify(file, "--key", key)
        assert status == 1
        assert "the file was signed by another key" in told
        assert "“key-changes.txt” is none that the ledger names" in told
    (tmp_path / "forged.txt").write_text(forged)
    status, told = verify(file, "--older", tmp_path / "forged.txt")
    assert (status, "not signed by both" in told) == (64, True)


def test_a_key_that_was_given_up_seals_nothing_over_what_came_later(
    turned: Turned,
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    _, _, new, page = turned
    said = lines[-1]["checkpoint"]["note"]
    note = Seal.of(tmp_path).sign_note(
        re.sub(r"time \S+", "time 2999-01-01T00:00:00.000000Z", said.partition("\n\n")[0]) + "\n"
    )
    lines[-1]["checkpoint"]["note"] = note
    file = trail(tmp_path / "late.pdf", lines, seal, printed=lines[:-1], changes=page)
    status, told = verify(file, "--key", new)
    assert status == 3
    assert "the file is signed by a key that was given up before" in told


def forge_sentence(document: pikepdf.Pdf) -> None:
    content = b"\n".join([
        document.pages[0].Contents.read_bytes(),
        b"q 1 1 1 rg 0 0 600 800 re f Q",  # a white box, to write the wanted outcome on
    ])  # fmt: skip
    document.pages[0].Contents = document.make_stream(content)


def forge_title(document: pikepdf.Pdf) -> None:
    document.docinfo["/Title"] = "Approved by the board"


def forge_note(document: pikepdf.Pdf) -> None:
    box = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 600, 800],
        Contents=pikepdf.String("Approved"), DA=pikepdf.String("/Helv 20 Tf"),
    )  # fmt: skip
    document.pages[0].Annots = pikepdf.Array([document.make_indirect(box)])


def forge_pages(document: pikepdf.Pdf) -> None:
    document.pages.append(document.pages[0])


def forge_nothing(document: pikepdf.Pdf) -> None:
    """Only written again, by another program."""


@pytest.mark.parametrize(
    "forge", [forge_sentence, forge_title, forge_note, forge_pages, forge_nothing]
)
def test_a_trail_that_anybody_touched_is_altered(
    sealed_trail: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
    forge: Callable[[pikepdf.Pdf], None],
) -> None:
    with pikepdf.open(sealed_trail, allow_overwriting_input=True) as document:
        forge(document)
        document.save()
    for key in ([], ["--key", seal.public_key]):
        status, told = verify(sealed_trail, *key)
        assert status == 1
        assert "Check 13: " in told


def slot(words: bytes) -> bytes:
    """As it stands in the file."""
    return words.hex().upper().encode()


def test_a_trail_with_a_seal_cut_out_is_altered(sealed_trail: Path, verify: Verify) -> None:
    sealed_trail.write_bytes(sealed_trail.read_bytes().replace(slot(b"seal/v2"), slot(b"seal/v0")))
    status, told = verify(sealed_trail)
    assert status == 1
    assert "no seal of a portal" in told


def test_no_bit_of_a_trail_may_be_turned(sealed_trail: Path, tmp_path: Path) -> None:
    raw = sealed_trail.read_bytes()
    assert ed25519.is_signature(*vars_of(seals_of.read(raw)))
    for at in {*range(0, len(raw), 997), len(raw) - 1}:
        turned = bytearray(raw)
        turned[at] ^= 1 << at % 8
        try:
            assert not ed25519.is_signature(*vars_of(seals_of.read(bytes(turned)))), at
        except seals_of.NotSealed:
            continue


def vars_of(found: seals_of.Sealed) -> tuple[bytes, bytes, bytes]:
    return found.key, found.message, found.signature


def other_hash(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "hash": "00" * 32}


def other_time(line: dict[str, Any]) -> dict[str, Any]:
    return {**line, "body": line["body"].replace('"at":"20', '"at":"21')}


def other_person(line: dict[str, Any]) -> dict[str, Any]:
    told = {**line["disclosed"], "actor.name": {"value": "Mallory Moore"}}
    return {**line, "disclosed": told}


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (other_hash, "event 6 (0000000000000000…) is printed but not embedded"),
        (other_time, "event 6 is printed without its “20"),
        (other_person, "event 6 is printed without its “Vera”"),
    ],
)
def test_a_trail_that_prints_other_events_is_altered_even_where_the_portal_sealed_it(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
    forge: Callable[[dict[str, Any]], dict[str, Any]],
    said: str,
) -> None:
    forged = [*lines[:6], forge(lines[6]), *lines[7:-1]]
    file = trail(tmp_path / "trail.pdf", lines, seal, printed=forged)
    status, told = verify(file, "--key", seal.public_key)
    assert status == 1
    assert said in told
    assert "13  ok" in told


def test_a_pdf_without_ledger_is_incomplete(tmp_path: Path, verify: Verify) -> None:
    with pikepdf.new() as empty:
        empty.add_blank_page()
        empty.save(tmp_path / "x.pdf")
    status, told = verify(tmp_path / "x.pdf")
    assert status == 2
    assert "no ledger inside this PDF" in told


def test_a_pdf_with_two_ledgers_is_altered(
    lines: list[dict[str, Any]], sealed_trail: Path, verify: Verify
) -> None:
    with pikepdf.open(sealed_trail, allow_overwriting_input=True) as opened:
        raw = b"".join(stories.as_bytes(lines[:4]))
        opened.attachments["other.jsonl"] = pikepdf.AttachedFileSpec(  # type: ignore[call-arg]
            opened, raw
        )
        opened.save()
    status, told = verify(sealed_trail)
    assert status == 1
    assert "more than one ledger" in told


def test_the_ledger_is_found_in_a_pdf_too_damaged_to_open(
    lines: list[dict[str, Any]], sealed_trail: Path
) -> None:
    raw = b"".join(stories.as_bytes(lines))
    assert raw in [held for _, held in pdf_reading._loose_streams(sealed_trail)]


def test_pages_that_print_no_event_at_all_are_altered(
    lines: list[dict[str, Any]],
    tmp_path: Path,
    verify: Verify,
    seal: Seal,  # noqa: F811
) -> None:
    status, told = verify(trail(tmp_path / "trail.pdf", lines, seal, printed=[]))
    assert status == 1
    assert "is embedded but not printed" in told


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_to_a_pdf_ends_in_a_traceback_or_is_sound(
    data: st.DataObject, sealed_trail: Path, tmp_path: Path, verify: Verify
) -> None:
    whole = sealed_trail.read_bytes()
    raw = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=50))
    (tmp_path / "damaged.pdf").write_bytes(raw)
    assert verify(tmp_path / "damaged.pdf")[0] in ((0,) if raw == whole else (1, 2))


def flate(unit: bytes, times: int, start: bytes = b"") -> bytes:
    packer = zlib.compressobj(9)
    packed = packer.compress(start)
    return packed + b"".join(packer.compress(unit) for _ in range(times)) + packer.flush()


def bomb(path: Path, how: str) -> Path:
    """A small file that would take gigabytes or for ever, were nothing bounded."""
    ledger, name = b'{"seq":0}', pikepdf.Name
    opened = pikepdf.new()
    opened.add_blank_page()
    page, filters = opened.pages[0].obj, name.FlateDecode
    if how == "ledger":
        ledger = flate(b" " * (1 << 20), 40, b'{"seq":0')
    elif how == "twice packed":
        ledger, filters = zlib.compress(flate(b" " * (1 << 20), 40, ledger), 9), [filters, filters]
    else:
        filters = None
    drawn = pikepdf.Stream(opened, b"/F Do\n" * 12)
    if how == "page":
        drawn.write(flate(b"BT (a) Tj ET\n" * 1000, 2000), filter=name.FlateDecode)
    if how == "forms":
        form = opened.make_indirect(pikepdf.Stream(opened, b"BT (a) Tj ET"))
        form.Subtype = name.Form
        for _ in range(7):
            below, form = form, opened.make_indirect(pikepdf.Stream(opened, b"/F Do\n" * 12))
            form.Subtype, form.Resources = name.Form, pikepdf.Dictionary(XObject={"/F": below})
        page.Resources = pikepdf.Dictionary(XObject={"/F": form})
    page.Contents = opened.make_indirect(drawn)
    carried = pikepdf.Stream(opened, b"")
    if filters is not None:
        carried.write(ledger, filter=filters)
    else:
        carried.write(ledger)
    carried.Type = name.EmbeddedFile
    opened.Root.Carried = opened.make_indirect(carried)
    level = pikepdf.StreamDecodeLevel.none
    opened.save(path, compress_streams=False, stream_decode_level=level)
    return path


@pytest.mark.parametrize("how", ["ledger", "twice packed", "page", "forms", "no end", "many"])
def test_what_unpacks_without_measure_is_refused(
    how: str, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for reader in (judging, pdf_reading):  # the bound itself would only make this slow
        monkeypatch.setattr(reader, "_LARGEST", 10_000_000)
    path = tmp_path / "bomb.pdf"
    if how == "no end":  # looked for from each of its beginnings
        path.write_bytes(b"%PDF-1.7\n" + b"stream\n" * 200_000)
    elif how == "many":  # each looked for in each
        path.write_bytes(b"".join(b'stream\n{"seq":%d\nendstream\n' % n for n in range(30_000)))
        path.write_bytes(b"%PDF-1.7\n" + path.read_bytes())
    else:
        bomb(path, how)
    assert path.stat().st_size < 2_000_000
    status, told = verify(path)
    assert status in (1, 2)
    if how in ("ledger", "page", "forms"):
        assert "more than any audit trail" in told
    assert judge(path).verdict in (1, 2)


# The verifier in one file, as somebody far from any portal runs it


@pytest.fixture
def bundle(verify: Verify, tmp_path: Path) -> Path:
    path = tmp_path / "check.pyz"
    status, told = verify("--bundle", path)
    assert status == 0
    assert hashlib.sha256(path.read_bytes()).hexdigest() in told
    return path


def alone(bundle: Path, *arguments: object) -> tuple[int, str]:
    """Run it in an empty folder, without an environment, site packages or anything beside it."""
    with tempfile.TemporaryDirectory() as empty:
        command = [sys.executable, "-I", "-S", str(bundle), *map(str, arguments)]
        ran = subprocess.run(command, cwd=empty, env={}, capture_output=True, check=False)
    told = (ran.stdout + ran.stderr).decode()
    assert "Traceback" not in told
    return ran.returncode, told


def test_e05_the_bundle_verifies_alone(
    lines: list[dict[str, Any]],
    seal: Seal,  # noqa: F811
    bundle: Path,
    tmp_path: Path,
) -> None:
    export = write(tmp_path / "ledger.jsonl", lines)
    status, told = alone(bundle, export, seal.public_key)
    assert status == 0, told
    assert "SOUND: signed by the key given" in told
    status, told = alone(bundle, export)
    assert status == 0
    assert "sound, not anchored" in told


def test_e05_the_bundle_tells_altered_incomplete_and_foreign_apart(
    lines: list[dict[str, Any]],
    seal: Seal,  # noqa: F811
    bundle: Path,
    tmp_path: Path,
) -> None:
    altered = [dict(line) for line in lines]
    altered[4]["body"] = altered[4]["body"].replace("details", "fictions")
    cut = [*lines[:5], *lines[-1:]]
    stranger = Seal.of(tmp_path / "elsewhere").public_key
    for changed, key, verdict in (
        (altered, seal.public_key, 1), (cut, seal.public_key, 2), (lines, stranger, 3),
    ):  # fmt: skip
        status, told = alone(bundle, write(tmp_path / "ledger.jsonl", changed), key)
        assert status == verdict, told
    assert alone(bundle)[0] == 64
    assert alone(bundle, tmp_path / "nothing")[0] == 64


def test_the_bundle_is_the_same_for_everybody(verify: Verify, bundle: Path, tmp_path: Path) -> None:
    verify("--bundle", tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == bundle.read_bytes()
    assert verify()[0] != 0


def test_e05_the_bundle_checks_the_ledger_inside_a_trail(
    sealed_trail: Path,
    lines: list[dict[str, Any]],
    seal: Seal,  # noqa: F811
    bundle: Path,
    tmp_path: Path,
) -> None:
    older = write(tmp_path / "older.jsonl", lines[:8])
    status, told = alone(bundle, sealed_trail, seal.public_key, "--older", older)
    assert status == 0, told
    for number in (13, 14):
        assert f" {number}  ok " in told, told
    assert "not checked  what the PDF prints of every event" in told
    assert seals.own().fingerprint in told
    pinned = ("--certificate", seals.own().fingerprint)
    assert alone(bundle, sealed_trail, seal.public_key, *pinned)[0] == 0
    assert alone(bundle, sealed_trail, "--certificate", "00" * 32)[0] == 3
    wrong = f"7:{'0' * 64}"
    assert alone(bundle, sealed_trail, seal.public_key, "--receipt", wrong)[0] == 1
    raw = sealed_trail.read_bytes()
    for at in (m.start() + 12 for m in re.finditer(rb"stream\r?\n", raw)):  # one is the ledger
        sealed_trail.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        assert judge(sealed_trail).verdict == 1, at
    at = raw.index(b"/MediaBox") + 2  # of a page, and of no ledger
    sealed_trail.write_bytes(raw[:at] + b"X" + raw[at + 1 :])
    status, told = alone(bundle, sealed_trail, seal.public_key)
    assert status == 1
    assert "Check 13: the file was changed after the portal signed it" in told
    assert "Check 14: the bytes that the PDF’s signature covers were changed" in told
