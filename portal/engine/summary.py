"""What lists show of a process without reading its tasks: who holds it, by when, how far it is."""

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.definition import calls
from portal.definition.tree import CallStep, RunStep, WaitStep
from portal.engine.rows import Asked, Round
from portal.ledger import record
from portal.models import Participant, Task, User

if TYPE_CHECKING:
    from portal.engine.running import Running

_PERSON = Participant.__table__
_TASK = Task.__table__
_MOST_WAITING = 20
_ASKED = (
    sa.select(
        *(_TASK.c.id, _TASK.c.step, _TASK.c.name, _TASK.c.offered_at, _TASK.c.due_at),
        *(_TASK.c.promised_on, _TASK.c.blocked_since),
        *(_PERSON.c.kind, _PERSON.c.email, _PERSON.c.name.label("person_name")),
        *(User.email.label("holder_email"), User.name.label("holder_name")),
    )
    .join(_PERSON, _PERSON.c.id == _TASK.c.participant_id)
    .outerjoin(User, sa.and_(User.id == _TASK.c.holder_id, _TASK.c.team_id.is_not(None)))
    .where(_TASK.c.process_id == sa.bindparam("process"), _TASK.c.state == "open")
    .order_by(_TASK.c.due_at, _TASK.c.id)
    .limit(_MOST_WAITING)
)
_FIRST_DUE = sa.select(sa.func.min(_TASK.c.due_at)).where(
    _TASK.c.process_id == sa.bindparam("process"), _TASK.c.state == "open"
)


def sum_up(running: "Running") -> None:
    """What lists show of the process, from what is open now."""
    if running.is_whole:
        tasks = running.open_tasks()
        waiting = [_waiting(running, task) for task in tasks[:_MOST_WAITING]]
        due_at = min((task.due_at for task in tasks if task.due_at), default=None)
    else:
        rows = running.tx.execute(_ASKED, {"process": running.id}).all()
        waiting = [_waiting_row(row) for row in rows]
        due_at = running.tx.execute(_FIRST_DUE, {"process": running.id}).scalar()
    waiting += [_paused(running, found) for found in _open_waits(running)]
    running.process.update(
        waiting=waiting[:_MOST_WAITING],
        due_at=due_at,
        n_done=sum(
            found.state != "open" for place, found in running.rounds.items() if not place.scope
        ),
        changed_at=running.now,
    )


def _open_waits(running: "Running") -> list[Round]:
    """The rounds at hand in which nobody is asked, and that go on."""
    kinds = (CallStep, RunStep, WaitStep)
    return [
        found
        for found in running.rounds.values()
        if found.state == "open" and isinstance(running.tree.step(found.step), kinds)
    ]


def _paused(running: "Running", found: Round) -> dict[str, Any]:
    step = running.tree.step(found.step)
    name = "the right time"
    if isinstance(step, CallStep):
        name = calls.host(found.answers[calls.REQUEST]["url"])
    elif isinstance(step, RunStep):
        name = "the process that it runs"
    elif isinstance(step, WaitStep) and step.signal:
        name = f"the signal “{step.signal}”"
    return {
        "task": None,
        "step": found.step,
        "name": str(step.name),
        "who": {"kind": "system", "email": None, "name": name},
        "since": record.moment(found.opened_at),
        "due_at": None,
    }


def _waiting_row(row: Any) -> dict[str, Any]:
    who = {"kind": row.kind, "email": row.email, "name": row.person_name}
    if row.holder_email is not None:
        who = {"kind": "staff", "email": row.holder_email, "name": row.holder_name}
    return {
        "task": row.id,
        "step": row.step,
        "name": row.name,
        "who": who,
        "since": record.moment(row.offered_at),
        "due_at": record.moment(row.due_at) if row.due_at else None,
        **_own_word(row),
    }


def _waiting(running: "Running", task: Asked) -> dict[str, Any]:
    person = running.person(task.participant_id)
    who = {"kind": person.kind, "email": person.email, "name": person.name}
    return {
        "task": task.id,
        "step": task.step,
        "name": task.name,
        "who": _claimed_by(running, task) or who,
        "since": record.moment(task.offered_at),
        "due_at": record.moment(task.due_at) if task.due_at else None,
        **_own_word(task),
    }


def _own_word(task: Any) -> dict[str, Any]:
    """What whoever has a task said of it."""
    return {
        "promised_on": task.promised_on.isoformat() if task.promised_on else None,
        "blocked_since": record.moment(task.blocked_since) if task.blocked_since else None,
    }


def _claimed_by(running: "Running", task: Asked) -> dict[str, Any] | None:
    """The member who holds a team's task, as the list of who waits kept them at the claim."""
    if task.team_id is None or task.holder_id is None:
        return None
    kept = (held["who"] for held in running.process["waiting"] if held["task"] == task.id)
    return running.claims.get(task.id) or next((w for w in kept if w["kind"] == "staff"), None)
