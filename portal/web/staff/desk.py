"""The desk: what waits for me, what went wrong, what is late; what is well is one number."""

import hashlib
from collections.abc import Iterable
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.readings import absences, handoffs, lists, stuck, words
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
        to_see = handoffs.to_see(conn, actor.user_id or "", actor.team_ids, stands_for)
        healthy = reading.healthy(conn, now)
    away = absences.stood_for(actor)
    given = [one for one in to_see if one.question is None]
    asked_by = [one for one in to_see if one.question is not None and not one.is_block]
    blocked_by = [one for one in to_see if one.is_block]
    n_wishes = sum(one.is_wish for one in given)
    lines = rows.tasks(tasks.items, now, house_zone(), away, actor.user_id)
    late_lines = rows.processes(overdue.items, now, house_zone(), away)
    return render_template(
        "staff/desk.html",
        print=_print(lines, late_lines, troubles, to_see, [healthy]),
        tasks=lines,
        more_tasks=tasks.next,
        overdue=late_lines,
        more_overdue=overdue.next,
        troubles=troubles,
        away=away,
        handoffs=given,
        asked_by=asked_by,
        blocked_by=blocked_by,
        lead=_lead(
            _counted(len(tasks.items), "task waits for you", "tasks wait for you"),
            _counted(len(troubles), "exception needs you", "exceptions need you"),
            _counted(len(blocked_by), "person can’t go on", "people can’t go on"),
            _counted(len(asked_by), "question needs an answer", "questions need an answer"),
            _counted(n_wishes, "request needs your word", "requests need your word"),
            _counted(len(given) - n_wishes, "handoff is not taken up", "handoffs are not taken up"),
            _counted(len(overdue.items), "process of yours is late", "processes of yours are late"),
            healthy=healthy,
        ),
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
    rest = "process is" if healthy == 1 else "processes are"
    return f"{waiting}. {fine} running {rest} in time."


def _counted(n: int, one: str, many: str) -> str:
    if n == 0:
        return ""
    return f"1 {one}" if n == 1 else f"{n}{'+' if n >= AT_ONCE else ''} {many}"
