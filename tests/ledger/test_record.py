"""Appending: order, once only, one batch, two databases, eight writers."""

import multiprocessing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.actor import Actor, system
from portal.clock import Clock
from portal.errors import AlreadyRecorded, Faulty, Unknown
from portal.ledger import audit, chain, outbox, record
from portal.ledger import catalogue as c
from portal.ledger.tables import Disclosure, Entry, Head, Outgoing
from tests.ledger import stories

LOG = "0197a1b2-0000-7000-8000-000000000001"


def count(conn: sa.Connection, table: type[db.Base]) -> int:
    return conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def test_a_told_story_is_a_sound_chain(database: db.Database, vera: Actor) -> None:
    told = stories.tell(LOG, vera)
    with db.reading() as conn:
        assert audit.fault_in(conn, LOG) is None
        head = conn.execute(sa.select(Head.seq, Head.hash)).one()
    assert tuple(head) == (told[-1].seq, told[-1].hash) == (14, told[-1].hash)


def test_appending_goes_on_where_it_stopped(database: db.Database, vera: Actor) -> None:
    last = stories.tell(LOG, vera)[-1]
    with db.transaction() as tx:
        assert record.open_chain(tx, LOG).head.hash == last.hash
        told = record.open_chain(tx, LOG).add(c.CommentAdded(text="Hello"), actor=vera)
    assert told.seq == last.seq + 1
    with db.reading() as conn:
        assert audit.fault_in(conn, LOG) is None


def test_private_values_stand_in_the_body_only_as_commitments(
    database: db.Database, vera: Actor
) -> None:
    stories.tell(LOG, vera)
    with db.reading() as conn:
        bodies = "".join(conn.execute(sa.select(Entry.body)).scalars())
    for secret in ("DE02", "Vera", "vendor.example", "192.0.2.7", "Browser/1", "Wrong IBAN"):
        assert secret not in bodies


