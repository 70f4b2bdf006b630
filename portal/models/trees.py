"""Published definitions as trees, parsed once in a process: a version never changes."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition import load
from portal.definition.tree import Definition
from portal.errors import Unknown
from portal.models.definitions import DefinitionRow

_MOST = 500
_parsed: dict[str, Definition] = {}
_ids: dict[str, str] = {}  # of versions, by their digests


def tree(conn: Connection, definition_id: str) -> Definition:
    """The tree of one version; Unknown if there is none. No statement where it is known."""
    found = trees(conn, (definition_id,))
    if definition_id not in found:
        raise Unknown("There is no such definition.")
    return found[definition_id]


def trees(conn: Connection, ids: Iterable[str]) -> dict[str, Definition]:
    """The trees of several versions by id, in one statement at the most."""
    wanted = set(ids)
    missing = wanted - _parsed.keys()
    if missing:
        query = sa.select(DefinitionRow.id, DefinitionRow.source)
        for row in conn.execute(query.where(DefinitionRow.id.in_(missing))):
            _keep(row.id, of_source(row.source))
    return {id_: known for id_ in wanted if (known := _parsed.get(id_)) is not None}


def by_digest(conn: Connection, digest: str) -> Definition | None:
    """The tree of a version by what ledgers call it; ``None`` if there is none.

    No statement where it is known: whoever goes through the ledgers asks for each of them.
    """
    known = _parsed.get(_ids.get(digest, ""))
    if known is not None:
        return known
    query = sa.select(DefinitionRow.id).where(DefinitionRow.digest == digest).limit(1)
    found = conn.execute(query).scalar()
    if found is None:
        return None
    if len(_ids) >= _MOST:
        _ids.clear()
    _ids[digest] = found
    return tree(conn, found)


def forget(definition_id: str) -> None:
    """Parse a text anew when it is next asked for: of one process alone, it lost its words."""
    _parsed.pop(definition_id, None)


def of_source(source: str) -> Definition:
    """The tree of a text that was published once, kept parsed."""
    return load.stored(source)


def _keep(definition_id: str, parsed: Definition) -> None:
    if len(_parsed) >= _MOST:
        _parsed.clear()
    _parsed[definition_id] = parsed
