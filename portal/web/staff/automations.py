"""The inventory: everything that happens by itself, with who answers for it."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.readings import automations
from portal.web.staff.door import doors


@doors.get("/automations")
def list_automations() -> ResponseReturnValue:
    """All of them; ``?owner=`` and ``?kind=`` take some."""
    every = _every()
    asked = {name: request.args.get(name, "") for name in ("owner", "kind")}
    return render_template(
        "staff/automations.html",
        found=automations.chosen(every, **asked),
        owners=sorted({one.owner for one in every if one.owner}),
        kinds={kind: name for kind, name in automations.KINDS.items() if _has(every, kind)},
        asked=asked,
        is_any=bool(every),
    )


@doors.get("/automations.csv")
def automations_as_csv() -> ResponseReturnValue:
    """The same rows as a table for other tools."""
    asked = {name: request.args.get(name, "") for name in ("owner", "kind")}
    text = automations.as_csv(automations.chosen(_every(), **asked))
    headers = {"Content-Disposition": 'attachment; filename="automations.csv"'}
    # The mark at its head has spreadsheets read it as UTF-8.
    return Response(f"\ufeff{text}", mimetype="text/csv", headers=headers)


def _every() -> list[automations.Automation]:
    with db.reading() as conn:
        return automations.of_all(conn)


def _has(found: list[automations.Automation], kind: str) -> bool:
    return any(one.kind == kind for one in found)
