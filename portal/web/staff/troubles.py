"""Exceptions: every way out of them, always with a reason."""

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import troubles
from portal.web.staff.door import doors, me
from portal.web.staff.processes import attempt

_SAID = {
    "retry": "The step was tried again.",
    "skip": "The process goes on without the step.",
    "edit": "The data is changed, and the step was tried again.",
    "reassign": "The work has gone to somebody else.",
    "return_to": "The process went back to an earlier step.",
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
        lambda: troubles.resolve(trouble_id, how, reason, _details(), actor=me()),
        _SAID.get(how, "The exception is resolved."),
    )


def _details() -> dict[str, object]:
    """What goes with a way out: a person, a step, or one value to change."""
    form = request.form
    details: dict[str, object] = {
        "to": {"email": form.get("email", ""), "name": form.get("name") or None},
        "step": form.get("step", ""),
    }
    kind, _, name = form.get("what", "").partition(".")
    if kind in ("inputs", "values") and name:
        details[kind] = {name: form.get("value", "")}
    return details
