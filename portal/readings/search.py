"""Finding processes by the words in them: newest first, or as a part of another list.

Each word has to stand somewhere in a document, in any order; one of three letters or more may be
the beginning of a word. Nothing that is typed is a syntax: what is no letter or digit separates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Faulty
from portal.models import Process, SearchDocument, User
from portal.models.people import Team
from portal.models.searching import PREFIX_FROM, VECTOR, folded

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
    found: dict[str, Row] = {}
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
    items = [Found(row, _places(row.told, wanted), row.part) for row in some[:limit]]
    return Results(items, str(some[limit - 1].n) if is_more else None)


def within(conn: Connection, q: str) -> sa.ColumnElement[bool]:
    """The condition on ``Process`` that all words stand in one of its documents.

    Where few match they are named; where many do, each row of the list is looked at in turn.
    """
    wanted = words_of(q)
    if not wanted:
        return sa.false()
    matching = _matching(conn, wanted)
    few = conn.execute(
        sa.select(sa.func.count()).select_from(matching.limit(MOST).subquery())
    ).scalar_one()
    if few < MOST:
        return Process.id.in_(
            sa.select(SearchDocument.process_id).where(SearchDocument.n.in_(_held(conn, matching)))
        )
    return sa.exists().where(SearchDocument.process_id == Process.id, *_each_row(wanted))


# The index

_SQLITE = sa.table("search_index", sa.column("rowid", sa.Integer))
_DOCUMENT = (SearchDocument.n, SearchDocument.part, SearchDocument.told)
_SHOWN = (
    *(Process.id, Process.title, Process.reference, Process.state, Process.key),
    *(Process.definition_id, Process.ended_at, Process.waiting, Process.n_troubles),
    *(Process.due_at, Process.started_at),
    sa.func.coalesce(User.name, Team.name).label("owner_name"),
)
_RESULTS = (
    sa.select(*_SHOWN, *_DOCUMENT)
    .join(Process, Process.id == SearchDocument.process_id)
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
    .order_by(SearchDocument.n.desc())
)


def _matching(conn: Connection, wanted: Sequence[str]) -> "sa.Select[Any]":
    """The numbers of the documents that hold all words, as the index finds them."""
    if conn.dialect.name == "sqlite":
        match = " AND ".join(f'"{word}"{"*" if _is_prefix(word) else ""}' for word in wanted)
        hit = sa.literal_column("search_index").op("MATCH")(match)
        return sa.select(_SQLITE.c.rowid.label("n")).where(hit)
    match = " & ".join(f"{word}{':*' if _is_prefix(word) else ''}" for word in wanted)
    query = sa.func.to_tsquery(sa.literal_column("'simple'"), match)
    hit = sa.literal_column(f"({VECTOR})").op("@@")(query)
    return sa.select(SearchDocument.n).where(hit)


def _newest(conn: Connection, wanted: Sequence[str], before: int | None, limit: int) -> list[Row]:
    """The newest documents that match, older than ``before``, each with its process."""
    matching = _matching(conn, wanted)
    n = matching.selected_columns[0]
    if conn.dialect.name == "sqlite":
        # The index walks its rows from the newest on by itself, and ends with the page.
        older = matching.where(n < before) if before is not None else matching
        numbers = older.order_by(n.desc()).limit(limit)
        return list(conn.execute(_RESULTS.where(SearchDocument.n.in_(numbers))))
    few = sa.select(sa.func.count()).select_from(matching.limit(MOST).subquery())
    if conn.execute(few).scalar_one() < MOST:
        results = _RESULTS.where(SearchDocument.n.in_(_held(conn, matching)))
    else:
        results = _RESULTS.where(*_each_row(wanted))
    if before is not None:
        results = results.where(SearchDocument.n < before)
    return list(conn.execute(results.limit(limit)))


def _held(conn: Connection, matching: "sa.Select[Any]") -> Any:
    """What the index finds, all of it first: PostgreSQL else makes the words of row after row."""
    if conn.dialect.name == "sqlite":
        return matching
    hits = matching.cte("hits").prefix_with("MATERIALIZED")
    return sa.select(hits.c.n)


def _each_row(wanted: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """That a document holds the words, without the index: where many match, a page is soon full."""
    text = sa.cast(SearchDocument.words, sa.Text)
    return [text.like(f"% {word}{'' if _is_prefix(word) else ' '}%") for word in wanted]


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


def _places(told: dict[str, Any], wanted: Sequence[str]) -> dict[str, str]:
    """The places that hold any of the words."""
    return {place: text for place, text in told.items() if text and has_hit(text, wanted)}


def has_hit(text: str, wanted: Sequence[str]) -> bool:
    """Whether any of the words stands in the text."""
    return any(is_hit(word, wanted) for word in folded(text))


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
    raise Faulty.one("cursor", "This is not a cursor of this list. Take `next` of the page before.")
