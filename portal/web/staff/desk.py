"""The desk: what waits for me, what went wrong, what is late; what is well is one number."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.readings import absences, handoffs, lists, room_questions, stuck, words
from portal.readings import desk as reading
from portal.web.staff import rows
from portal.web.staff.door import doors, house_zone, me
from portal.web.staff.processes import may_manage

AT_ONCE = 25


@doors.get("/")
def desk() -> ResponseReturnValue:
    """The first page after signing in."""
    actor, now = me(), clock.now()
    stands_for = frozenset(one.id for one in actor.stands_for)
    mine = lists.TaskFilters(
        state="open", user_id=actor.user_id, team_ids=actor.team_ids, stands_for=stands_for
    )
    late = lists.ProcessFilters(state="running", owner=actor.email, overdue=True)
    with db.reading() as conn:
        tasks = lists.tasks(conn, mine, now, limit=AT_ONCE)
        overdue = lists.processes(conn, late, now, limit=AT_ONCE)
        troubles = reading.troubles(
            conn, user_id=actor.user_id, team_ids=actor.team_ids, stands_for=stands_for
        )
        of_rooms = room_questions.waiting(conn, actor.user_id or "", stands_for, now)
        to_see = handoffs.to_see(conn, actor.user_id or "", actor.team_ids, stands_for)
        healthy = reading.healthy(conn, now)
    away = absences.stood_for(actor)
    late_rows, given, unmet = _each_once(overdue.items, to_see, {row.id for row in tasks.items})
    asked_by = [one for one in to_see if one.question is not None and not one.is_block]
    blocked_by = [one for one in to_see if one.is_block]
    lines = rows.tasks(tasks.items, now, house_zone(), away, actor.user_id)
    late_lines = rows.processes(late_rows, now, house_zone(), away, unmet)
    told = _counts(tasks, troubles, blocked_by, [*asked_by, *of_rooms], given, late_rows, overdue)
    return render_template(
        "staff/desk.html",
        print=_print(lines, late_lines, troubles, to_see, of_rooms, [healthy]),
        tasks=lines,
        more_tasks=tasks.next,
        overdue=late_lines,
        more_overdue=overdue.next,
        troubles=troubles,
        away=away,
        handoffs=given,
        asked_by=asked_by,
        blocked_by=blocked_by,
        of_rooms=of_rooms,
        lead=_lead(*told, healthy=healthy),
    )


@doors.get("/exceptions")
def exceptions() -> ResponseReturnValue:
    """Every open exception of the house, oldest first."""
    with db.reading() as conn:
        found = stuck.of_house(conn, house_zone())
    return render_template(
        "staff/exceptions.html",
        troubles=found,
        by_owner=stuck.by_owner(found),
        may_manage=may_manage,
        is_cut=len(found) >= reading.MOST_SHOWN,
    )


def _print(*shown: Iterable[Any]) -> str:
    """Tells whether the desk shows what it showed: the page asks now and then, and is told news."""
    ids = [[getattr(one, "id", one) for one in part] for part in shown]
    return hashlib.sha256(repr(ids).encode()).hexdigest()[:16]


def _lead(*told: str, healthy: int) -> str:
    """The desk in two sentences; pages are cut, so a full one reads "at least"."""
    waiting = words.listed([one for one in told if one]) or "Nothing waits for you"
    fine = words.capped(healthy)
    if not healthy:
        return f"{waiting}."
    rest = "process is" if healthy == 1 else "processes are"
    return f"{waiting}. {fine} running {rest} in time."


def _counts(
    tasks: Any, troubles: Any, blocked_by: Any, asked_by: Any, given: Any, late: Any, overdue: Any
) -> Iterator[str]:
    """How much of each there is; empty where there is none."""
    n_wishes = sum(one.is_wish for one in given)
    is_cut = overdue.next is not None
    yield _counted(len(tasks.items), "task waits for you", "tasks wait for you")
    yield _counted(len(troubles), "exception needs you", "exceptions need you")
    yield _counted(len(blocked_by), "person can’t go on", "people can’t go on")
    yield _counted(len(asked_by), "question needs an answer", "questions need an answer")
    yield _counted(n_wishes, "request needs your word", "requests need your word")
    n_unmet = len(given) - n_wishes
    yield _counted(n_unmet, "handoff is not taken up", "handoffs are not taken up")
    yield _counted(
        len(late), "process of yours is late", "processes of yours are late", is_cut=is_cut
    )


def _each_once(
    overdue: Sequence[Any], to_see: Sequence[Any], mine: Collection[str]
) -> tuple[list[Any], list[Any], set[str]]:
    """The late processes and the handoffs, so that each thing stands in one place.

    What is late and was not taken up stands among the late, with both facts: the last are the ids
    of those processes. What is late because of tasks of the reader's own stands there as a task.
    """
    late = [row for row in overdue if not _waits_only_for(row, mine)]
    ids = {row.id for row in late}
    handoffs_ = [one for one in to_see if one.question is None]
    unmet = {one.process_id for one in handoffs_ if not one.is_wish} & ids
    return late, [one for one in handoffs_ if one.is_wish or one.process_id not in ids], unmet


def _waits_only_for(row: Any, tasks: Collection[str]) -> bool:
    held = [one.get("task") for one in row.waiting]
    return bool(held) and all(task in tasks for task in held)


def _counted(n: int, one: str, many: str, *, is_cut: bool = False) -> str:
    if n == 0:
        return ""
    return f"1 {one}" if n == 1 else f"{n}{'+' if is_cut or n >= AT_ONCE else ''} {many}"