def test_one_statement_a_table_however_many_events(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    with db.transaction() as tx:
        opened = record.open_chain(tx, LOG)
        for number in range(5):
            opened.add(c.CommentAdded(text=f"{number}"), actor=vera)
            opened.send("mail.message", {"run": "r", "participant": "p"}, once=f"m:{number}")
    assert [text.split()[0] for text in seen] == ["SELECT", "INSERT", "INSERT", "UPDATE", "INSERT"]


def test_once_is_kept_by_the_database(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    outcome = c.TaskDone(task="t9")
    with db.transaction() as tx:
        record.open_chain(tx, LOG).add(outcome, actor=vera, once="task:t9:outcome")
    with pytest.raises(AlreadyRecorded), db.transaction() as tx:
        record.open_chain(tx, LOG).add(outcome, actor=vera, once="task:t9:outcome")
    with db.reading() as conn:
        assert audit.fault_in(conn, LOG) is None
        assert count(conn, Entry) == 16


def test_once_is_kept_within_a_transaction(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    with db.transaction() as tx:
        opened = record.open_chain(tx, LOG)
        opened.add(c.TaskDone(task="t9"), actor=vera, once="x")
        with pytest.raises(AlreadyRecorded):
            opened.add(c.TaskDone(task="t9"), actor=vera, once="x")


def test_a_failed_action_leaves_nothing(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)

    def fail() -> None:
        with db.transaction() as tx:
            opened = record.open_chain(tx, LOG)
            opened.add(c.CommentAdded(text="Hello"), actor=vera)
            opened.send("mail.message", {}, once="m")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.reading() as conn:
        owed = conn.execute(sa.select(Outgoing.kind)).scalars().all()
        assert (count(conn, Entry), owed) == (15, ["ledger.checkpoint"])  # of the end of the story


@pytest.mark.parametrize("text", ["\ud800", 2**60, 0.5])
def test_what_has_no_one_spelling_is_refused_in_a_sentence(
    sqlite: db.Database, vera: Actor, text: Any
) -> None:
    stories.tell(LOG, vera)
    with db.transaction() as tx:
        opened = record.open_chain(tx, LOG)
        with pytest.raises(Faulty, match="can't be recorded"):
            opened.add(c.CommentAdded(text=text), actor=vera)
    assert len(stories.exported(LOG)) == 15


def test_a_process_without_chain_is_unknown(database: db.Database) -> None:
    with pytest.raises(Unknown), db.transaction() as tx:
        record.open_chain(tx, "nobody")


def test_time_never_runs_backwards(database: db.Database, vera: Actor, clock: Clock) -> None:
    told = stories.tell(LOG, vera)
    clock.advance(hours=-1)
    with db.transaction() as tx:
        later = record.open_chain(tx, LOG).add(c.CommentAdded(text="x"), actor=vera)
    assert later.at == told[-1].at


def test_the_actor_on_behalf_is_told_with_the_reason(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    with db.transaction() as tx:
        behalf = vera.acting_on_behalf("She is ill")
        record.open_chain(tx, LOG).add(c.TaskDone(task="t9"), actor=behalf)
    last = stories.exported(LOG)[-1]
    assert '"on_behalf":true' in last["body"]
    assert last["disclosed"]["actor.reason"]["value"] == "She is ill"


def test_copies_for_querying_stand_beside(database: db.Database, vera: Actor) -> None:
    copies = {"definition": "vendor", "owner_id": "u1", "team_id": "g1"}
    with db.transaction() as tx:
        begun = record.begin_chain(tx, LOG, stories.DIGEST, **copies)
        begun.add(c.CommentAdded(), actor=vera)
    with db.transaction() as tx:
        record.open_chain(tx, LOG).add(c.TaskPickedUp(step="s", task="t"), actor=vera)
    table = Entry.__table__
    with db.reading() as conn:
        row = conn.execute(sa.select(table).where(table.c.seq == 1)).mappings().one()
    found = [row[key] for key in ("definition", "owner_id", "team_id", "step", "task", "version")]
    assert found == ["vendor", "u1", "g1", "s", "t", 1]


def test_erasing_deletes_values_and_moves_no_hash(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    with db.transaction() as tx:
        assert record.erase(tx, LOG, 4, ["answers", "actor.ip", "never"]) == ["actor.ip", "answers"]
    with db.reading() as conn:
        table = Disclosure.__table__
        left = conn.execute(sa.select(table.c.field).where(table.c.seq == 4)).scalars().all()
        assert audit.fault_in(conn, LOG) is None
    assert sorted(left) == ["actor.agent", "actor.email", "actor.name"]


CHANGES = [
    "UPDATE ledger_entries SET body = 'x'",
    "UPDATE ledger_entries SET at = at WHERE seq = 3",
    "DELETE FROM ledger_entries",
    "UPDATE ledger_disclosures SET value = '1'",
    "UPDATE ledger_checkpoints SET note = 'x'",
    "DELETE FROM ledger_checkpoints",
    "DELETE FROM ledger_leaves",
    "UPDATE ledger_nodes SET level = 9",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_e07_database_refuses_change(
    database: db.Database, vera: Actor, seal: object, statement: str
) -> None:
    stories.tell(LOG, vera)
    stories.anchored(LOG, seal)  # type: ignore[arg-type]
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction() as tx:
        tx.execute(sa.text(statement))


REPLACED = [
    ("ledger_entries", "body = 'forged'"),
    ("ledger_entries", "id = id + 1000, prev = 'x', once = NULL"),
    ("ledger_entries", "id = id + 1000, seq = seq + 1000, once = NULL"),
    ("ledger_disclosures", "value = '1'"),
    ("ledger_checkpoints", "note = 'forged'"),
    ("ledger_leaves", "log = 'forged'"),
    ("ledger_leaves", "place = place + 1000"),
    ("ledger_nodes", "hash = x'00'"),
]


@pytest.mark.parametrize(("table", "change"), REPLACED)
def test_e07_nothing_is_put_in_the_place_of_a_row(
    database: db.Database, vera: Actor, seal: object, table: str, change: str
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL has no REPLACE")
    stories.tell(LOG, vera)
    stories.anchored(LOG, seal)  # type: ignore[arg-type]
    with db.transaction() as tx:
        tx.execute(sa.text(f"CREATE TEMP TABLE forged AS SELECT * FROM {table}"))
        tx.execute(sa.text(f"UPDATE forged SET {change}"))
        replace = sa.text(f"INSERT OR REPLACE INTO {table} SELECT * FROM forged")
        with pytest.raises(sa.exc.IntegrityError, match="append-only"):
            tx.execute(replace)


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_disclosures", "ledger_heads"])
def test_e07_truncate_is_refused(database: db.Database, vera: Actor, table: str) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    stories.tell(LOG, vera)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction() as tx:
        tx.execute(sa.text(f"TRUNCATE {table}"))


TAMPERINGS = [
    ("UPDATE ledger_entries SET body = replace(body, 't4', 't5') WHERE seq = 10", "changed"),
    ("UPDATE ledger_entries SET type = 'task.done' WHERE seq = 11", "copied column"),
    ("UPDATE ledger_entries SET actor_kind = 'staff' WHERE seq = 11", "copied column"),
    ("UPDATE ledger_entries SET at = '2020-01-01 00:00:00' WHERE seq = 2", "copied column"),
    ("DELETE FROM ledger_entries WHERE seq = 7", "missing"),
    ("DELETE FROM ledger_entries WHERE seq = 14", "recorded head"),
    ("UPDATE ledger_heads SET seq = 13", "recorded head"),
]


@pytest.mark.parametrize(("statement", "said"), TAMPERINGS)
def test_e07_the_sweep_sees_what_a_superuser_changed(
    database: db.Database, vera: Actor, statement: str, said: str
) -> None:
    stories.tell(LOG, vera)
    with db.transaction() as tx:
        for verb in ("update", "delete"):
            on = "" if database.is_sqlite else " ON ledger_entries"
            tx.execute(sa.text(f"DROP TRIGGER ledger_entries_no_{verb}{on}"))
        tx.execute(sa.text(statement))
    with db.reading() as conn:
        assert said in (audit.fault_in(conn, LOG) or "")


def _append(address: str, times: int) -> None:
    db.bind(db.Database(address))
    for _ in range(times):
        with db.transaction() as tx:
            record.open_chain(tx, LOG).add(c.TaskPickedUp(task="t"), actor=system("writer"))


def test_e08_no_forks(database: db.Database, vera: Actor) -> None:
    """Eight writers, two hundred events each, one chain: gapless, nobody gives up."""
    stories.tell(LOG, vera)
    address = database.url.render_as_string(hide_password=False)
    database.close()
    # Processes of their own, of one that loaded the house for them all: they begin at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    writers = [context.Process(target=_append, args=(address, 200)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * 8
    with db.reading() as conn:
        assert count(conn, Entry) == 15 + 1600
        assert audit.fault_in(conn, LOG) is None


def test_effects_are_written_with_their_event_or_not_at_all(
    database: db.Database, vera: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    monkeypatch.setattr(outbox, "nudge", lambda: rung.append(1))
    stories.tell(LOG, vera)
    assert rung == [1]  # for the checkpoint that its end owes
    rung.clear()
    with db.transaction() as tx:
        opened = record.open_chain(tx, LOG)
        first = opened.send("mail.invite", {"task": "t"}, once="invite:t")
        opened.send("mail.invite", {"task": "t"}, once="invite:t")
        assert rung == []
    assert rung == [1]
    with db.transaction() as tx:
        record.open_chain(tx, LOG).send("mail.invite", {"task": "t"}, once="invite:t")
    with db.reading() as conn:
        invites = sa.select(Outgoing.id).where(Outgoing.kind == "mail.invite")
        assert conn.execute(invites).scalars().all() == [first]


def test_canonical_is_what_is_stored(database: db.Database, vera: Actor) -> None:
    stories.tell(LOG, vera)
    for line in stories.exported(LOG):
        assert chain.canonical(chain.parse(line["body"])).decode() == line["body"]
        assert chain.event_hash(line["body"].encode()) == line["hash"]


def test_moment_is_utc_with_microseconds() -> None:
    there = datetime(2026, 11, 21, 6, 7, 31, 120, tzinfo=timezone(timedelta(hours=1)))
    assert record.moment(there) == "2026-11-21T05:07:31.000120Z"
