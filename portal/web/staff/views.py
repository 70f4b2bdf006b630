"""The saved views that stand above a list."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import g, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from portal import clock, db
from portal.readings import axis, combined, lists
from portal.readings import views as readings
from portal.web.staff.door import house_zone, me
from portal.web.staff.filters import process_filters, task_filters, timeline_filters


class ViewFault(NamedTuple):
    """What was faulty of a view, by place, and what was typed; ``view`` is its id, where kept."""

    faults: Mapping[str, str]
    typed: Mapping[str, str]
    view: str | None


class Shelf(NamedTuple):
    """What a list offers of saved views; ``here`` is the member's own one that is shown."""

    page: str
    query: str
    views: Sequence[readings.View]
    shown: readings.View | None
    here: readings.View | None
    teams: Sequence[Any]
    fault: ViewFault | None


def opened_with(page: str) -> ResponseReturnValue | None:
    """The way to my default view, where nothing else is asked.

    The list that is shown otherwise finds my views read already.
    """
    if request.args:
        return None
    with db.reading() as conn:
        g.kept_views = readings.kept(conn, page, me())
    query = readings.default(g.kept_views)
    return redirect(readings.address(page, query), 303) if query else None


def shelf(conn: Connection, page: str, asked: Mapping[str, str], fault: ViewFault | None) -> Shelf:
    """My views of a list, those of my teams, and which of them is shown."""
    query, kept = readings.canonical(page, asked), g.pop("kept_views", None)
    rows = readings.kept(conn, page, me()) if kept is None else kept
    found = readings.offered(conn, rows, _NARROWED[page])
    shown = [one for one in found if one.query == query]
    here = next((one for one in shown if one.is_mine), None)
    # Asked for where a form is offered only.
    shared_with = here.team_id if here else None
    teams = readings.teams_of(conn, me(), shared_with) if query or here else []
    return Shelf(page, query, found, next(iter(shown), None), here, teams, fault)


def _processes(conn: Connection, asked: dict[str, str]) -> Any:
    return lists.narrowed_processes(conn, process_filters(asked), clock.now())


def _tasks(_conn: Connection, asked: dict[str, str]) -> Any:
    return lists.narrowed_tasks(task_filters(asked, me()), clock.now())


def _timeline(_conn: Connection, asked: dict[str, str]) -> Any:
    window = axis.window(asked.get("zoom"), None, clock.now(), house_zone())
    return combined.narrowed(timeline_filters(asked), window)


_NARROWED: Mapping[str, readings.Narrowed] = {
    "processes": _processes,
    "tasks": _tasks,
    "timeline": _timeline,
}
