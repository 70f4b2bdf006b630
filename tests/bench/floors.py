"""Yardsticks: the least that any product of this kind must pay, written as small as can be.

``floor_page``: Flask, a 6 kB Jinja page and one ORM read on SQLite. ``write_floor``: one
transaction in Core statements that reads a head, inserts three hash-chained events, updates
two rows and inserts one outbox row. Its statements are made once, as whoever cares for speed
does: made anew for each transaction they take half of its time, and what is held against the
floor looks twice as good as it is. So it costs 3.4 times the same in the driver alone (3.7 where
the goals were set; made anew 6.7).
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, render_template_string
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

_ROW = "<tr><td>{{ loop.index }}</td><td>{{ item.title }}</td><td>{{ item.text }}</td></tr>"
_PAGE = (
    "<!doctype html><html><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1>"
    "<table>{% for item in items %}" + _ROW + "{% endfor %}</table></body></html>"
)


class _Base(DeclarativeBase):
    pass


class _Thing(_Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]


def copy_and_hash(source: Path, folder: Path) -> Callable[[], None]:
    """Copy a file in pieces of 1 MiB to a new one, hash it on the way, and have it survive.

    Each copy stays: memory that another copy has just left is far cheaper than new memory.
    """
    count = iter(range(10**9))

    def run() -> None:
        digest = hashlib.sha256()
        target = folder / f"copy{next(count)}"
        with source.open("rb") as read, target.open("wb", buffering=0) as write:
            while piece := read.read(1024 * 1024):
                write.write(piece)
                digest.update(piece)
            os.fsync(write.fileno())
        assert len(digest.hexdigest()) == 64

    return run


def floor_page(folder: Path) -> Callable[[], None]:
    """A request to the floor page; call it as often as wanted."""
    engine = sa.create_engine(f"sqlite:///{folder / 'floor.sqlite3'}")
    _Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(_Thing(title=f"Thing {n}", text="lorem ipsum " * 3) for n in range(100))
        session.commit()
    app = Flask("floor")

    @app.get("/<int:id_>")
    def page(id_: int) -> str:
        with Session(engine) as session:
            thing = session.get(_Thing, id_)
            assert thing is not None
            items = [{"title": thing.title, "text": "x" * 60} for _ in range(50)]
            return render_template_string(_PAGE, title=thing.title, items=items)

    client = app.test_client()

    def run() -> None:
        response = client.get("/7")
        assert 5_000 < len(response.data) < 7_500, len(response.data)

    return run


def write_floor(url: str) -> Callable[[], None]:
    """One transaction of the Core write floor on a database."""
    engine = sa.create_engine(_driven(url))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _pragmas)
        sa.event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    tables = _write_tables()
    tables.metadata.drop_all(engine)
    tables.metadata.create_all(engine)
    with engine.begin() as conn:
        conn.execute(sa.insert(tables.head), {"id": 1, "seq": 0, "hash": "0" * 64})
        conn.execute(sa.insert(tables.row), [{"id": 1, "n": 0}, {"id": 2, "n": 0}])

    def run() -> None:
        with engine.begin() as conn:
            _one_transaction(conn, tables)

    return run


def _driven(url: str) -> sa.URL:
    found = sa.make_url(url)
    is_sqlite = found.get_backend_name() == "sqlite"
    return found if is_sqlite else found.set(drivername="postgresql+psycopg")


class _Tables:
    """The tables of the write floor, and its statements."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.metadata = metadata
        self.head = sa.Table(
            "floor_head", metadata, sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("seq", sa.Integer), sa.Column("hash", sa.String),
        )  # fmt: skip
        self.event = sa.Table(
            "floor_event", metadata, sa.Column("log", sa.Integer, primary_key=True),
            sa.Column("seq", sa.Integer, primary_key=True), sa.Column("hash", sa.String),
            sa.Column("body", sa.Text),
        )  # fmt: skip
        self.row = sa.Table(
            "floor_row", metadata, sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("n", sa.Integer),
        )  # fmt: skip
        self.out = sa.Table(
            "floor_out", metadata, sa.Column("id", sa.String, primary_key=True),
            sa.Column("kind", sa.String),
        )  # fmt: skip
        its: sa.BindParameter[int] = sa.bindparam("its")
        self.read_head = sa.select(self.head).where(self.head.c.id == its).with_for_update()
        self.move_head = sa.update(self.head).where(self.head.c.id == its).values(
            seq=sa.bindparam("new_seq"), hash=sa.bindparam("new_hash")
        )  # fmt: skip
        self.change_row = (
            sa.update(self.row).where(self.row.c.id == its).values(n=sa.bindparam("new_n"))
        )
        self.add_events, self.add_out = sa.insert(self.event), sa.insert(self.out)


