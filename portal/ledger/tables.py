"""The ledger's tables, and the triggers by which the database itself refuses change.

Nobody but this room writes to them. The columns of an entry beside ``body`` are copies for
querying; what counts is the exact text in ``body``.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where


class Head(Base):
    """The last event of each process: locked first by whoever appends to it.

    ``team_id``, ``owner_id`` and ``definition`` are what the combined timeline filters by; they
    are copied onto every entry. ``anchored`` is the last event that a checkpoint covers,
    and -1 while there are newer ones: whoever adds to news writes no index and, on PostgreSQL,
    the row alone.
    """

    __tablename__ = "ledger_heads"

    log: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]
    at: Mapped[datetime]
    anchored: Mapped[int]
    team_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    definition: Mapped[str | None]


sa.Index("ix_ledger_heads_news", Head.log, **where("anchored < 0"))


class Entry(Base):
    """One event. ``id`` orders all events of the portal: the cursor of the combined timeline.

    ``once`` names what may happen only once in this log; the database holds to it.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        sa.UniqueConstraint("log", "seq", name="ledger_entries_seq"),
        sa.UniqueConstraint("log", "prev", name="ledger_entries_prev"),
        sa.UniqueConstraint("log", "once", name="ledger_entries_once"),
        sa.Index("ix_ledger_entries_team", "team_id", "id", **where("team_id IS NOT NULL")),
        sa.Index("ix_ledger_entries_owner", "owner_id", "id", **where("owner_id IS NOT NULL")),
        sa.Index("ix_ledger_entries_definition", "definition", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    log: Mapped[str]
    seq: Mapped[int]
    prev: Mapped[str]
    hash: Mapped[str]
    at: Mapped[datetime]
    type: Mapped[str]
    version: Mapped[int]
    actor_kind: Mapped[str]
    actor_ref: Mapped[str]
    step: Mapped[str | None]
    task: Mapped[str | None]
    once: Mapped[str | None]
    team_id: Mapped[str | None]
    owner_id: Mapped[str | None]
    definition: Mapped[str | None]
    body: Mapped[str]


class Disclosure(Base):
    """A value behind a commitment, with its salt; ``value`` is canonical JSON.

    Erasure deletes rows here and records ``disclosure.erased``; no hash moves.
    """

    __tablename__ = "ledger_disclosures"

    log: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[bytes]
    value: Mapped[str]


class Checkpoint(Base):
    """A signed statement of the site tree's size and root at a time (a C2SP signed note)."""

    __tablename__ = "ledger_checkpoints"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str]
    public_key: Mapped[str]


class Leaf(Base):
    """A leaf of the site tree, ``place`` from 0: this log had this event last at that time."""

    __tablename__ = "ledger_leaves"
    __table_args__ = (sa.UniqueConstraint("log", "seq", name="ledger_leaves_head"),)

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    log: Mapped[str]
    seq: Mapped[int]


class Node(Base):
    """The hash of a complete subtree of 2^level leaves, so that a proof reads few rows."""

    __tablename__ = "ledger_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes]


class Outgoing(Base):
    """An effect owed to the outside world: kind and ids only, no address and no token.

    ``state`` is ``pending``, ``done`` or ``dead``. A pending row may be taken from ``due_at`` on;
    taking it moves ``due_at`` to the end of the lease and adds one to ``fence``, and only the
    holder of the latest fence may settle it.
    """

    __tablename__ = "outgoing"
    __table_args__ = (
        sa.UniqueConstraint("once", name="outgoing_once"),
        sa.CheckConstraint("state in ('pending','done','dead')", name="outgoing_state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str | None]
    kind: Mapped[str]
    ref: Mapped[dict[str, Any]]
    once: Mapped[str]
    state: Mapped[str]
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    fence: Mapped[int]
    attempts: Mapped[int]
    error: Mapped[str | None]
    ended_at: Mapped[datetime | None]


sa.Index("ix_outgoing_pending", Outgoing.due_at, Outgoing.id,
         sqlite_where=Outgoing.state == "pending",
         postgresql_where=Outgoing.state == "pending")  # fmt: skip

_APPEND_ONLY = ("ledger_entries", "ledger_checkpoints", "ledger_leaves", "ledger_nodes")
_NEVER_UPDATED = (*_APPEND_ONLY, "ledger_disclosures")


def ddl_triggers(dialect: str) -> list[str]:
    """The statements that make the database refuse UPDATE, DELETE and TRUNCATE of the ledger.

    ``dialect``: ``sqlite`` or ``postgresql``. A disclosure may be deleted (erasure), never
    changed. SQLite refuses REPLACE, too. Run once, after the tables are made.
    """
    refused = [(table, "update") for table in _NEVER_UPDATED]
    refused += [(table, "delete") for table in _APPEND_ONLY]
    if dialect == "sqlite":
        guards = [_sqlite_guard(Base.metadata.tables[table]) for table in _NEVER_UPDATED]
        return [*(_sqlite_trigger(table, verb) for table, verb in refused), *guards]
    refused += [(table, "truncate") for table in (*_NEVER_UPDATED, "ledger_heads")]
    return [_POSTGRES_REFUSAL, *(_postgres_trigger(table, verb) for table, verb in refused)]


_POSTGRES_REFUSAL = """\
CREATE OR REPLACE FUNCTION ledger_refuses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the ledger is append-only: % refused', TG_OP; END $$"""


def _sqlite_trigger(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: {verb} refused'); END"
    )


def _sqlite_guard(table: sa.Table) -> str:
    """Refuse whatever is there already, before SQLite looks at its own constraints.

    INSERT OR REPLACE deletes the row in its way, and no trigger on DELETE fires for that.
    """
    keys = [
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, sa.PrimaryKeyConstraint | sa.UniqueConstraint)
    ]
    checks = (_sqlite_check(table.name, key) for key in sorted(keys))
    return (
        f"CREATE TRIGGER {table.name}_no_replace BEFORE INSERT ON {table.name} "
        f"BEGIN {' '.join(checks)} END"
    )


def _sqlite_check(table: str, key: list[str]) -> str:
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    refusal = f"the ledger is append-only: a second {', '.join(key)} refused"
    there = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608 - names of our own alone
    return f"SELECT RAISE(ABORT, '{refusal}') WHERE EXISTS ({there});"


def _postgres_trigger(table: str, verb: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()"
    )
