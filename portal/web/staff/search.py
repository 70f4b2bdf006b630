"""Finding: a page of results, and the same few of them as one types."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from portal import db
from portal.readings import house, lists, search, snippets, trees
from portal.web.staff.door import doors, me, status_of

AT_ONCE = 25
AS_ONE_TYPES, _MOST_BESIDE = 8, 5
LONGEST = 200


class Line(NamedTuple):
    """A process that was found, as its row tells it."""

    id: str
    title: snippets.Marked
    reference: snippets.Marked
    status: str
    owner: str
    is_stuck: bool
    snippets: Sequence[snippets.Snippet]


class Beside(NamedTuple):
    """A definition or a colleague whose name holds the words."""

    name: str
    note: str
    href: str


@doors.get("/search")
def find() -> ResponseReturnValue:
    """Whatever holds all the words, the newest process first."""
    q = request.args.get("q", "").strip()[:LONGEST]
    cursor = request.args.get("cursor")
    with db.reading() as conn:
        found = search.processes(conn, q, cursor=cursor, limit=AT_ONCE)
        lines = _lines(conn, found.items, search.words_of(q))
        beside = _beside(conn, search.words_of(q)) if cursor is None else []
    return render_template(
        "staff/search.html", q=q, page=found, lines=lines, beside=beside, asked={"q": q}
    )


@doors.get("/search.json")
def suggest() -> ResponseReturnValue:
    """The first few of the same, for whoever is still typing."""
    q = request.args.get("q", "").strip()[:LONGEST]
    with db.reading() as conn:
        found = search.processes(conn, q, limit=AS_ONE_TYPES)
        beside = _beside(conn, search.words_of(q))
    items = [
        {"name": one.process.title, "note": status_of(one.process), "href": _at(one.process.id)}
        for one in found.items
    ]
    return jsonify(items=[*items, *(one._asdict() for one in beside)], more=found.next is not None)


def _lines(conn: Connection, items: Sequence[search.Found], wanted: list[str]) -> list[Line]:
    known = trees.trees(conn, {one.process.definition_id for one in items}) if items else {}
    return [_line(one, known.get(one.process.definition_id), wanted) for one in items]


def _line(one: search.Found, tree: Any, wanted: list[str]) -> Line:
    row = one.process
    return Line(
        row.id,
        snippets.marked(row.title, wanted),
        snippets.marked(row.reference or "", wanted),
        status_of(row),
        row.owner_name or "",
        bool(row.n_troubles),
        snippets.of_found(one, tree, wanted),
    )


def _beside(conn: Connection, wanted: list[str]) -> list[Beside]:
    """Definitions and colleagues whose names hold all the words."""
    if not wanted:
        return []
    definitions = [
        Beside(row.name, "Definition", f"/definitions/{row.key}")
        for row in lists.definition_names(conn)
        if search.has_all(f"{row.name} {row.key}", wanted)
    ]
    sees_people = me().role in ("admin", "auditor")
    people = [
        Beside(
            one.name,
            "Colleague" if sees_people else "What they own",
            f"/people/{one.id}" if sees_people else f"/processes?{urlencode({'owner': one.email})}",
        )
        for one in house.colleagues(conn)
        if one.is_active and search.has_all(f"{one.name} {one.email}", wanted)
    ]
    return definitions[:_MOST_BESIDE] + people[:_MOST_BESIDE]


def _at(process_id: str) -> str:
    return f"/processes/{process_id}"
