"""What the clock does: remind, note what nobody took up or did in time, escalate.

Timers are rows; ringing deletes them and records or owes what they stand for, in the same
transaction. Reminders that were missed together come out as one, the latest.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from portal import calendar, db
from portal.access import codes
from portal.actor import system
from portal.db import Tx, action
from portal.definition.tree import PersonStep, WaitStep
from portal.engine import handoffs, overdue, troubles, waiting
from portal.engine.advance import advance
from portal.engine.running import Running
from portal.ledger import outbox, record
from portal.ledger.catalogue import DeadlineMissed, HandoffMissed, TaskEscalated
from portal.ledger.record import Chain
from portal.models import Participant, Preference, Process, StepRun, Task, Team, Timer, User

CLOCK = system("clock")


def ring(timer_ids: Sequence[str]) -> int:
    """Ring timers that are due; how many processes there were.

    Processes that do not move by it ring together, in one transaction; each that goes on by it
    has one of its own, so that nobody waits for long. An id that has rung already, or whose task
    is closed, does nothing; a process that is being written to just now is left for the next time.
    """
    query = sa.select(Timer.process_id, Timer.kind).where(Timer.id.in_(timer_ids))
    with db.reading() as conn:
        found = conn.execute(query).all()
    every = {row.process_id for row in found}
    moving = {row.process_id for row in found if row.kind not in _ONLY_TELL}
    for together in (every - moving, *({one} for one in moving)):
        if together:
            _ring(sorted(together), timer_ids)
    return len(every)


_TASKS = (
    sa.select(
        *(Timer.id, Timer.process_id, Timer.run_id, Timer.task_id, Timer.kind),
        *(Timer.rung, Timer.rings_at, Timer.what, StepRun.state.label("run_state")),
        *(Task.state, Task.step, Task.name, Task.due_at, Process.owner_id),
        *(Task.handoff, Task.offered_at, Task.picked_up_at, Task.participant_id),
        *(Participant.email.label("person_email"), Participant.name.label("person_name")),
        User.email.label("owner_email"),
        sa.func.coalesce(User.name, Team.name).label("owner_name"),
        *(Preference.has_digest, Preference.timezone.label("chosen_zone"), Task.others),
    )
    .outerjoin(Task, Task.id == Timer.task_id)
    .outerjoin(Participant, Participant.id == Task.participant_id)
    .outerjoin(
        Preference,
        sa.and_(Preference.email == Participant.email, Participant.kind == "external"),
    )
    .join(StepRun, StepRun.id == Timer.run_id)
    .join(Process, Process.id == Timer.process_id)
    .outerjoin(User, User.id == Process.owner_id)
    .outerjoin(Team, Team.id == Process.team_id)
    .where(
        Timer.process_id.in_(sa.bindparam("processes", expanding=True)),
        Timer.rings_at <= sa.bindparam("now", type_=Timer.rings_at.type),
        Timer.run_id.in_(
            sa.select(Timer.run_id).where(Timer.id.in_(sa.bindparam("ids", expanding=True)))
        ),
    )
    .order_by(Timer.rings_at, Timer.kind, Timer.rung)
)
_RUNG = sa.delete(Timer).where(Timer.id.in_(sa.bindparam("ids", expanding=True)))


@action
def _ring(tx: Tx, process_ids: Sequence[str], timer_ids: Sequence[str]) -> None:
    """Everything that is due for the tasks of these timers, whichever of it was asked for."""
    chains = record.open_chains(tx, process_ids)
    values = {"processes": list(chains), "now": tx.now, "ids": list(timer_ids)}
    due = tx.execute(_TASKS, values).all()
    if not due:
        return
    tx.execute(_RUNG, {"ids": [row.id for row in due]})
    for row in _worth_ringing(due):
        _DOES[row.kind](tx, chains[row.process_id], row)


def _worth_ringing(due: Sequence[Any]) -> list[Any]:
    """Those of open tasks and waits; of several reminders of one task the latest.

    What nobody took up comes first: what else rings may give it to somebody else.
    """
    latest = {row.task_id: row.id for row in due if row.kind == "remind"}
    worth = [
        row
        for row in due
        if (row.state or row.run_state) == "open"
        and (row.kind != "remind" or latest[row.task_id] == row.id)
    ]
    return sorted(worth, key=lambda row: row.kind != "pick_up")


def _remind(tx: Tx, chain: Chain, row: Any) -> None:
    if row.has_digest and not row.others:
        _remind_of_all(tx, row)
        return
    chain.send(
        "mail.reminder",
        {"task": row.task_id, "rung": row.rung, "label": row.what["label"]},
        once=f"remind:{row.task_id}:{row.rung}",
    )


def _remind_of_all(tx: Tx, row: Any) -> None:
    """Owe one mail about all that waits for the person; the first reminder of a day does."""
    zone = calendar.zone(row.chosen_zone) if row.chosen_zone else UTC
    day = tx.now.astimezone(zone).date().isoformat()
    once = f"digest:{codes.seal(row.person_email)}:{day}"
    ref = {"participant": row.participant_id, "day": day}
    outbox.put(tx, [outbox.row("mail.digest", ref, once=once, process_id=None, now=tx.now)])


def _flag(tx: Tx, chain: Chain, row: Any) -> None:
    """Nobody took the task up in time: whoever answers for the process is told."""
    if row.picked_up_at is not None or row.handoff != row.rung:
        return
    its = sa.update(Task).where(Task.id == row.task_id)
    tx.execute(its.values(missed_at=tx.now))
    told = {"email": row.person_email, "name": row.person_name}
    once = f"pick-up:{row.task_id}:{row.handoff}"
    chain.add(
        HandoffMissed(
            step=row.step,
            task=row.task_id,
            to_participant=row.participant_id,
            offered_at=record.moment(row.offered_at),
            pick_up_by=record.moment(row.rings_at),
            person={key: value for key, value in told.items() if value},
        ),
        actor=CLOCK,
        once=once,
    )
    chain.send("mail.handoff", {"task": row.task_id, "handoff": row.handoff}, once=once)


def _miss(tx: Tx, chain: Chain, row: Any) -> None:
    chain.add(
        DeadlineMissed(step=row.step, task=row.task_id, due_at=record.moment(row.due_at)),
        actor=CLOCK,
        once=f"due:{row.task_id}",
    )


def _escalate(tx: Tx, chain: Chain, row: Any) -> None:
    to = row.what["to"]
    person = _role(tx, chain.log, to) if to != "owner" else None
    email, name = (person.email, person.name) if person else (row.owner_email, row.owner_name)
    told = {"email": email, "name": name}
    chain.add(
        TaskEscalated(
            step=row.step,
            task=row.task_id,
            rung=row.rung,
            to=person.id if person else "owner",
            person={key: value for key, value in told.items() if value},
        ),
        actor=CLOCK,
        once=f"escalate:{row.task_id}:{row.rung}",
    )
    ref = {"task": row.task_id, "rung": row.rung, "to": person.id if person else "owner"}
    chain.send("mail.escalation", ref, once=f"escalate:{row.task_id}:{row.rung}")
    if row.what.get("then") == "reassign":
        _give_on(tx, row)


def _role(tx: Tx, process_id: str, role: str) -> Any:
    """Who plays the role; ``None`` where nobody does yet: then it goes to the owner."""
    query = sa.select(Participant.id, Participant.email, Participant.name)
    return tx.execute(
        query.where(Participant.process_id == process_id, Participant.role == role)
    ).first()


def _give_on(tx: Tx, row: Any) -> None:
    """Hand an overdue task to whom its escalation names, where that person may have it."""
    running = Running.of_task(tx, row.task_id)
    task = running.tasks[row.task_id]
    person = overdue.successor(running, task, row.what["to"])
    step = running.tree.step(task.step)
    if person is not None and isinstance(step, PersonStep):
        handoffs.hand_over(running, step, task, person, "It stayed overdue.", CLOCK)


def _overdue(tx: Tx, chain: Chain, row: Any) -> None:
    """Nothing more will happen by itself: its owner has to look."""
    running = Running.of_task(tx, row.task_id)
    task = running.tasks[row.task_id]
    message = f"“{task.name}” is overdue, and no further reminder goes out."
    troubles.open_trouble(
        running, "overdue", message, step=task.step, scope=task.scope, task=task.id
    )


def _time_out(tx: Tx, chain: Chain, row: Any) -> None:
    """The step has no more time: its definition says what then."""
    running = Running.of_task(tx, row.task_id)
    task = running.tasks[row.task_id]
    if task.state == "open":  # another task of the same round may have rung before
        overdue.time_out(running, task)
        advance(running)


def _pass(tx: Tx, chain: Chain, row: Any) -> None:
    """A wait is over: what comes after it begins."""
    running = Running.of_round(tx, row.run_id)
    begun = running.round_with(row.run_id)
    if begun is None or begun.state != "open":
        return
    step = running.tree.step(begun.step)
    is_late = isinstance(step, WaitStep) and step.signal is not None
    waiting.end(running, begun, "timed_out" if is_late else "succeeded")
    advance(running)


_DOES = {
    "remind": _remind, "due": _miss, "escalate": _escalate, "overdue": _overdue,
    "timeout": _time_out, "wait": _pass, "pick_up": _flag,
}  # fmt: skip
# What these do is told; the process stays where it is.
_ONLY_TELL = frozenset({"remind", "due", "escalate", "pick_up"})
