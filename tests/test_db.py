"""Ids sort as they were made; a dead connection is replaced; faults tell nothing of people."""

import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from portal import clock, db


def test_ids_of_one_moment_sort_as_they_were_made() -> None:
    with clock.stopped_at(clock.now()):
        made = [db.new_id() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_clock_set_back_is_followed() -> None:
    later = clock.now() + timedelta(days=2)
    with clock.stopped_at(later):
        before = db.new_id()
    with clock.stopped_at(later - timedelta(milliseconds=300)):
        assert db.new_id() > before
    with clock.stopped_at(later - timedelta(days=1)):
        assert db.new_id() < before


def test_a_connection_that_died_while_it_rested_is_replaced(postgresql: db.Database) -> None:
    watched = db.Database(postgresql.url.render_as_string(hide_password=False))
    own = sa.text("select pg_backend_pid()")
    with watched.reading() as conn:
        pid = conn.execute(own).scalar_one()
    with watched.reading() as conn:
        assert conn.execute(own).scalar_one() == pid
    with postgresql.reading() as conn:
        conn.execute(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    time.sleep(db.REST_SECONDS)
    with watched.reading() as conn:
        assert conn.execute(own).scalar_one() != pid
    watched.close()


def test_a_statement_that_fails_names_nobody(database: db.Database) -> None:
    query = sa.text("SELECT * FROM nowhere WHERE name = :name")
    with pytest.raises(DBAPIError, match="nowhere") as refused, database.reading() as conn:
        conn.execute(query, {"name": "Vera Vendor"})
    assert "Vera" not in str(refused.value)


def test_moments_come_back_as_they_were_and_never_without_a_zone(database: db.Database) -> None:
    kept = sa.table("moments", sa.column("at", db.UTCDateTime()))
    there = timezone(timedelta(hours=5, minutes=30))
    moments = [
        datetime(2026, 11, 29, 10, 0, 0, 5, there),
        datetime(2026, 11, 29, 10, 0, 0, 0, UTC),
        None,
    ]
    with database.transaction() as tx:
        column = "timestamp with time zone" if not database.is_sqlite else "datetime"
        tx.execute(sa.text(f"create temporary table moments (at {column})"))
        for at in moments:
            tx.execute(sa.insert(kept).values(at=at))
        found = tx.execute(sa.select(kept.c.at).order_by(kept.c.at)).scalars().all()
        assert {*found} == {*moments}
        assert all(at.tzinfo is UTC for at in found if at)
        with pytest.raises(StatementError, match="without a zone"):
            tx.execute(sa.insert(kept).values(at=datetime(2026, 11, 29)))  # noqa: DTZ001


def test_whoever_waits_at_the_pool_gets_the_first_that_is_given_back(sqlite: db.Database) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    crowded, taken, gives_back = db.Database(url, pool_size=1), [], threading.Event()
    with contextlib.ExitStack() as holding:
        for _ in range(10):  # the pool's one and all but one of those beyond it
            holding.enter_context(crowded.reading())

        def hold() -> None:
            with crowded.reading():
                taken.append("first")
                gives_back.wait(10)

        def wait() -> None:
            with crowded.reading():
                taken.append("second")

        first, second = threading.Thread(target=hold), threading.Thread(target=wait)
        first.start()
        while not taken:
            time.sleep(0.01)
        second.start()
        time.sleep(0.2)
        assert taken == ["first"]
        gives_back.set()
        second.join(5)
        assert taken == ["first", "second"]
        first.join(5)
    crowded.close()
