"""The running processes of a definition that are on another version than the one asked for."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import DefinitionRow, Process, sights, trees
from portal.readings import lists, spoken

Row = sa.Row[*tuple[Any, ...]]


def elsewhere(
    conn: Connection, key: str, version: int, *, after: str | None = None, limit: int
) -> Sequence[Row]:
    """Those that run on other versions, by their ids: id, title, reference, version, waiting."""
    if not _has_others(conn, key, version):
        return ()
    query = (
        sa.select(
            *(Process.id, Process.title, Process.reference, Process.version, Process.waiting),
            *(Process.state, Process.definition_id),
        )
        .where(*_elsewhere(key, version))
        .order_by(Process.id)
        .limit(limit)
    )
    query = sights.only_seen(query)
    return conn.execute(query.where(Process.id > after) if after else query).all()


def of_ids(conn: Connection, ids: Sequence[str]) -> dict[str, Row]:
    """What these processes are called, by id."""
    query = sa.select(Process.id, Process.title, Process.reference, Process.version)
    query = sights.only_seen(query.where(Process.id.in_(ids)))
    return {row.id: row for row in conn.execute(query)}


def count_elsewhere(conn: Connection, key: str, version: int) -> int:
    """How many run on other versions, ``lists.MOST`` at the most; of a first version none do.

    All that run are walked for it, which is why a definition of one version is not asked about.
    """
    if not _has_others(conn, key, version):
        return 0
    query = sa.select(Process.id).where(*_elsewhere(key, version))
    return lists.count(conn, sights.only_seen(query))


def _has_others(conn: Connection, key: str, version: int) -> bool:
    others = sa.select(DefinitionRow.version).where(
        DefinitionRow.key == key, DefinitionRow.version != version
    )
    return conn.execute(others.limit(1)).first() is not None


def _elsewhere(key: str, version: int) -> tuple[sa.ColumnElement[bool], ...]:
    return Process.key == key, Process.state == "running", Process.version != version


def step_names(conn: Connection, definition_ids: Sequence[str]) -> dict[str, str]:
    """What steps are called in these versions, by their ids."""
    known = trees.trees(conn, definition_ids)
    return {
        step.id: spoken.filled(step.name)
        for id_ in reversed(definition_ids)
        if id_ in known
        for step in known[id_].all_steps()
    }
