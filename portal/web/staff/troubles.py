"""Exceptions: try again, or cancel the process, always with a reason."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import troubles
from portal.web.staff.door import doors, me
from portal.web.staff.processes import attempt

_SAID = {
    "retry": "The step was tried again.",
    "cancel": "The process is cancelled and everybody asked has been told.",
}


@doors.post("/processes/<process_id>/exceptions/<trouble_id>")
def resolve_trouble(process_id: str, trouble_id: str) -> ResponseReturnValue:
    """Resolve one exception of a process."""
    how = request.form.get("how", "")
    reason = request.form.get("reason", "").strip()
    return attempt(
        process_id,
        f"trouble-{trouble_id}",
        lambda: troubles.resolve(trouble_id, how, reason, actor=me()),
        _SAID.get(how, "The exception is resolved."),
    )
