"""Moving the running processes of a definition to a version of it, many at a time."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import fleets as verbs
from portal.errors import Faulty
from portal.readings import catalogue, fleets
from portal.web.staff.door import doors, me

AT_ONCE = 50


@doors.get("/definitions/<key>/move")
def move_many_page(key: str) -> ResponseReturnValue:
    """What moving each of them would do, or why it can't be; ``?version=`` and ``?after=``."""
    return _preview(key, request.args.get("version", ""), request.args.get("after", ""))


@doors.post("/definitions/<key>/move")
def move_many(key: str) -> ResponseReturnValue:
    """Move those that are ticked, and tell what became of each."""
    form = request.form
    version, ids = form.get("version", ""), form.getlist("process")
    if not ids:
        fault = Faulty.one("process", "Tick at least one process.")
        return _preview(key, version, form.get("after", ""), fault)
    try:
        results = verbs.migrate(key, version, form.get("reason", ""), ids, actor=me())
    except Faulty as fault:
        return _preview(key, version, form.get("after", ""), fault)
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
        named = fleets.of_ids(conn, ids)
        left = fleets.count_elsewhere(conn, key, int(version))
    return render_template(
        "staff/moved_many.html", row=row, version=version, results=results, named=named, left=left
    )


def _preview(
    key: str, version: str, after: str, fault: Faulty | None = None
) -> ResponseReturnValue:
    with db.reading() as conn:
        current = catalogue.definition(conn, key, None)
        versions = [one.version for one in catalogue.versions(conn, key)]
        wanted = int(version) if version in map(str, versions) else current.version
        rows = fleets.elsewhere(conn, key, wanted, after=after or None, limit=AT_ONCE + 1)
        target = catalogue.definition(conn, key, wanted)
        ids = dict.fromkeys([target.id, *(one.definition_id for one in rows)])
        names = fleets.step_names(conn, list(ids))
    shown = rows[:AT_ONCE]
    page = render_template(
        "staff/move_many.html",
        row=current,
        version=wanted,
        versions=versions,
        lines=_lines(key, wanted, shown),
        names=names,
        after=after,
        following=shown[-1].id if len(rows) > AT_ONCE else None,
        faults={one.at: one.message for one in fault.faults} if fault else {},
        typed=request.form,
    )
    return page, 422 if fault else 200


def _lines(key: str, version: int, rows: Sequence[Any]) -> list[tuple[Any, verbs.Result]]:
    """Each process with what moving it would do."""
    ids = [row.id for row in rows]
    if not ids or me().role == "auditor":
        return [(row, verbs.Result(row.id, None, "Auditors change nothing.")) for row in rows]
    return list(zip(rows, verbs.look(key, version, ids, actor=me()), strict=True))
