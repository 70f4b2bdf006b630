"""Answering a task from a page, the participant's or the desk's: one call for each kind of step.

What is judged, and what an answer means, is decided in ``actions``; here controls become its
arguments. The names of the controls are promised to whoever fills in pages by program, and never
change.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from portal.actions import approvals, tasks, uploads
from portal.actions import forms as form_verbs
from portal.actor import Actor
from portal.definition.fields import FormSent
from portal.errors import Conflict, Fault, Faulty, TooLarge
from portal.readings.asked import Asked
from portal.web import arrivals, forms, names


def prepare(task: Any) -> None:
    """Before the form is read: let the files in that this task asks for, and no others."""
    if task.kind == "upload":
        arrivals.expect_for(request, task.id)


def too_large(asked: Asked, refusal: TooLarge) -> Faulty:
    """The refusal of a body that was not even read, as a fault of the first document."""
    at = asked.wanted[0].document.id if asked.wanted else ""
    return arrivals.FilesTooLarge([Fault(at, str(refusal))])


def answer(task: Any, *, actor: Actor) -> None:
    """Take what the page sent as the answer of a task (its row). Raises Faulty at controls.

    The same answer of the same page sent again is no fault and changes nothing; another answer
    of that page comes too late.
    """
    take = _KINDS.get(task.kind)
    if take is None:
        raise Conflict("This kind of task can’t be done on this page.")
    if not is_repeat(task):
        take(task.id, _once(), actor)


def is_repeat(task: Any) -> bool:
    """Whether this very answer, of this very page, is what closed the task (its row)."""
    return bool(task.state == "done" and task.nonce == _once())


def _once() -> str:
    """What names this answer of this page: its once-number with all that was typed and chosen.

    Somebody who goes back and decides otherwise sends the same once-number. It is keyed, so that
    nobody can guess from it what was typed.
    """
    typed = {name: sent for name, sent in forms.typed().items() if name != "_csrf"}
    files = [(name, one.filename, arrivals.size_of(one)) for name, one in _files()]
    return forms.token("once", forms.sent_nonce(), json.dumps([typed, files], sort_keys=True))


def _files() -> Iterator[tuple[str, FileStorage]]:
    return iter(request.files.items(multi=True))


def labels(asked: Asked) -> dict[str, str]:
    """What the page of a task calls its fields, documents and lines to tick."""
    found = {want.document.id: want.name for want in asked.wanted}
    found |= {f"item-{n}": line for n, line in enumerate(asked.checklist, 1)}
    named = {field.id: asked.text(field.label) for field in asked.fields}
    return names.labels_of(asked.fields, named) | found


def drop(actor: Actor) -> bool:
    """Take back the staged file that the page's ``_drop`` button names; False without one."""
    file_id = request.form.get("_drop")
    if not file_id:
        return False
    uploads.drop(file_id, actor=actor)
    return True


def _form(task_id: str, nonce: str, actor: Actor) -> None:
    form_verbs.submit(task_id, FormSent(request.form), nonce=nonce, actor=actor)


def _upload(task_id: str, nonce: str, actor: Actor) -> None:
    arrivals.receive(task_id, request, actor=actor)
    uploads.submit(task_id, nonce=nonce, actor=actor)


def _approval(task_id: str, nonce: str, actor: Actor) -> None:
    form = request.form
    decision = form.get("decision", "")
    items = form.getlist("items")
    approvals.decide(task_id, decision, form.get("comment"), items, nonce=nonce, actor=actor)


def _todo(task_id: str, nonce: str, actor: Actor) -> None:
    ticked = [int(name[5:]) - 1 for name in request.form if _is_item(name)]
    tasks.tick(task_id, request.form.get("note"), ticked, nonce=nonce, actor=actor)


_KINDS: dict[str, Callable[[str, str, Actor], None]] = {
    "form": _form,
    "upload": _upload,
    "approval": _approval,
    "task": _todo,
}


def _is_item(name: str) -> bool:
    number = name.removeprefix("item-")
    return name.startswith("item-") and number.isascii() and number.isdigit() and len(number) < 5
