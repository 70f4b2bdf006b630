"""The flow sheet of a definition: a document to read aloud and to print."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import moves
from portal.readings import catalogue, flowsheet, trees
from portal.web.staff.door import doors


@doors.get("/definitions/<key>/sheet")
def flow_sheet(key: str) -> ResponseReturnValue:
    """One definition as a document; ``?version=`` for an earlier one."""
    wanted = moves.number(request.args.get("version", ""))
    with db.reading() as conn:
        row = catalogue.definition(conn, key, wanted)
    tree = trees.of_source(row.source)
    return render_template(
        "staff/flowsheet.html",
        row=row,
        tree=tree,
        title=flowsheet.title(tree),
        lines=flowsheet.lines(tree),
    )
