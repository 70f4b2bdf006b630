"""The night's look over everything stored: E07, and that it never stops without a word."""

from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import sweeps, uploads
from portal.clock import Clock
from portal.delivery.storage import Store
from portal.ledger.tables import Outgoing
from portal.models import FileRow, Sweep
from portal.readings import status, sweeping
from portal.settings import Settings
from tasks import sweeping as night
from tasks import upkeep
from tasks.schedule import SCHEDULE
from tests import makers
from tests.servers import Smtp
from tests.tasks.conftest import post
from tests.tasks.test_upkeep import PAPERS, stage


@pytest.fixture
def evidence(house: Settings) -> str:
    """A process with a file and an approval, another one, and checkpoints over both."""
    store = Store(house.storage_dir)
    process = makers.start(PAPERS + makers.FORM)
    stage(process, store, "a")
    one = makers.task(process, "papers")
    uploads.submit(one.id, actor=makers.actor_of(one))
    upkeep.checkpoint()
    makers.fill(process, company="Sea")
    makers.start_again()
    upkeep.checkpoint()
    return process


TABLES = (
    "ledger_entries", "ledger_heads", "ledger_checkpoints", "ledger_leaves", "ledger_nodes",
    "ledger_disclosures", "files", "troubles",
)  # fmt: skip


def superuser(*statements: str) -> None:
    """Change what is stored as somebody with all rights on the database could."""
    with db.current().engine.connect() as conn, conn.begin():
        if db.current().is_sqlite:
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in conn.exec_driver_sql(names).scalars().all():
                if str(name).startswith("ledger_"):
                    conn.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in TABLES:
                conn.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            conn.exec_driver_sql(statement)


def the_round() -> Any:
    """How far it has come."""
    with db.reading() as conn:
        return conn.execute(sa.select(Sweep.__table__)).one()


def alarms() -> list[str]:
    """What the admins are told."""
    with db.reading() as conn:
        query = sa.select(Outgoing.ref).where(Outgoing.kind == "mail.alarm")
        return [ref["sentence"] for ref in conn.execute(query).scalars()]


AT = "(SELECT min(log) FROM ledger_entries)"
OURS = f"log = {AT}"
CHANGE, HEAD = "UPDATE ledger_entries SET", "UPDATE ledger_heads SET"
FIRST = f"(SELECT {{}} FROM ledger_entries WHERE seq = 0 AND {OURS})"
LATER = f"{OURS} AND seq > 4"  # where every actor was seen before
LONG_AGO = "2001-01-01 00:00:00.000000"
EDITS = {
    "an event's bytes": "UPDATE ledger_entries SET body = body || ' ' WHERE seq = 1",
    "a type": f"{CHANGE} type = 'x.y' WHERE seq = 2 AND {OURS}",
    "a moment": f"{CHANGE} at = '{LONG_AGO}' WHERE seq = 2 AND {OURS}",
    "an actor's kind": f"{CHANGE} actor_kind = 'staff2' WHERE seq = 1 AND {OURS}",
    "an actor": f"{CHANGE} actor_ref = 'someone' WHERE seq = 1 AND {OURS}",
    "a task": f"{CHANGE} task = 'other' WHERE task IS NOT NULL AND {OURS}",
    "a step": f"{CHANGE} step = 'other' WHERE step IS NOT NULL AND {OURS}",
    "an actor's kind later on": f"{CHANGE} actor_kind = 'staff2' WHERE {LATER}",
    "an actor for another": f"{CHANGE} actor_kind = {FIRST.format('actor_kind')}, "
                            f"actor_ref = {FIRST.format('actor_ref')} WHERE {LATER}",
    "a moment later on": f"{CHANGE} at = '{LONG_AGO}' WHERE {LATER}",
    "a step later on": f"{CHANGE} step = 'papers2' WHERE step IS NOT NULL AND {LATER}",
    "an event gone": f"DELETE FROM ledger_entries WHERE seq = 2 AND {OURS}",
    "a tail gone": f"DELETE FROM ledger_entries WHERE seq > 3 AND {OURS}",
    "a head": f"{HEAD} hash = '0' WHERE {OURS}",
    "a head's moment": f"{HEAD} at = '{LONG_AGO}' WHERE {OURS}",
    "a head gone": f"DELETE FROM ledger_heads WHERE {OURS}",
    "a value": "UPDATE ledger_disclosures SET value = '\"forged\"'",
    "a value gone": f"DELETE FROM ledger_disclosures WHERE {OURS}",
    "a file's row": "UPDATE files SET sha256 = 'ab'",
    "a leaf": "UPDATE ledger_leaves SET seq = 0 WHERE place = 0",
    "a leaf gone": "DELETE FROM ledger_leaves WHERE place = 1",
    "a node of leaves": "UPDATE ledger_nodes SET hash = 'x' WHERE level = 0 AND position = 1",
    "a node above": "UPDATE ledger_nodes SET hash = 'x' WHERE level = 1",
    "a checkpoint": "UPDATE ledger_checkpoints SET note = replace(note, 'time 2', 'time 1')",
    "a whole process": f"DELETE FROM ledger_heads WHERE {OURS}"
                       f";DELETE FROM ledger_entries WHERE {OURS}",
    "all leaves": "DELETE FROM ledger_leaves",
}  # fmt: skip


