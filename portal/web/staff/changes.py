"""Changing the course of a running process: moving it to another version of its definition."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import moves
from portal.errors import Faulty
from portal.web.staff import processes
from portal.web.staff.door import doors, me


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
