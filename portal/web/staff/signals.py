"""Telling a process that something happened outside: what a program does by the API, by hand."""

import json
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from portal.actions import signals
from portal.errors import Faulty
from portal.web.staff import processes
from portal.web.staff.door import doors, me, said


@doors.post("/processes/<process_id>/signals/<name>")
def signal(process_id: str, name: str) -> ResponseReturnValue:
    """Give the signal, with what came with it where something did."""

    def give() -> None:
        is_taken = signals.send(process_id, name, _data(), actor=me())
        said(
            "The process goes on with it." if is_taken
            else "It is kept for the step that will wait for it."
        )  # fmt: skip

    return processes.attempt(process_id, f"signal-{name}", give, None)


def _data() -> Any:
    """What was typed as JSON, or as plain words; ``None`` where nothing was."""
    typed = request.form.get("data", "").strip()
    if not typed:
        return None
    if typed[0] not in '{["':
        return typed
    try:
        return json.loads(typed)
    except ValueError:
        raise Faulty.one("data", "This is no whole JSON. Mend it, or write plain words.") from None
