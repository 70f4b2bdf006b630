"""A prepared statement does what SQLAlchemy would do with it, on both databases."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from portal import db
from portal.db import Tx
from portal.prepared import prepared

AT = datetime(2026, 11, 29, 10, 0, 0, 5, UTC)
THINGS = sa.Table(  # gone with the connection
    "things", sa.MetaData(), sa.Column("id", sa.String, primary_key=True),
    sa.Column("at", db.UTCDateTime), sa.Column("on", sa.Date), sa.Column("is_new", sa.Boolean),
    sa.Column("facts", sa.JSON), sa.Column("n", sa.Integer), sa.Column("price", sa.Numeric(9, 2)),
    prefixes=["TEMPORARY"],
)  # fmt: skip
ADD = prepared(sa.insert(THINGS))
ALL = prepared(sa.select(THINGS).order_by(THINGS.c.id))
SOME = prepared(
    sa.select(THINGS.c.id)
    .where(THINGS.c.id.in_(sa.bindparam("ids", expanding=True)), THINGS.c.n.in_((1, 2, 3)))
    .order_by(THINGS.c.id)
)
TEAM = prepared(sa.insert(sa.table("teams", sa.column("id"), sa.column("name"))))
TEAMS = sa.text("select id from teams where id = 't'")
COUNT = prepared(sa.update(THINGS).where(THINGS.c.is_new).values(n=THINGS.c.n + 1))


def thing(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "at": AT, "on": date(2026, 11, 29), "is_new": True, "facts": {"ü": [1, None]},
        "n": 1, "price": None, **more,
    }  # fmt: skip


def begin(tx: Tx) -> None:
    tx.execute(sa.schema.CreateTable(THINGS))


def test_what_is_written_is_read_as_it_was(database: db.Database) -> None:
    rows = [thing("a"), thing("b", at=None, on=None, is_new=False, facts=[], n=None)]
    with database.transaction() as tx:
        begin(tx)
        tx.run(ADD, rows)
        found = tx.all(ALL)
        assert [row._asdict() for row in found] == rows
        assert found == [tuple(row) for row in tx.execute(sa.select(THINGS).order_by(THINGS.c.id))]
        assert found[0].at.tzinfo is UTC
        assert tx.changed(COUNT) == 1
        assert tx.first(ALL).n == 2


def test_a_list_may_have_any_length(database: db.Database) -> None:
    with database.transaction() as tx:
        begin(tx)
        tx.run(ADD, [thing(name) for name in "abcdef"] + [thing("g", n=9)])
        for ids in ("", "a", "ab", "abc", "abcdef", "x"):
            assert "".join(row.id for row in tx.all(SOME, ids=list(ids))) == ids.replace("x", "")
        assert [row.id for row in tx.all(SOME, ids=["g", "f"])] == ["f"]


@pytest.mark.parametrize("end", ["the next that is read", "the commit", "what goes with it"])
def test_what_is_refused_is_told_and_undoes_everything(database: db.Database, end: str) -> None:
    def write_twice() -> None:
        with database.transaction() as tx:
            tx.execute(sa.text("insert into teams (id, name) values ('t', 'T')"))
            begin(tx)
            again = partial(tx.run, ADD, [thing("b", facts="Vera Vendor"), thing("a")])
            tx.run(ADD, thing("a"))
            if end == "what goes with it":
                tx.before_commit(again)
                tx.before_commit(partial(tx.run, ADD, thing("c")), last=True)
                return
            again()
            if end == "the next that is read":
                tx.all(ALL)

    with pytest.raises(IntegrityError) as refused:
        write_twice()
    assert "Vera Vendor" not in str(refused.value)
    with database.reading() as conn:
        assert not conn.execute(TEAMS).all()
    found: list[Any] = []
    with database.transaction() as tx:  # and whoever comes next finds nothing of it under way
        begin(tx)
        tx.before_commit(partial(tx.run, ADD, thing("a")))
        tx.before_commit(lambda: found.extend(tx.all(ALL)), last=True)
    assert [row.id for row in found] == ["a"]


def test_a_wrong_statement_is_the_error_that_it_always_was(database: db.Database) -> None:
    gone = prepared(sa.select(THINGS.c.id).where(THINGS.c.id == sa.bindparam("its")))
    with pytest.raises(DBAPIError, match="things") as refused, database.transaction() as tx:
        tx.first(gone, its="Vera Vendor")
    assert "Vera" not in str(refused.value)


def test_a_default_that_python_makes_has_to_be_given(sqlite: db.Database) -> None:
    table = sa.Table("t", sa.MetaData(), sa.Column("a"), sa.Column("b", default=lambda: 1))
    with pytest.raises(TypeError, match="default"), sqlite.transaction() as tx:
        tx.run(prepared(sa.insert(table)), {"a": 1})


OWN = prepared(sa.select(sa.func.pg_backend_pid().label("pid")))


def cut_off(postgresql: db.Database, pid: int) -> None:
    other = db.Database(postgresql.url.render_as_string(hide_password=False))
    with other.engine.connect() as conn:
        conn.execute(sa.text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    other.close()


def test_a_connection_that_dies_is_told_and_replaced(postgresql: db.Database) -> None:
    with pytest.raises(OperationalError), postgresql.transaction() as tx:  # noqa: PT012
        pid = tx.first(OWN).pid
        cut_off(postgresql, pid)
        tx.first(OWN)
    with postgresql.transaction() as tx:
        assert tx.first(OWN).pid != pid


@pytest.mark.parametrize("is_under_way", [False, True])
def test_one_that_dies_before_the_commit_that_goes_along_has_kept_nothing(
    postgresql: db.Database, is_under_way: bool
) -> None:
    add = {"id": "t", "name": "T"}
    with pytest.raises(OperationalError), postgresql.transaction() as tx:  # noqa: PT012
        pid = tx.first(OWN).pid
        ends = [partial(tx.run, TEAM, add), partial(cut_off, postgresql, pid)]
        for end in ends if is_under_way else reversed(ends):
            tx.before_commit(end)
    with postgresql.transaction() as tx:
        assert tx.first(OWN).pid != pid
        assert not tx.execute(TEAMS).all()
