"""Who looks, told once at the door; what they may not see is not there, whatever they ask of it."""

from flask import Flask, request

from portal import db
from portal.actor import Actor
from portal.errors import Unknown
from portal.readings import sights

# Where addresses name what belongs to a process, and what is said where there is none of it.
_NAMES = {
    "process_id": "There is no such process.",
    "task_id": "There is no such task.",
    "question_id": "There is no such question.",
    "doubt_id": "There is nothing of that kind here.",
    "trouble_id": "There is no such exception.",
    "exception_id": "There is no such exception.",
}


def install(app: Flask) -> None:
    """Let nobody look with the eyes of whoever came before on the same thread."""
    app.before_request(_forget)
    app.teardown_request(lambda _error: _forget())


def enter(actor: Actor) -> None:
    """From here on the actor looks. Unknown where the address names what they may not see.

    Whether it is there at all is judged in the same breath, before anything that was sent is
    looked at, so that nothing tells the two apart.
    """
    sights.look_as(actor)
    if not actor.hidden:
        return
    for name, id_ in (request.view_args or {}).items():
        if name in _NAMES:
            with db.reading() as conn:
                is_there = sights.holds(conn, actor, name, str(id_))
            if not is_there:
                raise Unknown(_NAMES[name])


def _forget() -> None:
    sights.look_as(None)
