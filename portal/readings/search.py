"""Finding processes by the words in them: newest first, or as a part of another list.

Each word has to stand somewhere in a document, in any order; one of three letters or more may be
the beginning of a word. Nothing that is typed is a syntax: what is no letter or digit separates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import wrong_cursor
from portal.models import Process, SearchDocument, User, sights
from portal.models.people import Team
from portal.models.searching import PREFIX_FROM, VECTOR, folded
from portal.prepared import prepared

MOST = 1001  # of more matches than this nobody keeps the ids: they are met soon on any way
_MOST_WORDS = 10
_ROUNDS = 8  # how often more is read where many documents are of one process
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A process that was found, and the places of the document that hold the words."""

    process: Row
    told: dict[str, str]
    part: str


@dataclass(frozen=True, slots=True)
class Results:
    """Some of what was found, newest first, and the cursor of the next (``None`` at the end)."""

    items: Sequence[Found]
    next: str | None


def words_of(q: str) -> list[str]:
    """What is looked for, each word once; empty where nothing but punctuation was typed."""
    return list(dict.fromkeys(folded(q)))[:_MOST_WORDS]


def processes(conn: Connection, q: str, *, cursor: str | None = None, limit: int = 25) -> Results:
    """The processes that hold all words, newest first. Faulty at ``cursor``."""
    wanted, before = words_of(q), _before(cursor)
    if not wanted:
        return Results([], None)
    found: dict[str, Any] = {}
    at = before
    for _ in range(_ROUNDS):
        rows = _newest(conn, wanted, at, limit + 1)
        earlier = _shown_before(conn, wanted, rows, before)
        for row in rows:
            if row.id not in earlier:
                found.setdefault(row.id, row)
        if len(rows) <= limit or len(found) > limit:
            break
        at = rows[-1].n
    some = list(found.values())
    is_more = len(some) > limit
    items = [Found(row, _places(row, wanted), row.part) for row in some[:limit]]
    return Results(items, str(some[limit - 1].n) if is_more else None)


def not_yet(conn: Connection) -> int:
    """How many processes nothing is found of yet, looking at ``MOST`` at the most."""
    has_none = ~sa.exists().where(
        SearchDocument.process_id == Process.id, SearchDocument.part == ""
    )
    few = sa.select(sa.literal(1)).select_from(Process).where(has_none).limit(MOST).subquery()
    return int(conn.execute(sa.select(sa.func.count()).select_from(few)).scalar_one())


def within(conn: Connection, q: str) -> sa.ColumnElement[bool]:
    """The condition on ``Process`` that all words stand in one of its documents.

    Where few match they are named; where many do, each row of the list is looked at in turn.
    """
    wanted = words_of(q)
    if not wanted:
        return sa.false()
    match = _match(conn, wanted)
    if _are_few(conn, match):
        held = _held(conn.dialect.name, match)
        documents = sa.select(SearchDocument.process_id).where(SearchDocument.n.in_(held))
        return Process.id.in_(documents)
    return sa.exists().where(SearchDocument.process_id == Process.id, *_each_row(wanted))


# The index

_SQLITE = sa.table("search_index", sa.column("rowid", sa.Integer))
_SHOWN = (
    *(Process.id, Process.title, Process.reference, Process.state, Process.key),
    *(Process.definition_id, Process.ended_at, Process.waiting, Process.n_troubles),
    *(Process.due_at, Process.started_at),
    sa.func.coalesce(User.name, Team.name).label("owner_name"),
    *(SearchDocument.n, SearchDocument.part, SearchDocument.told, SearchDocument.words),
)
_RESULTS = (
    sa.select(*_SHOWN)
    .join(Process, Process.id == SearchDocument.process_id)
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
    .order_by(SearchDocument.n.desc())
)
_MATCH = sa.bindparam("match", type_=sa.String())
_BEFORE = sa.bindparam("before", type_=sa.BigInteger())
_LIMIT = sa.bindparam("limit", type_=sa.Integer())
_NEWER_THAN_ALL = 2**62


def _matching(dialect: str, match: Any) -> "sa.Select[Any]":
    """The numbers of the documents that the index finds."""
    if dialect == "sqlite":
        return sa.select(_SQLITE.c.rowid).where(
            sa.literal_column("search_index").op("MATCH")(match)
        )
    query = sa.func.to_tsquery(sa.literal_column("'simple'"), match)
    return sa.select(SearchDocument.n).where(sa.literal_column(f"({VECTOR})").op("@@")(query))


