"""Changing the course of a process: a step skipped, asked again or added, another version."""

import json
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import changes, moves
from portal.definition import asks
from portal.errors import Fault, Faulty
from portal.web.staff import processes
from portal.web.staff.door import doors, me, said


@doors.post("/processes/<process_id>/move")
def move(process_id: str) -> ResponseReturnValue:
    """Move it, or with ``_preview`` show what that would do and change nothing."""
    version, reason = request.form.get("version", ""), request.form.get("reason", "")
    if "_preview" in request.form:
        try:
            looked = moves.look(process_id, version, actor=me())
        except Faulty as fault:
            return processes.show(process_id, at="move", fault=fault)
        return processes.show(process_id, at="move", move=looked)
    return processes.attempt(
        process_id,
        "move",
        lambda: moves.migrate(process_id, version, reason, actor=me()),
        f"The process goes on under version {version}.",
    )


@doors.post("/processes/<process_id>/skip")
def skip(process_id: str) -> ResponseReturnValue:
    """Go on without a step; a safeguard waits for a second person."""
    step, scope = _place()

    def verb() -> None:
        is_done = changes.skip(process_id, step, request.form.get("reason", ""), scope, actor=me())
        said(
            "The process goes on without the step."
            if is_done
            else "It is a safeguard: what you proposed waits for a second person to agree."
        )

    return processes.attempt(process_id, "skip", verb, None)


@doors.post("/processes/<process_id>/reopen")
def reopen(process_id: str) -> ResponseReturnValue:
    """Ask a step again that is done, and what came after it."""
    step, scope = _place()
    reason = request.form.get("reason", "")
    return processes.attempt(
        process_id,
        "reopen",
        lambda: changes.reopen(process_id, step, reason, scope, actor=me()),
        "The step is asked again.",
    )


@doors.post("/processes/<process_id>/steps")
def add_step(process_id: str) -> ResponseReturnValue:
    """Add a step to this process alone: from a few words, or as a definition would have it."""
    form = request.form
    side, _, near = form.get("place", "").partition("@")
    beside = {side: near} if side in ("before", "after") else {}
    written = form.get("text", "").strip()

    def verb() -> None:
        step = written or json.dumps(_asked(), ensure_ascii=False, indent=1)
        try:
            changes.add_step(process_id, step, form.get("reason", ""), **beside, actor=me())
        except Faulty as fault:
            raise Faulty([_shown(one, is_written=bool(written)) for one in fault.faults]) from None

    return processes.attempt(process_id, "add", verb, "The step is added to this process.")


def _asked() -> dict[str, Any]:
    """The step that the fields of the page describe. Faulty at those that say too little."""
    form = {name: request.form.get(name, "").strip() for name in (*_FIELDS, "person")}
    faults = []
    if not form["ask"]:
        faults.append(Fault("ask", "Say what is asked, or write the step as a definition has it."))
    elif len(form["ask"]) > asks.LONGEST_ASK:
        faults.append(Fault("ask", f"Write at most {asks.LONGEST_ASK:,} characters."))
    is_by_address = form["email"] or form["who"] in ("", _SOMEBODY)
    if is_by_address and (fault := asks.unaddressed(form["email"])):
        faults.append(Fault("email", fault))
    if len(form["person"]) > asks.LONGEST_PERSON:
        most = asks.LONGEST_PERSON
        faults.append(Fault("person", f"Give the name as text of up to {most} letters."))
    if faults:
        raise Faulty(faults)
    person = {"email": form["email"], "name": form["person"]}
    wanted = form["wanted"] if form["wanted"] in asks.WANTED else "answer"
    return asks.step(wanted, form["ask"], person if form["email"] else form["who"], form["due"])


_SOMEBODY = "*"
_FIELDS = ("ask", "wanted", "who", "email", "due", "reason")


def _shown(fault: Fault, *, is_written: bool) -> Fault:
    """A fault where the page shows it: of what was written with its line, else at its field."""
    line, _, key = fault.at.partition(": ")
    if not line.isdigit():
        return Fault("place", fault.message) if fault.at in ("before", "after") else fault
    if is_written:
        return Fault("text", f"Line {line}, {key}: {fault.message}.")
    at = {"assign": "who", "due": "due", "at": "due"}.get(key, "ask")
    return Fault(at, f"It {fault.message}.")


def _place() -> tuple[str, str]:
    """The step and the item that the form names, as ``STEP`` or ``STEP@SCOPE``."""
    step, _, scope = request.form.get("step", "").partition("@")
    return step, scope
