"""Who may see its processes, said on the page of a definition; and who one process, on its own."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.actions import sights as verbs
from portal.errors import Faulty
from portal.web.staff import definitions
from portal.web.staff.door import doors, me, said
from portal.web.staff.processes import attempt


@doors.post("/definitions/<key>/sight")
def rule_sight(key: str) -> ResponseReturnValue:
    """Restrict the definition's processes, or open them to all staff."""
    rule = request.form.get("rule", "")
    try:
        if rule not in _RULES:
            raise Faulty.one("rule", "Choose who may see its processes.")
        verb, sentence = _RULES[rule]
        verb(key, actor=me())
    except Faulty as fault:
        return definitions.show(key, at="sight", fault=fault)
    return _back(key, sentence)


@doors.post("/definitions/<key>/sight/grants")
def grant_sight(key: str) -> ResponseReturnValue:
    """Let a colleague or a team see all of its processes."""
    whom = request.form.get("whom", "").strip()
    try:
        verbs.grant(key, whom, actor=me())
    except Faulty as fault:
        return definitions.show(key, at="sight-grant", fault=fault)
    return _back(key, f"From now on {whom} may see its processes.")


@doors.post("/definitions/<key>/sight/grants/<grant_id>/withdraw")
def withdraw_sight(key: str, grant_id: str) -> ResponseReturnValue:
    """Let them see its processes no longer."""
    verbs.withdraw(key, grant_id, actor=me())
    return _back(key, "They may see its processes no longer, unless one of them names them.")


@doors.post("/processes/<process_id>/sight/grants")
def grant_process_sight(process_id: str) -> ResponseReturnValue:
    """Let a colleague or a team see this one process."""
    whom = request.form.get("whom", "").strip()
    return attempt(
        process_id,
        "sight",
        lambda: verbs.grant_process(process_id, whom, actor=me()),
        f"From now on {whom} may see this process.",
    )


@doors.post("/processes/<process_id>/sight/grants/<grant_id>/withdraw")
def withdraw_process_sight(process_id: str, grant_id: str) -> ResponseReturnValue:
    """Let them see this process no longer."""
    return attempt(
        process_id,
        "sight",
        lambda: verbs.withdraw_process(process_id, grant_id, actor=me()),
        "They may see this process no longer, unless it names them otherwise.",
    )


_RULES = {
    "restricted": (verbs.restrict, "Its processes are restricted from now on."),
    "open": (verbs.open_to_all, "All staff may see its processes from now on."),
}


def _back(key: str, sentence: str) -> ResponseReturnValue:
    said(sentence)
    return redirect(f"/definitions/{key}#sight-h", 303)
