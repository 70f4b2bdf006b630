"""Many at once: processes started from a sheet, and what is done to those ticked in a list."""

from collections.abc import Sequence
from typing import Any

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import batches as verbs
from portal.actions import launches, selections
from portal.definition import columns
from portal.definition.text import Text
from portal.definition.tree import Document
from portal.errors import Faulty
from portal.readings import batches, catalogue, lists, trees
from portal.web import arrivals, spreadsheets
from portal.web.staff import packs
from portal.web.staff.door import doors, me, require_own_form, said, settings
from portal.web.staff.filters import process_filters

ROWS_AT_ONCE = 100
_SHEET = Document(id="file", name=Text("Sheet"), max_size=spreadsheets.LARGEST)


@doors.get("/batches")
def list_batches() -> ResponseReturnValue:
    """Those of mine that are newest; of everybody's for an admin."""
    with db.reading() as conn:
        found = batches.recent(conn, _whose())
    return render_template("staff/batches.html", found=found, kinds=batches.KINDS)


@doors.post("/batches")
def draft_batch() -> ResponseReturnValue:
    """Put before me what was ticked in a list, or all that the list's filters find."""
    form = request.form
    ids: Sequence[str] = form.getlist("process")
    if form.get("all"):
        with db.reading() as conn:
            filters = process_filters(form)
            most = packs.MOST if form.get("what") == packs.KIND else selections.MOST
            ids = lists.process_ids(conn, filters, clock.now(), most + 1)
    if form.get("what") == packs.KIND:
        return packs.drafted(ids)
    batch_id = selections.plan(form.get("what", ""), ids, actor=me())
    return redirect(f"/batches/{batch_id}", 303)


@doors.get("/processes/new/<key>/many")
def launch_page(key: str) -> ResponseReturnValue:
    """Which columns a sheet of starts has, and where to send it."""
    return _launch_page(key, None)


@doors.get("/processes/new/<key>/many.csv")
def launch_sheet(key: str) -> ResponseReturnValue:
    """An empty sheet with the right head."""
    with db.reading() as conn:
        tree = trees.of_source(catalogue.definition(conn, key, None).source)
    head = ",".join(column.name for column in columns.columns(tree))
    headers = {"Content-Disposition": f'attachment; filename="start-{key}.csv"'}
    return Response(f"\ufeff{head}\r\n", mimetype="text/csv", headers=headers)


@doors.post("/processes/new/<key>/many")
def draft_launch(key: str) -> ResponseReturnValue:
    """Read the sheet and put every row before me, with what is wrong with it."""
    arrivals.expect(request, [_SHEET])
    require_own_form()
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Faulty.one("file", "Choose a file.")
        if getattr(sent.stream, "is_too_large", False):
            raise Faulty.one("file", f"Use a file up to {spreadsheets.LARGEST // 1_000_000} MB.")
        sheet = spreadsheets.rows(sent.stream.read(), verbs.MOST)
        batch_id = launches.plan(key, sent.filename, sheet, actor=me())
    except Faulty as fault:
        return _launch_page(key, fault)
    return redirect(f"/batches/{batch_id}", 303)


@doors.get("/batches/<batch_id>")
def batch(batch_id: str) -> ResponseReturnValue:
    """What would be done, how far it is, or what became of it."""
    return _page(batch_id, None)


@doors.get("/batches/<batch_id>/progress")
def batch_progress(batch_id: str) -> ResponseReturnValue:
    """How far it is, for the page to tell while one looks at it."""
    with db.reading() as conn:
        found = batches.batch(conn, batch_id, _whose())
        tally = batches.tally(conn, batch_id)
    return {"state": found.state, "through": tally.through, "total": tally.total}


@doors.get("/batches/<batch_id>/result.csv")
def batch_result(batch_id: str) -> ResponseReturnValue:
    """What became of each row, as a table."""
    with db.reading() as conn:
        found = batches.batch(conn, batch_id, _whose())
        text = batches.as_csv(conn, found, settings().base_url)
    headers = {"Content-Disposition": f'attachment; filename="result-{batch_id[-12:]}.csv"'}
    return Response(f"\ufeff{text}", mimetype="text/csv", headers=headers)


@doors.post("/batches/<batch_id>/begin")
def begin_batch(batch_id: str) -> ResponseReturnValue:
    """Have it done."""
    form = request.form
    ticked = {int(n) for n in form.getlist("row") if n.isascii() and n.isdigit() and len(n) < 8}
    to = {name: form.get(name, "").strip() for name in ("email", "name")}
    try:
        verbs.begin(
            batch_id,
            reason=form.get("reason"),
            to=to,
            only=ticked if form.get("_ticks") else None,
            actor=me(),
        )
    except Faulty as fault:
        return _page(batch_id, fault)
    return redirect(f"/batches/{batch_id}", 303)


@doors.post("/batches/<batch_id>/stop")
def stop_batch(batch_id: str) -> ResponseReturnValue:
    """Do no further row; a draft is put away."""
    if verbs.stop(batch_id, actor=me()):
        said("Stopped. What was done before stays done.")
    return redirect(f"/batches/{batch_id}", 303)


def _page(batch_id: str, fault: Faulty | None) -> ResponseReturnValue:
    with db.reading() as conn:
        found = batches.batch(conn, batch_id, _whose())
        tally = batches.tally(conn, batch_id)
        shown = _shown(conn, found)
    is_draft = found.state == "draft"
    page = render_template(
        "staff/batch_draft.html" if is_draft else "staff/batch.html",
        batch=found,
        tally=tally,
        kinds=batches.KINDS,
        most=ROWS_AT_ONCE,
        faults={one.at: one.message for one in fault.faults} if fault else {},
        typed=request.form,
        **shown,
    )
    return page, 422 if fault else 200


def _shown(conn: Any, found: Any) -> dict[str, Any]:
    """The rows that the page has: those with faults apart, the others by the hundred."""
    after = request.args.get("after", "")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 8 else -1
    # What may be unticked is shown whole, for what a page does not show it can't send.
    is_ticked = found.state == "draft" and found.kind != "start"
    many = selections.MOST if is_ticked else ROWS_AT_ONCE
    faulty = batches.rows(conn, found.id, "faulty", "refused", limit=ROWS_AT_ONCE)
    states = ("ready",) if found.state == "draft" else ("ready", "done", "left")
    rows = batches.rows(conn, found.id, *states, after=place, limit=many + 1)
    following = rows[many - 1].n if len(rows) > many else None
    return {"faulty": faulty, "rows": rows[:many], "following": following}


def _launch_page(key: str, fault: Faulty | None) -> ResponseReturnValue:
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
    tree = trees.of_source(row.source)
    page = render_template(
        "staff/launch.html",
        row=row,
        columns=columns.columns(tree),
        unfit=columns.unfit(tree),
        most=verbs.MOST,
        faults=[one.message for one in fault.faults] if fault else [],
    )
    return page, 422 if fault else 200


def _whose() -> str | None:
    """Whose batches are mine to see: an admin and an auditor see everybody's."""
    return None if me().role in ("admin", "auditor") else me().user_id