def test_e07_whatever_a_superuser_changes_is_told_the_next_night(
    evidence: str, clock: Clock
) -> None:
    assert night.look_over() == 0
    assert alarms() == []
    superuser(*(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}" for table in TABLES))
    for count, (what, edit) in enumerate(EDITS.items(), 1):
        clock.advance(minutes=1)
        superuser(*(edit if db.current().is_sqlite else edit.replace("'x'", "'\\x78'")).split(";"))
        assert night.look_over() > 0, what
        assert len(alarms()) == count, what
        assert "Stored evidence" in alarms()[-1]
        assert "README" in alarms()[-1]
        superuser(*(statement for table in TABLES for statement in put_back(table)))
    clock.advance(minutes=1)
    assert night.look_over() == 0


def put_back(table: str) -> tuple[str, str]:
    return f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept_{table}"


def test_e07_a_byte_turned_in_a_file_is_told(evidence: str, house: Settings) -> None:
    [file] = makers.rows(FileRow)
    path = Store(house.storage_dir).path(file.storage_id)
    path.chmod(0o600)
    path.write_bytes(b"b")
    assert night.look_over() == 1
    assert "was changed or is lost" in alarms()[0]
    assert [row.kind for row in makers.troubles(evidence)] == ["file"]


def test_the_owner_has_an_exception_and_the_admins_one_mail(
    evidence: str, smtp: Smtp, clock: Clock
) -> None:
    superuser("UPDATE ledger_entries SET body = body || ' ' WHERE seq = 1")
    assert night.look_over() == 2  # both processes
    post()
    upkeep.beat("scheduler")
    letters = [x for x in smtp.to("ada@example.com") if "altered" in x.message["Subject"]]
    assert len(letters) == 1
    assert "keep a copy of it now" in " ".join(letters[0].text.split())
    assert [row.kind for row in makers.troubles(evidence)] == ["ledger"]
    clock.advance(days=1)
    night.look_over()
    assert len(alarms()) == 2  # told again the next night, as long as it is so


def test_a_process_stored_otherwise_than_its_ledger_tells_is_told_like_what_was_altered(
    evidence: str, smtp: Smtp, clock: Clock
) -> None:
    superuser("UPDATE processes SET state = 'cancelled'")
    assert night.look_over() == 2  # both processes
    assert the_round().found == 2
    [told] = alarms()
    assert "stored as cancelled, but its events come to " in told
    assert "README" in told
    post()
    upkeep.beat("scheduler")
    letters = [x for x in smtp.to("ada@example.com") if "otherwise" in x.message["Subject"]]
    assert len(letters) == 1
    [trouble] = makers.troubles(evidence)
    assert trouble.kind == "ledger"
    assert "stored otherwise than its ledger tells. state: stored as cancelled" in trouble.message
    clock.advance(days=1)
    assert night.look_over() == 2
    assert len(alarms()) == 2  # again the next night, and still one exception
    assert len(makers.troubles(evidence)) == 1
    superuser("UPDATE processes SET state = 'running'",
              f"UPDATE processes SET state = 'completed' WHERE id = '{evidence}'")  # fmt: skip
    clock.advance(days=1)
    assert night.look_over() == 0
    assert len(alarms()) == 2


def test_it_begins_anew_once_a_night_and_goes_on_where_it_stood(
    evidence: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def dies(conn: object, after: str) -> sweeping.Looked:
        seen.append("tree")
        raise RuntimeError("killed here")

    monkeypatch.setitem(night._LOOKS, "tree", dies)
    with pytest.raises(RuntimeError):
        night.look_over_nightly()
    monkeypatch.undo()
    monkeypatch.setitem(night._LOOKS, "ledgers", dies)  # not looked at again in this round
    assert night.look_over_nightly() == 0
    monkeypatch.undo()
    row = the_round()
    assert (row.ended_at is not None, row.found) == (True, 0)
    assert sweeps.go_on(now=False) is None
    clock.advance(hours=23)
    assert sweeps.go_on(now=False) == sweeps.Place("ledgers", "", 0, 0)


def test_a_round_that_gets_no_further_is_told(evidence: str, clock: Clock) -> None:
    sweeps.go_on()
    clock.advance(days=2)
    sweeps.go_on(now=False)
    sweeps.go_on(now=False)
    assert len(alarms()) == 1
    assert "got no further than “ledgers”" in alarms()[0]


def test_one_ledger_that_can_not_be_read_keeps_nobody_from_the_others(evidence: str) -> None:
    superuser(f"UPDATE ledger_disclosures SET value = '{{' WHERE field = 'sha256' AND {OURS}")
    assert night.look_over() >= 1
    row = the_round()
    assert row.ended_at is not None


def test_what_is_written_to_meanwhile_is_no_fault(evidence: str) -> None:
    with db.reading() as conn:
        assert status.drift(conn, evidence) is None
        assert sweeping.ledgers(conn, "").faults == ()


def test_it_is_on_the_schedule() -> None:
    assert night.look_over_nightly in [entry.work for entry in SCHEDULE]
