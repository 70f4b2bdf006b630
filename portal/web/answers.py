"""Answering a task from a page, the participant's or the desk's: one call for each kind of step.

What is judged, and what an answer means, is decided in ``actions``; here controls become its
arguments. The names of the controls are promised to whoever fills in pages by program, and never
change.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.datastructures import FileStorage

from portal import db
from portal.actions import approvals, signatures, tasks, uploads
from portal.actions import forms as form_verbs
from portal.actions.codes import Proof, Unproved
from portal.actor import Actor
from portal.definition.fields import FormSent
from portal.errors import Conflict, Fault, Faulty, TooLarge
from portal.language import gettext as _
from portal.readings import asked as asked_readings
from portal.readings.asked import Asked
from portal.web import arrivals, downloads, forms, names


def prepare(task: Any) -> None:
    """Before the form is read: let the files in that this task asks for, and no others."""
    if task.kind == "upload":
        arrivals.expect_for(request, task.id)


def too_large(asked: Asked, refusal: TooLarge) -> Faulty:
    """The refusal of a body that was not even read, as a fault of the first document."""
    at = asked.wanted[0].document.id if asked.wanted else ""
    return arrivals.FilesTooLarge([Fault(at, str(refusal))])


def answer(task: Any, *, actor: Actor, session: str | None = None) -> Unproved | None:
    """Take what the page sent as the answer of a task (its row). Raises Faulty at controls.

    ``session`` is the browser session of somebody outside; what they have yet to prove before
    their answer counts is returned.

    The same answer of the same page sent again is no fault and changes nothing; another answer
    of that page comes too late.
    """
    take = _KINDS.get(task.kind)
    if take is None:
        raise Conflict(_("This kind of task can’t be done on this page."))
    if is_repeat(task):
        return None
    return take(task.id, _Sending(_once(), _proof(session), actor))


@dataclass(frozen=True, slots=True)
class _Sending:
    """What every kind of answer comes with: its once-number, the proof beside it, and by whom."""

    nonce: str
    proof: Proof | None
    actor: Actor


def _proof(session: str | None) -> Proof | None:
    if session is None:
        return None
    wants_new, code = "_resend" in request.form, request.form.get("code")
    return Proof(session=session, page=forms.sent_nonce(), code=code, wants_new=wants_new)


def sent_shown() -> str:
    """The digest of what the page showed to be signed, empty for other pages."""
    return request.form.get("_shown", "")


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


def _form(task_id: str, by: _Sending) -> Unproved | None:
    sent = FormSent(request.form)
    return form_verbs.submit(task_id, sent, nonce=by.nonce, proof=by.proof, actor=by.actor)


def _upload(task_id: str, by: _Sending) -> Unproved | None:
    return arrivals.answer(task_id, request, nonce=by.nonce, proof=by.proof, actor=by.actor)


def _approval(task_id: str, by: _Sending) -> Unproved | None:
    form = request.form
    return approvals.decide(
        task_id,
        form.get("decision", ""),
        form.get("comment"),
        form.getlist("items"),
        nonce=by.nonce,
        proof=by.proof,
        actor=by.actor,
    )


def _signature(task_id: str, by: _Sending) -> Unproved | None:
    form, shown = request.form, sent_shown()
    _require_intact(task_id)
    if "decline" in form:
        return signatures.decline(
            task_id, form.get("comment"), shown=shown, nonce=by.nonce, proof=by.proof,
            actor=by.actor,
        )  # fmt: skip
    return signatures.sign(
        task_id,
        form.get("signature"),
        "agree" in form,
        drawing=form.get("drawing"),
        shown=shown,
        nonce=by.nonce,
        proof=by.proof,
        actor=by.actor,
    )


def _require_intact(task_id: str) -> None:
    """Refuse a signature under a file whose stored bytes are not those that were received."""
    with db.reading() as conn:
        asked = asked_readings.of_task(conn, task_id)
    if asked.task.state == "open" and asked.signing is not None:
        for file in asked.signing.files:
            downloads.require_intact(file, file.name)


def _todo(task_id: str, by: _Sending) -> Unproved | None:
    ticked = [int(name[5:]) - 1 for name in request.form if _is_item(name)]
    note = request.form.get("note")
    return tasks.tick(task_id, note, ticked, nonce=by.nonce, proof=by.proof, actor=by.actor)


_KINDS: dict[str, Callable[[str, _Sending], Unproved | None]] = {
    "form": _form,
    "upload": _upload,
    "approval": _approval,
    "sign": _signature,
    "task": _todo,
}


def _is_item(name: str) -> bool:
    number = name.removeprefix("item-")
    return name.startswith("item-") and number.isascii() and number.isdigit() and len(number) < 5
