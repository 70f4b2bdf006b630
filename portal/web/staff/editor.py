"""The editor of definitions: what the text would become, and what may be written at the caret.

Both are asked by POST because of the length of a text; neither changes anything.
"""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import db
from portal.actions import definitions as actions
from portal.definition import diagram, load
from portal.definition.completing import complete
from portal.definition.differences import changes, lines
from portal.definition.tree import Definition
from portal.errors import Faulty, PortalError
from portal.readings import catalogue, fleets, forecast, foretold, spoken, trees
from portal.web.staff.door import doors, house_zone, me

LARGEST = 512_000  # letters


@doors.post("/definitions/look")
def look_at_definition() -> ResponseReturnValue:
    """What a text that is being written would become, as a part of the editor's page."""
    return render_template("staff/definition/_look.html", **looked(_sent()))


@doors.post("/definitions/complete")
def complete_definition() -> ResponseReturnValue:
    """What may be written at ``line`` and ``column`` of a text, both counted from 0."""
    place = [request.form.get(name, "") for name in ("line", "column")]
    if not all(one.isascii() and one.isdigit() and len(one) < 8 for one in place):
        raise Faulty.one("line", "Say at which line and column, counted from 0.")
    line, column = (int(one) for one in place)
    found = complete(_sent(), line, column)
    return {
        "items": [{"label": one.label, "insert": one.insert, "detail": one.detail} for one in found]
    }


@doors.get("/definitions/<key>/differences")
def definition_differences(key: str) -> ResponseReturnValue:
    """What is different between two versions: ``?from=`` and ``?to=``, else the newest two."""
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
        versions = [one.version for one in catalogue.versions(conn, key)]
        old, new = _two(versions, row.version)
        before, after = (catalogue.definition(conn, key, one) for one in (old, new))
    return render_template(
        "staff/differences.html",
        row=row,
        versions=versions,
        before=before,
        after=after,
        changes=changes(trees.of_source(before.source), trees.of_source(after.source)),
        lines=lines(before.source, after.source),
    )


def looked(text: str) -> dict[str, Any]:
    """What a page tells of a text: its faults, or what it would become and how it would run."""
    if not text.strip():
        return {"faults": [], "told": None}
    try:
        told = actions.publish(text, dry_run=True, actor=me())
        tree = load.load(text, "definition")
    except Faulty as refusal:
        return {"faults": [_place(one.at, one.message) for one in refusal.faults], "told": None}
    except PortalError as refusal:
        return {"faults": [(None, "", str(refusal))], "told": None}
    return {"faults": [], "told": told, **_as_it_would_be(tree, told)}


def _as_it_would_be(tree: Definition, told: actions.Published) -> dict[str, Any]:
    with db.reading() as conn:
        ahead = forecast.of_start(conn, tree.key, tree)
        running, current = 0, None
        if told.version > 1:
            current = catalogue.definition(conn, tree.key, None)
            running = fleets.count_elsewhere(conn, tree.key, told.version)
    picture = diagram.svg(tree, names=spoken.names(tree))
    before = trees.of_source(current.source) if current is not None and told.is_new else None
    return {
        "tree": tree,
        "picture": Markup(picture),  # noqa: S704 - made here, escaped there
        "ahead": foretold.told(ahead, house_zone()),
        "warnings": [_place(one.at, one.message) for one in told.warnings],
        "running": running,
        "changes": changes(before, tree) if before is not None else [],
    }


def _place(at: str, message: str) -> tuple[int | None, str, str]:
    """A fault's line, its key and its sentence."""
    line, _, key = at.partition(": ")
    said = message.removeprefix("warning: ")
    return (int(line), key, said) if line.isdigit() else (None, at, said)


def _two(versions: list[int], current: int) -> tuple[int, int]:
    """The two versions that are meant; the newest and the one before it where none is."""
    asked = {name: request.args.get(name, "") for name in ("from", "to")}
    known = {str(one): one for one in versions}
    new = known.get(asked["to"], current)
    older = [one for one in versions if one < new]
    return known.get(asked["from"], older[0] if older else new), new


def _sent() -> str:
    text = request.form.get("text", "").replace("\r\n", "\n")
    if len(text) > LARGEST:
        raise Faulty.one("text", "A definition is a text of up to 512 kB.")
    return text