def _held(dialect: str, match: Any) -> "sa.Select[Any]":
    """The same, all of it first: PostgreSQL else makes the words of row after row anew."""
    if dialect == "sqlite":
        return _matching(dialect, match)
    return sa.select(_matching(dialect, match).cte("hits").prefix_with("MATERIALIZED").c.n)


# SQLite's index walks its rows from the newest on by itself, and ends with the page.
_SOME = _matching("sqlite", _MATCH).where(_SQLITE.c.rowid < _BEFORE)
_SOME = _SOME.order_by(_SQLITE.c.rowid.desc()).limit(_LIMIT)
_NEWEST = prepared(
    {
        "sqlite": _RESULTS.where(SearchDocument.n.in_(_SOME)),
        "postgresql": _RESULTS.where(
            SearchDocument.n.in_(_held("postgresql", _MATCH)), SearchDocument.n < _BEFORE
        ).limit(_LIMIT),
    }
)


def _how_many(dialect: str) -> sa.Executable:
    some = _matching(dialect, _MATCH).limit(_LIMIT).subquery()
    return sa.select(sa.func.count().label("n")).select_from(some)


_HOW_MANY = prepared({name: _how_many(name) for name in ("sqlite", "postgresql")})


def _match(conn: Connection, wanted: Sequence[str]) -> str:
    """The words as the index of this database takes them."""
    if conn.dialect.name == "sqlite":
        return " AND ".join(f'"{word}"{"*" if _is_prefix(word) else ""}' for word in wanted)
    return " & ".join(f"{word}{':*' if _is_prefix(word) else ''}" for word in wanted)


def _are_few(conn: Connection, match: str) -> bool:
    counted = _HOW_MANY.first(conn, {"match": match, "limit": MOST})
    return int(counted.n) < MOST


def _newest(conn: Connection, wanted: Sequence[str], before: int | None, limit: int) -> list[Any]:
    """The newest documents that match, older than ``before``, each with its process."""
    match, upto = _match(conn, wanted), _NEWER_THAN_ALL if before is None else before
    if sights.hidden():
        return _newest_seen(conn, match, upto, limit)
    if conn.dialect.name == "sqlite" or _are_few(conn, match):
        return _NEWEST.all(conn, {"match": match, "before": upto, "limit": limit})
    results = _RESULTS.where(*_each_row(wanted), SearchDocument.n < upto)
    return list(conn.execute(results.limit(limit)))


def _newest_seen(conn: Connection, match: str, upto: int, limit: int) -> list[Any]:
    """The same for whoever may not see all: the index's own limit would count what is hidden."""
    held = _held(conn.dialect.name, match)
    results = _RESULTS.where(SearchDocument.n.in_(held), SearchDocument.n < upto)
    return list(conn.execute(sights.only_seen(results).limit(limit)))


def _each_row(wanted: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """That a document holds the words, without the index: where many match, a page is soon full."""
    text = sa.cast(SearchDocument.words, sa.Text)
    return [text.like(f"%{_spelled(word)}%") for word in wanted]


def _spelled(word: str) -> str:
    """A word as it stands among those of a place."""
    return f" {word}" if _is_prefix(word) else f" {word} "


def _is_prefix(word: str) -> bool:
    return len(word) >= PREFIX_FROM


def _shown_before(
    conn: Connection, wanted: Sequence[str], rows: Sequence[Row], before: int | None
) -> set[str]:
    """Of these processes those that a newer document of theirs has brought onto an earlier page."""
    if before is None:
        return set()
    several = [row.id for row in rows]
    newer = sa.select(SearchDocument.process_id).where(
        SearchDocument.process_id.in_(several), SearchDocument.n >= before, *_each_row(wanted)
    )
    return set(conn.execute(newer).scalars())


def _places(row: Row, wanted: Sequence[str]) -> dict[str, str]:
    """The places of a document that hold any of the words."""
    spelled = [_spelled(word) for word in wanted]
    held = (place for place, text in row.words.items() if text and any(w in text for w in spelled))
    return {place: row.told[place] for place in held}


def has_all(text: str, wanted: Sequence[str]) -> bool:
    """Whether every one of the words stands in the text."""
    held = folded(text)
    return all(any(is_hit(word, (one,)) for word in held) for one in wanted)


def is_hit(word: str, wanted: Sequence[str]) -> bool:
    """Whether a folded word is one that is looked for."""
    return any(word.startswith(one) if _is_prefix(one) else word == one for one in wanted)


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 19:
        return int(cursor)
    raise wrong_cursor()
