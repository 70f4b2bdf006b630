"""Keeping, changing and taking away a saved view; a fault comes back on its list."""

from collections.abc import Callable, Mapping

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from portal.actions import views as verbs
from portal.errors import Faulty, Unknown
from portal.readings import views as readings
from portal.web.staff import processes, tasks, timeline
from portal.web.staff.door import doors, me, said
from portal.web.staff.views import ViewFault

_LISTS: Mapping[str, Callable[[Mapping[str, str], ViewFault], ResponseReturnValue]] = {
    "processes": processes.list_page,
    "tasks": tasks.list_page,
    "timeline": timeline.rows_page,
}


@doors.post("/views")
def keep_view() -> ResponseReturnValue:
    """Keep what a list is narrowed to under a name."""
    asked = readings.filters_of(request.form.get("query", ""))
    return _attempt(
        lambda: verbs.keep(_page(), _name(), asked, team=_team(), is_default=_first(), actor=me()),
        "The view is kept.",
    )


@doors.post("/views/<view_id>")
def change_view(view_id: str) -> ResponseReturnValue:
    """Give a view another name, or share it, or have the list open with it."""
    return _attempt(
        lambda: verbs.change(view_id, _name(), team=_team(), is_default=_first(), actor=me()),
        "The view is changed.",
        view_id,
    )


@doors.post("/views/<view_id>/drop")
def drop_view(view_id: str) -> ResponseReturnValue:
    """Take a view away; the list shows what it showed."""
    page = verbs.drop(view_id, actor=me())
    said("The view is deleted.")
    return redirect(_address(page), 303)


def _attempt(
    verb: Callable[[], object], sentence: str, view: str | None = None
) -> ResponseReturnValue:
    page = _page()
    try:
        verb()
    except Faulty as fault:
        told = {one.at: one.message for one in fault.faults}
        asked = readings.filters_of(request.form.get("query", ""))
        response = make_response(_LISTS[page](asked, ViewFault(told, request.form, view)))
        response.status_code = 422
        return response
    said(sentence)
    return redirect(_address(page), 303)


def _page() -> str:
    page = request.form.get("page", "")
    if page not in _LISTS:
        raise Unknown("There is no such list.")
    return page


def _address(page: str) -> str:
    """The list as it was: one spelling of the filters, nothing that was only typed."""
    asked = readings.filters_of(request.form.get("query", ""))
    return readings.address(page, readings.canonical(page, asked))


def _name() -> str:
    return request.form.get("name", "")


def _team() -> str | None:
    return request.form.get("team") or None


def _first() -> bool:
    return request.form.get("is_default") == "yes"
