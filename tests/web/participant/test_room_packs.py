"""Evidence packs that an auditor makes in a room: of what was granted, while the room stands."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from portal import db
from portal.actions import packs, room_packs, rooms, sights
from portal.cli.verify import verify
from portal.clock import Clock
from portal.models import Pack, PackPart, Process, Room
from portal.readings import book
from portal.web.participant import room_packs as door
from tasks import job, relay
from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in
from tests.web.participant.test_rooms import ADA, come_in, open_room, told
from tests.web.participant.test_samples import draw

Visitors = Callable[[], Visitor]


@pytest.fixture
def three(app: Flask) -> list[str]:
    job.open_house(app.config["SETTINGS"])
    return [makers.start(makers.FORM), makers.start_again(), makers.start_again()]


def build() -> None:
    while relay.carry_out_here([route for route in relay.ROUTES if "pack" in route.kinds[0]]):
        pass


def ask(visitor: Visitor, page: str = "/room", **typed: object) -> str:
    answer = visitor.send("/room/packs", page, **typed)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def pack() -> Pack:
    [found] = makers.rows(Pack)
    return found  # type: ignore[no-any-return]


def kept() -> list[str]:
    """Where what was built of processes lies."""
    with db.reading() as conn:
        query = sa.select(PackPart.storage_id).where(PackPart.storage_id.is_not(None))
        return list(conn.execute(query).scalars())


def held(visitor: Visitor, where: str) -> list[str]:
    """The processes whose ledgers are in the archive."""
    data = visitor.client.get(f"{where}/pack.zip").data
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        names = [name for name in opened.namelist() if name.endswith("ledger.jsonl")]
        return [opened.read(name).decode().split('log\\":\\"')[1][:36] for name in names]


def test_an_auditor_makes_a_pack_of_all_that_verifies_offline(
    visitor: Visitor, three: list[str], clock: Clock, tmp_path: Path
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    where = ask(visitor, what="all")
    page = visitor.get(where)
    assert "An evidence pack of 3 processes" in page
    assert "Processes that are through: 0 of 3." in page
    assert "<progress" in page
    assert "Look again" in page  # without a script, too
    assert visitor.client.get(f"{where}/pack.zip").status_code == 409
    build()
    progress = visitor.client.get(f"{where}/progress").json
    assert progress == {"state": "done", "through": 3, "total": 3}
    assert "Save the pack" in visitor.get(where)
    answer = visitor.client.get(f"{where}/pack.zip")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    path = tmp_path / "pack.zip"
    path.write_bytes(answer.data)
    assert verify.main([str(path)], standalone_mode=False) == 0
    assert sorted(held(visitor, where)) == sorted(three)
    assert where in visitor.get("/room")
    assert any("asked for an evidence pack of 3 processes in" in one for one in told(room))
    with db.reading() as conn:
        for id_ in three:
            lines = [one.sentence for one in book.lines(conn, process=id_, topic="reads").lines]
            assert sum("took an evidence pack with it" in one for one in lines) == 2
            assert all("ISO 9001" in one for one in lines)
    assert pack().how == {}  # who it was stands in the book alone


def test_ticks_and_samples_go_into_packs(visitor: Visitor, three: list[str], clock: Clock) -> None:
    come_in(visitor, open_room(clock))
    ticked = ask(visitor, process=three[2], what="ticked")
    build()
    assert held(visitor, ticked) == [three[2]]
    sample = draw(visitor, "2", "7")
    where = ask(visitor, sample, sample=sample.rpartition("/")[2])
    assert f'href="{sample}"' in visitor.get(where)
    build()
    [row] = makers.rows(Pack, id=where.rpartition("/")[2])
    assert row.name == "Sample of 2 with the seed 7, for the audit “ISO 9001”"
    assert len(held(visitor, where)) == 2
    nothing = visitor.send("/room/packs", "/room", what="ticked")
    assert nothing.status_code == 422
    assert nothing.text.count("No process is chosen.") == 1


def test_what_was_not_granted_never_goes_in(
    visitors: Visitors, three: list[str], clock: Clock
) -> None:
    one, other = visitors(), visitors()
    come_in(one, open_room(clock, processes=three[0], files="no"))
    come_in(other, open_room(clock))
    for ids in (three[1], [three[0], three[1]], "nothing"):
        assert one.send("/room/packs", "/room", what="ticked", process=ids).status_code == 404
    sample = draw(other, "2", "7").rpartition("/")[2]
    assert one.send("/room/packs", "/room", sample=sample).status_code == 404
    assert not makers.rows(Pack)
    where = ask(one, what="all", files="yes")
    assert not pack().files
    build()
    assert held(one, where) == [three[0]]
    # Nor does another room's auditor have any of it, by its id.
    for path in (where, f"{where}/progress", f"{where}/pack.zip"):
        assert other.client.get(path).status_code == 404
        assert visitors().client.get(path).status_code == 403
    assert other.send(f"{where}/stop", "/room").status_code == 404


def test_a_process_that_leaves_the_scope_is_not_built_and_what_holds_one_is_not_handed_out(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock, ("demo",), ("running",)))
    where = ask(visitor, what="all")
    leave(three[1])
    build()
    page = visitor.get(where)
    assert "One could not be built; the pack names it." in page
    assert "It is no longer among what the room grants." in page
    assert sorted(held(visitor, where)) == sorted([three[0], three[2]])
    data = visitor.client.get(f"{where}/pack.zip").data
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        index = opened.read("index.csv").decode()
    [line] = [one for one in index.splitlines() if three[1] in one]
    assert "no longer among what the room grants" in line
    assert "Order of" not in line
    leave(three[0])
    refused = visitor.client.get(f"{where}/pack.zip")
    assert refused.status_code == 409
    assert "grants something in this pack no more" in refused.text


def leave(process: str) -> None:
    with db.transaction() as tx:
        tx.execute(sa.update(Process).where(Process.id == process).values(state="completed"))


def test_restricting_what_staff_see_takes_nothing_from_what_an_admin_granted(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    where = ask(visitor, what="all")
    sights.restrict("demo", actor=people.staff("dana"))
    build()
    assert len(held(visitor, where)) == 3


@pytest.mark.parametrize("how", ["revoked", "over", "erased"])
def test_a_room_that_ends_while_a_pack_is_built_ends_the_making(
    visitor: Visitor, three: list[str], clock: Clock, how: str
) -> None:
    room = open_room(clock)
    [until] = [row.until_at for row in makers.rows(Room)]
    clock.set(until - timedelta(hours=1))
    come_in(visitor, room)
    where = ask(visitor, what="all")
    if how == "revoked":
        rooms.revoke(room, actor=ADA)
    elif how == "over":
        clock.set(until)
    else:
        with db.transaction() as tx:
            tx.execute(sa.update(Room).values(email="", auditor="Erased", revoked_at=tx.now))
    build()
    assert pack().state == "stopped"
    assert str(pack().why).startswith("The room was closed before the pack was ready")
    assert not kept()
    assert visitor.client.get(f"{where}/pack.zip").status_code == 403


def test_a_room_that_ends_before_the_archive_is_closed_or_taken_gives_none(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    where = ask(visitor, what="all")
    relay.carry_out_here([route for route in relay.ROUTES if route.kinds[0] == "pack.part"])
    assert len(kept()) == 3
    with db.transaction() as tx:
        tx.execute(sa.update(Room).values(revoked_at=tx.now))
    build()
    assert (pack().state, pack().storage_id) == ("stopped", None)
    with db.transaction() as tx:
        tx.execute(sa.update(Room).values(revoked_at=None))
    second = ask(visitor, what="all")
    build()
    assert visitor.client.get(f"{second}/pack.zip").status_code == 200
    rooms.revoke(room, actor=ADA)
    assert visitor.client.get(f"{second}/pack.zip").status_code == 403
    assert visitor.client.get(where).status_code == 403


def test_the_same_press_twice_is_one_pack_and_too_many_are_refused(
    visitor: Visitor, three: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    form = {**hidden_in(visitor.get("/room")), "what": "all"}
    assert len({visitor.post("/room/packs", form).location for _n in range(2)}) == 1
    assert sum("asked for an evidence pack" in one for one in told(room)) == 1
    second = ask(visitor, what="all")
    refused = visitor.send("/room/packs", "/room", what="all")
    assert refused.status_code == 409
    assert "are being built already" in refused.text
    assert visitor.send(f"{second}/stop", second).status_code == 303
    assert "Stopped" in visitor.get(second)
    monkeypatch.setattr(room_packs, "MOST_A_DAY", 2)
    assert visitor.send("/room/packs", "/room", what="all").status_code == 429
    clock.advance(hours=24)
    come_in(visitor, room)
    ask(visitor, what="all")


def test_of_packs_asked_for_at_once_no_more_are_built_than_of_those_in_turn(
    visitor: Visitor, three: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    monkeypatch.setattr(door, "_begin", lambda _pack: None)  # each is laid out, and none set off
    for _n in range(2):
        ask(visitor, what="all")
    assert visitor.send("/room/packs", "/room", what="all").status_code == 409
    clock.advance(minutes=6)
    ask(visitor, what="all")


def test_what_does_not_fit_is_said_and_leaves_nothing(
    visitor: Visitor, three: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    come_in(visitor, open_room(clock, files="yes"))
    monkeypatch.setattr("portal.engine.packing.MOST_BYTES", 10)
    form = {"what": "ticked", "process": three[1], "files": "no"}
    refused = visitor.send("/room/packs", "/room", **form)
    assert refused.status_code == 422
    assert "more than a pack may hold" in refused.text
    assert refused.text.count(" checked>") == 2  # what was ticked, and without the files
    assert pack().state == "stopped"
    monkeypatch.setattr("portal.engine.packing.MOST", 2)
    refused = visitor.send("/room/packs", "/room", what="all")
    assert "A pack holds at most 2 processes." in refused.text


def test_what_was_erased_takes_the_pack_with_it(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    where = ask(visitor, what="all")
    build()
    with db.transaction() as tx:
        packs.forget(tx, three[0])
    assert "Something of a process in it was erased" in visitor.get(where)
    assert visitor.client.get(f"{where}/pack.zip").status_code == 409


def test_the_trails_in_a_pack_are_made_as_the_auditor_reads(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    for unchosen in ("/room", f"/room/{three[0]}"):
        assert "Its times are in" not in visitor.get(unchosen), "each has that of its process"
    visitor.send("/room/reading", "/room", language="fr", timezone="Asia/Tokyo")
    page = visitor.get("/room")
    assert "Asia/Tokyo" in page.split('action="/room/packs"')[1].split("</form>")[0]
    where = ask(visitor, process=three[0], what="ticked", paper="Letter")
    build()
    data = visitor.client.get(f"{where}/pack.zip").data
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        [path] = [name for name in opened.namelist() if name.endswith("audit-trail.pdf")]
        trail = pypdfium2.PdfDocument(opened.read(path))
    assert tuple(map(round, trail[0].get_size())) == (612, 792)
    told = "".join(page.get_textpage().get_text_range() for page in trail)
    assert "Asia/Tokyo" in told
    assert "UTC" not in told.split("Asia/Tokyo")[0]
    refused = visitor.send("/room/packs", "/room", what="all", paper="A0")
    assert refused.status_code == 422
    assert '<a href="#paper">Papier' in refused.text
    assert len(makers.rows(Pack)) == 1


def test_a_pack_that_broke_off_goes_on_where_it_did(
    visitor: Visitor, three: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    path = f"{ask(visitor, what='all')}/pack.zip"
    build()
    whole = visitor.client.get(path)
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    size, tag = len(whole.data), whole.headers["ETag"]

    def part(wanted: str, **more: str) -> TestResponse:
        return visitor.client.get(path, headers={"Range": wanted, **more})

    half = size // 2
    for wanted, first, last in (
        (f"bytes={half}-", half, size - 1), ("bytes=5-9", 5, 9),
        ("bytes=-100", size - 100, size - 1), (f"bytes=0-{2 * size}", 0, size - 1),
    ):  # fmt: skip
        found = part(wanted, **{"If-Range": tag})
        assert found.status_code == 206, wanted
        assert found.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert found.data == whole.data[first : last + 1]
        assert int(found.headers["Content-Length"]) == len(found.data)
    others = (
        ("bytes=5-9", {"If-Range": '"another"'}), ("bytes=0-1,4-5", {}), ("bytes=x", {}),
        ("pages=1-2", {}),
    )  # fmt: skip
    for wanted, more in others:
        found = part(wanted, **more)
        assert (found.status_code, found.data) == (200, whole.data), wanted
    beyond = part(f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
    assert visitor.client.head(path, headers={"Range": "bytes=5-9"}).status_code == 200
    with db.reading() as conn:
        lines = [one.sentence for one in book.lines(conn, process=three[0], topic="reads").lines]
    assert sum("took an evidence pack with it" in one for one in lines) > 5, "each part is a look"
