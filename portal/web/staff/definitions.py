"""The catalogue: what each definition says, read as a document, and publishing a version."""

import hashlib
from collections.abc import Sequence

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock, db
from portal.actions import definitions as actions
from portal.actions import moves, reviews
from portal.definition import bpmn, diagram, warnings
from portal.definition.text import Text
from portal.definition.tree import Document
from portal.errors import Faulty
from portal.readings import (
    catalogue,
    doubts,
    figures,
    fleets,
    flowsheet,
    forecast,
    foretold,
    lists,
    sights,
    spoken,
    trees,
)
from portal.readings import reviews as readings
from portal.web import arrivals
from portal.web.staff.door import doors, house_zone, me, require_own_form, said
from portal.web.staff.editor import looked
from portal.web.staff.processes import may_manage

# The control of the page, told like a document so that its bytes are let in.
_EXAMPLE = "staff/definition/example.yaml"
_FILE = Document(id="file", name=Text("Definition"), max_size=512_000)


@doors.get("/definitions")
def list_definitions() -> ResponseReturnValue:
    """Every definition in its current version."""
    with db.reading() as conn:
        rows = lists.definitions(conn)
        fares = readings.health(conn, rows, clock.now())
    return render_template("staff/definitions.html", definitions=rows, health=fares)


@doors.get("/definitions/<key>")
def definition(key: str) -> ResponseReturnValue:
    """One definition, read as a document, with its source; ``?version=`` for an earlier one."""
    return show(key)


def show(key: str, *, at: str | None = None, fault: Faulty | None = None) -> ResponseReturnValue:
    """The page of a definition; with a fault in the answer to what was said of it (``at``)."""
    wanted = moves.number(request.args.get("version", ""))
    now = clock.now()
    with db.reading() as conn:
        row = catalogue.definition(conn, key, wanted)
        versions = catalogue.versions(conn, key)
        elsewhere = fleets.count_elsewhere(conn, key, row.version)
        tree = trees.of_source(row.source)
        ahead = forecast.of_start(conn, key, tree) if row.is_current else None
        raised = doubts.of_definition(conn, key)
        fares = figures.since(conn, key, now - figures.LATELY, now, tree)
        seers = sights.of_definition(conn, key) if row.is_restricted else []
    picture = diagram.svg(tree, names=spoken.names(tree), links="#step-")
    page = render_template(
        "staff/definition.html",
        row=row,
        tree=tree,
        lines=flowsheet.lines(tree),
        diagram=Markup(picture),  # noqa: S704 - made here, escaped there
        versions=versions,
        warnings=warnings.of(tree, row.key) if may_manage(row) and row.is_current else [],
        elsewhere=elsewhere,
        ahead=foretold.told(ahead, house_zone()) if ahead else None,
        may_manage=may_manage(row),
        raised=raised,
        seers=seers,
        at=at,
        typed=request.form if fault else {},
        faults={one.at: one.message for one in fault.faults} if fault else {},
        figures=fares,
        fares=figures.lines(fares, tree),
        health=readings.of_figures(row, fares, now),
    )
    return page, 422 if fault else 200


@doors.get("/definitions/<key>/bpmn")
def definition_as_bpmn(key: str) -> ResponseReturnValue:
    """The current version as BPMN 2.0, to be saved."""
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
    headers = {"Content-Disposition": f'attachment; filename="{row.key}-{row.version}.bpmn"'}
    document = bpmn.export(trees.of_source(row.source))
    return Response(document, mimetype="application/xml", headers=headers)


@doors.post("/definitions/<key>/confirm")
def confirm_definition(key: str) -> ResponseReturnValue:
    """Say that the definition still matches reality."""
    reviews.confirm(key, actor=me())
    said("You confirmed it.")
    return redirect(f"/definitions/{key}", 303)


@doors.post("/definitions/<key>/outdated")
def outdate_definition(key: str) -> ResponseReturnValue:
    """Say that the definition no longer matches reality, and what does not."""
    try:
        reviews.outdate(key, request.form.get("note", ""), actor=me())
    except Faulty as refusal:
        return show(key, at="review", fault=refusal)
    said("It is written down. Publish a version that matches, or confirm this one.")
    return redirect(f"/definitions/{key}", 303)


@doors.get("/definitions/publish")
def publish_page() -> ResponseReturnValue:
    """Where a definition is uploaded or pasted."""
    return _publish_page(_known_text())


@doors.post("/definitions/publish")
def publish() -> ResponseReturnValue:
    """Publish a version; every fault is told at its line.

    One that does away with a safeguard says so first and is published by a second press. A look
    first (``look``) publishes nothing and tells what would hurt in use.
    """
    arrivals.expect(request, [_FILE])
    require_own_form()
    name, text, fault = _sent()
    if fault:
        return _publish_page(text, faults=[("", fault)])
    try:
        told = actions.publish(text, filename=name, dry_run=True, actor=me())
        if "look" in request.form:
            return _publish_page(text, remarks=told.remarks, is_looked=True)
        if told.remarks and request.form.get("without") != _digest(told.remarks):
            return _publish_page(text, remarks=told.remarks)
        told = actions.publish(text, filename=name, actor=me())
    except Faulty as refusal:
        return _publish_page(text, faults=[(one.at, one.message) for one in refusal.faults])
    news = (
        f"Version {told.version} is published."
        if told.is_new
        else (f"This is version {told.version}, which was published already.")
    )
    said(news)
    return redirect(f"/definitions/{told.key}", 303)


def _publish_page(
    text: str,
    *,
    faults: Sequence[tuple[str, str]] = (),
    remarks: Sequence[str] = (),
    is_looked: bool = False,
) -> ResponseReturnValue:
    look = looked(text) if is_looked else {"faults": [], "told": None}
    page = render_template(
        "staff/publish.html",
        text=text,
        faults=faults,
        remarks=remarks,
        without=_digest(remarks),
        look=look,
        **{name: one for name, one in look.items() if name not in ("faults", "told")},
    )
    return page, 422 if faults or remarks else 200


def _digest(remarks: Sequence[str]) -> str:
    """Tells whether what is agreed to is what was said: the text may have changed meanwhile."""
    return hashlib.sha256("\n".join(remarks).encode()).hexdigest()


def _sent() -> tuple[str, str, str | None]:
    """File name, text and the fault of what was sent; a file wins over pasted text."""
    file = request.files.get("file")
    if file is None or not file.filename:
        text = request.form.get("text", "").replace("\r\n", "\n")
        return "definition", text, None if text.strip() else "Choose a file or paste a definition."
    raw = file.stream.read()
    if getattr(file.stream, "is_too_large", False):
        return file.filename, "", "A definition is a text of up to 512 kB. This file is larger."
    try:
        return file.filename, raw.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        return file.filename, "", "A definition is a text in UTF-8. This file is something else."


def _known_text() -> str:
    """The text of what a new version is to be made ``of``, or of an ``example`` to begin with."""
    key = request.args.get("of")
    if not key:
        return render_template(_EXAMPLE) if "example" in request.args else ""
    with db.reading() as conn:
        source: str = catalogue.definition(conn, key, None).source
    return source
