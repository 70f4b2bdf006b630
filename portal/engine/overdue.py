"""What a definition has happen to work that stays undone: it goes to another, or it ends."""

from portal.definition.tree import ApprovalStep, ReturnTo, Step
from portal.engine import casting, closing, rounds, successors
from portal.engine.decide import End, after
from portal.engine.rows import Asked, Person
from portal.engine.running import Running


def time_out(running: Running, task: Asked) -> None:
    """End the round of a task whose time has run out, and go where its step says."""
    step = running.tree.person_step(task.step)
    assert step.on_timeout is not None
    begun = running.round_of(task)
    do = step.on_timeout.do
    closing.expire(running, running.open_tasks(begun.id))
    is_rejection = do == "reject"
    answers = begun.answers if isinstance(step, ApprovalStep) else {}
    closing.end_round(running, begun, "rejected" if is_rejection else "timed_out", answers)
    way = _rejected(step) if is_rejection else do
    if way == "end":
        closing.end_by_walk(running, "completed", step.id)
    elif isinstance(way, End):
        closing.end_by_walk(running, way.state, step.id)
    elif isinstance(way, ReturnTo):
        rounds.send_back(running, begun, way.step, items=[], comment="", why="timed_out")


def _rejected(step: Step) -> End | ReturnTo | None:
    return after(step, "rejected") if isinstance(step, ApprovalStep) else End("rejected")


def successor(running: Running, task: Asked, to: str) -> Person | None:
    """Who takes an overdue task over: whoever plays the role ``to``, else the owner.

    ``None`` where that person has it already or may not decide it.
    """
    person = running.of_role(to) if to != "owner" else None
    person = person or casting.owner(running.tx, running.process)
    if person is None or _has(running, task, person):
        return None
    if successors.barred(running, task, person) is not None:
        return None
    return running.keep_person(person)


def _has(running: Running, task: Asked, person: Person) -> bool:
    now = running.person(task.participant_id)
    if person.kind == "team":
        return now.team_id == person.team_id
    return now.is_one_of({key for key in (person.id, person.user_id, person.email) if key})