def _write_tables() -> _Tables:
    return _Tables(sa.MetaData())


def _one_transaction(conn: sa.Connection, t: _Tables) -> None:
    head = conn.execute(t.read_head, {"its": 1}).one()
    seq, prev, events = head.seq, head.hash, []
    for _ in range(3):
        seq += 1
        body = json.dumps(_event(seq, prev), sort_keys=True, separators=(",", ":"))
        prev = hashlib.sha256(body.encode()).hexdigest()
        events.append({"log": 1, "seq": seq, "hash": prev, "body": body})
    conn.execute(t.add_events, events)
    conn.execute(t.move_head, {"its": 1, "new_seq": seq, "new_hash": prev})
    conn.execute(t.change_row, {"its": 2, "new_n": seq})
    conn.execute(t.add_out, {"id": str(uuid.uuid4()), "kind": "mail"})


def _event(seq: int, prev: str) -> dict[str, Any]:
    return {
        "v": 1, "log": "0192f0aa-7b7e-7cc3-98f2-000000000001", "seq": seq, "prev": prev,
        "at": datetime.now(UTC).isoformat(), "type": "approval.approved",
        "actor": {"kind": "participant", "ref": "p3", "auth": "link"},
        "data": {"task": "t7", "outcome": "approved", "link": "9f2b11aa", "text": "x" * 100},
    }  # fmt: skip


def _pragmas(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def nothing() -> None:
    """A job that does nothing."""


def enqueue_many(redis_url: str, count: int) -> Callable[[], None]:
    """So many jobs enqueued by RQ in one go, and forgotten again."""
    from redis import Redis
    from rq import Queue
    from rq.serializers import JSONSerializer

    connection = Redis.from_url(redis_url)
    queue = Queue("bench", connection=connection, serializer=JSONSerializer)

    def run() -> None:
        queue.enqueue_many([Queue.prepare_data(nothing, args=(n,)) for n in range(count)])
        connection.flushdb()

    return run


def table_pdf(rows: int) -> Callable[[], None]:
    """A bare table of six columns with fixed widths, set by WeasyPrint: one row an event."""
    from weasyprint import HTML

    cells = "<td>{}</td><td>2026-11-23 09:00:00</td><td>approval.approved</td><td>Vera Vendor</td>"
    cells += "<td>approved the papers of the supplier and went on</td><td>{}</td>"
    body = "".join(
        f"<tr>{cells.format(n, hashlib.sha256(b'x').hexdigest())}</tr>" for n in range(rows)
    )
    head = f"<thead><tr>{'<th>Column</th>' * 6}</tr></thead>"
    text = f"<style>{_TABLE_CSS}</style><table>{head}{body}</table>"

    def run() -> None:
        made = HTML(string=text).write_pdf()
        assert made is not None
        assert made.startswith(b"%PDF")

    return run


_TABLE_CSS = """
table { table-layout: fixed; width: 100%; border-collapse: collapse; font-size: 8pt }
th, td { border: 1px solid #888; overflow-wrap: anywhere }
@page { @bottom-right { content: counter(page) " of " counter(pages) } }
"""
