"""Start a process from a form: what must be known, and who takes part."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import processes, repeats
from portal.definition import facts as definition_facts
from portal.definition import fields
from portal.definition.tree import Definition
from portal.errors import AlreadyRecorded, Fault, Faulty
from portal.readings import catalogue, house, lists, trees, words
from portal.web import forms, names, progress
from portal.web.staff.door import doors, me, said


@doors.get("/processes/new")
def choose_definition() -> ResponseReturnValue:
    """Which definition to start."""
    with db.reading() as conn:
        rows = lists.definitions(conn)
    return render_template("staff/choose.html", definitions=rows)


@doors.get("/processes/new/<key>")
def start_page(key: str) -> ResponseReturnValue:
    """The form of a start."""
    return _page(key, _beginning(_tree(key)), [])


@doors.post("/processes/new/<key>")
def start(key: str) -> ResponseReturnValue:
    """Start it; a faulty entry comes back beside its field, with what was typed."""
    tree, typed = _tree(key), forms.typed()
    if forms.changes_rows():
        return _page(key, typed, [])
    entry = fields.parse_form(tree.inputs, request.form, today=_today(tree), facts=_facts(tree))
    people = _participants(tree)
    faults = [Fault(at, message) for at, message in entry.faults.items()] + _unnamed(tree, people)
    if faults:
        return _page(key, typed, faults)
    try:
        process_id = _start_once(key, entry.values, people)
    except Faulty as fault:
        return _page(key, typed, fault.faults)
    said("The process is started. The first mails are on their way.")
    return redirect(f"/processes/{process_id}", 303)


def _start_once(key: str, inputs: dict[str, Any], people: dict[str, dict[str, str]]) -> str:
    """The new process, or the one that this same page started before."""
    repeat = repeats.Repeat(f"page:{me().id}:{forms.sent_nonce()}", key)
    reference = request.form.get("_reference", "").strip() or None
    try:
        return processes.start(
            key,
            inputs=inputs,
            participants=people,
            reference=reference,
            repeat=repeat,
            actor=me(),
        )
    except AlreadyRecorded:
        process_id = repeats.kept_process(repeat)
        if process_id is None:
            raise
        return process_id


def _participants(tree: Definition) -> dict[str, dict[str, str]]:
    """Whom the form names, by role; controls are ``_ROLE-email`` and ``_ROLE-name``."""
    found: dict[str, dict[str, str]] = {}
    for role in tree.roles:
        person = {key: request.form.get(f"_{role}-{key}", "").strip() for key in ("email", "name")}
        if any(person.values()):
            found[role] = {key: value for key, value in person.items() if value}
    return found


def _unnamed(tree: Definition, people: dict[str, dict[str, str]]) -> list[Fault]:
    """Outside people whom a start may not leave out."""
    return [
        Fault(f"participants.{role.id}", "Say who it is, by e-mail address.")
        for role in tree.roles.values()
        if role.kind == "external" and not role.named_later and role.id not in people
    ]


def _page(key: str, typed: forms.Typed, faults: list[Fault]) -> ResponseReturnValue:
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
        colleagues = house.colleagues(conn)
    tree = trees.of_source(row.source)
    asked = forms.questions(tree.inputs, _facts(tree), typed, more=request.form.get("_more"))
    told = {fault.at: fault.message for fault in faults}
    page = render_template(
        "staff/start.html",
        row=row,
        tree=tree,
        questions=asked,
        progress=progress.of(tree.inputs, asked, _facts(tree), typed, faults=told),
        colleagues=colleagues,
        faults=told,
        places=_places(tree, told),
        typed=typed,
        nonce=forms.new_nonce(),
    )
    return page, 422 if faults else 200


def _places(tree: Definition, told: dict[str, str]) -> list[tuple[str, str]]:
    """For the summary: the control, and the sentence behind what it is called."""
    roles = {f"participants.{role.id}": role.name for role in tree.roles.values()}
    labels = names.labels_of(tree.inputs, {**roles, "definition": "This start"})
    return [
        (
            f"_{at.partition('.')[2]}-email" if at.startswith("participants.") else at,
            names.pointed(names.called(at, labels), sentence),
        )
        for at, sentence in told.items()
    ]


def _beginning(tree: Definition) -> forms.Typed:
    """The defaults, as if they had been typed."""
    typed: dict[str, list[str]] = {}
    for field in tree.inputs:
        value = fields.default_value(field, _facts(tree), today=_today(tree))
        typed |= fields.typed_of(field, value)
    return typed


def _tree(key: str) -> Definition:
    with db.reading() as conn:
        return trees.of_source(catalogue.definition(conn, key, None).source)


def _facts(tree: Definition) -> dict[str, Any]:
    return definition_facts.build(
        tree,
        inputs={},
        steps={},
        values={},
        participants={},
        now=clock.now(),
        zone=words.zone(trees.zone(tree)),
    )


def _today(tree: Definition) -> date:
    return clock.now().astimezone(words.zone(trees.zone(tree))).date()
