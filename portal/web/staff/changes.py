"""Changing the course of a running process: a step skipped or asked again, another version."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import changes, moves
from portal.errors import Faulty
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


def _place() -> tuple[str, str]:
    """The step and the item that the form names, as ``STEP`` or ``STEP@SCOPE``."""
    step, _, scope = request.form.get("step", "").partition("@")
    return step, scope
