"""Saved views: filters under a name, with their number, for oneself or for a team."""

import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from portal import db
from portal.actions import views as verbs
from portal.errors import Faulty, Unknown
from portal.models import SavedView, TeamMember
from portal.models.views import address, canonical
from portal.readings import lists
from tests import makers, people
from tests.web.staff.conftest import Desk
from tests.web.staff.test_lists import HEAD, STEPS, Desks, titles

_SHELF = re.compile(r'<nav class="views".*?</nav>', re.DOTALL)


def shelf(page: str) -> str:
    found = _SHELF.search(page)
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split()) if found else ""


def test_what_a_list_shows_is_kept_counted_shared_and_taken_away(
    desk: Desks, statements: list[str]
) -> None:
    for amount in (1, 1, 2):
        makers.start(STEPS, head=HEAD, inputs={"amount": amount})
    finn, fay = desk("finn"), desk("fay")
    assert "Keep this view" not in finn.get("/processes")
    page = "/processes?q=deal+1&state=running&owner=&role=&definition="
    assert "Keep this view" in finn.get(page)
    assert post(finn, "/views", "/processes?q=x", of="nothing", name="X").status_code == 404
    sent = {"query": "q=deal+1&state=running", "name": " Small  ones ", "team": "finance"}
    kept = post(finn, "/views", page, **sent)
    assert kept.location == "/processes?q=deal+1&state=running"
    assert shelf(finn.get("/processes")) == "Small ones 2"
    assert 'aria-current="true"' in finn.get(kept.location)
    assert titles(finn.get(kept.location)) == ["Deal 1", "Deal 1"]
    # The team sees it, and cannot change it.
    assert shelf(fay.get("/processes")) == "Small ones 2"
    assert "Change this view" not in fay.get(kept.location)
    assert shelf(desk("olga").get("/processes")) == ""
    statements.clear()
    finn.get("/processes")
    # The views' numbers and one's teams come beside the eight of a list (test_lists).
    assert len(statements) <= 9
    # A fault comes back with what was typed; nothing is lost.
    post(finn, "/views", "/processes?overdue=1", query="overdue=1", name="Late", is_default="yes")
    [view] = makers.rows(SavedView, name="Late")
    again = post(finn, f"/views/{view.id}", view_page(view), name="Small ones", query="overdue=1")
    assert again.status_code == 422
    assert "You have a view of this name." in again.text
    assert 'value="Small ones"' in again.text
    # The list opens with the default one, until another filter is asked.
    assert finn.client.get("/processes").location == "/processes?overdue=1&state=running"
    assert len(titles(finn.get("/processes?state=running"))) == 3
    post(finn, f"/views/{view.id}", view_page(view), name="Late", query="overdue=1")
    assert finn.client.get("/processes").status_code == 200
    post(finn, f"/views/{view.id}/drop", view_page(view))
    assert [one.name for one in makers.rows(SavedView)] == ["Small ones"]


def post(desk: Desk, path: str, page: str, *, of: str = "processes", **typed: str) -> TestResponse:
    """Send a form that stands on that page of a list."""
    token = re.search(r'name="_csrf" value="([^"]+)"', desk.get(page))
    assert token
    return desk.client.post(path, data={"_csrf": token[1], "page": of, **typed})


def view_page(view: Any) -> str:
    return address(view.page, view.query)


def test_tasks_have_views_of_their_own(desk: Desks) -> None:
    process = makers.start(STEPS, head=HEAD, inputs={"amount": 1})
    makers.fill(process, company="Sea")
    verbs.keep("tasks", "Everybody’s", {"whose": "all"}, actor=people.staff("olga"))
    olga = desk("olga")
    assert shelf(olga.get("/tasks")) == "Everybody’s 1"
    assert shelf(olga.get("/processes")) == ""
    assert "Change this view" in olga.get("/tasks?whose=all&state=open")


@pytest.mark.usefixtures("app")
def test_a_view_has_a_name_of_its_own_and_a_team_of_its_members() -> None:
    olga = people.staff("olga")
    verbs.keep("tasks", "A", {}, actor=olga)
    for name, team, at in (("", None, "name"), ("a" * 61, None, "name"), ("A", None, "name"),
                           ("B", "finance", "team")):  # fmt: skip
        with pytest.raises(Faulty) as refused:
            verbs.keep("tasks", name, {}, team=team, actor=olga)
        assert [one.at for one in refused.value.faults] == [at]
    for n in range(verbs.MOST - 1):
        verbs.keep("tasks", str(n), {}, actor=olga)
    with pytest.raises(Faulty, match="Delete one first"):
        verbs.keep("tasks", "one more", {}, actor=olga)


def test_one_spelling_for_what_means_the_same() -> None:
    asked = {"state": "running", "q": " deal ", "owner": "", "cursor": "x", "overdue": "1"}
    assert canonical("processes", asked) == "q=deal&overdue=1"
    assert address("processes", "q=deal") == "/processes?q=deal&state=running"
    assert address("tasks", "") == "/tasks?whose=mine"
    assert canonical("tasks", {"whose": "mine", "state": "open"}) == ""


@pytest.mark.usefixtures("app")
def test_counts_stop_at_a_thousand(monkeypatch: pytest.MonkeyPatch, desk: Desks) -> None:
    for _ in range(3):
        makers.start(STEPS)
    monkeypatch.setattr(lists, "MOST", 3)
    verbs.keep("processes", "All", {"state": "any"}, actor=people.staff("dana"))
    assert shelf(desk("dana").get("/processes")) == "All 1000+"
    with db.reading() as conn:
        assert lists.count(conn, lists.task_columns()) == 3


def test_the_timeline_has_views_that_keep_zoom_and_filters(desk: Desks) -> None:
    for n in (1, 2):
        makers.start(STEPS, head=HEAD, inputs={"amount": n})
    finn, fay = desk("finn"), desk("fay")
    page = "/timeline?zoom=week&person=vera@vendor.example"
    assert "Keep this view" in finn.get(page)
    sent = {"query": "zoom=week&person=vera@vendor.example", "name": "Vera", "is_default": "yes"}
    kept = post(finn, "/views", page, of="timeline", team="finance", **sent)
    assert kept.status_code == 303
    opened = finn.client.get("/timeline").location
    assert opened == "/timeline?person=vera%40vendor.example&zoom=week&state=running"
    shown = finn.get(opened)
    assert shelf(shown) == "Vera 2 first"
    assert "Change this view" in shown
    assert shelf(fay.get("/timeline")) == "Vera 2"
    assert shelf(desk("olga").get("/timeline")) == ""
    again = post(finn, "/views", page, of="timeline", query="zoom=day", name="Vera")
    assert again.status_code == 422
    assert "You have a view of this name." in again.text
    post(finn, "/views", page, of="timeline", query="state=all&overdue=1", name="Late, all")
    post(finn, "/views", page, of="timeline", query="state=all", name="All")
    post(finn, "/views", page, of="timeline", query="state=completed&overdue=1", name="None")
    told = shelf(finn.get("/timeline?state=running"))
    assert told == "All 2 Late, all 0 None 0 Vera 2 first"


def test_a_shared_view_outlives_its_maker_in_the_team_and_ends_when_the_team_says_so(
    desk: Desks,
) -> None:
    finn, query = people.staff("finn"), {"overdue": "1"}
    view = verbs.keep("processes", "Late", query, team="finance", actor=finn)
    fay = desk("fay")
    with pytest.raises(Unknown):
        verbs.drop(view, actor=people.staff("fay"))
    with db.transaction() as tx:
        tx.execute(sa.delete(TeamMember).where(TeamMember.user_id == "finn"))
    left = replace(finn, team_ids=frozenset())
    page = fay.get("/processes?overdue=1")
    assert shelf(page) == "Late 0"
    assert "Finn Finance made this view and is in the team no more." in page
    verbs.change(view, "Overdue", team="finance", actor=left)  # as it was shared, so it stays
    assert shelf(fay.get("/processes")) == "Overdue 0"
    with pytest.raises(Unknown):
        verbs.drop(view, actor=people.staff("olga"))
    assert verbs.drop(view, actor=people.staff("fay")) == "processes"
    assert makers.rows(SavedView) == []


@pytest.mark.usefixtures("app")
def test_the_database_has_one_default_for_each_list_of_a_person() -> None:
    dana = people.staff("dana")
    for page in ("tasks", "timeline"):
        for name in ("A", "B"):
            verbs.keep(page, name, {}, is_default=True, actor=dana)
    firsts = [(one.page, one.name) for one in makers.rows(SavedView) if one.is_default]
    assert sorted(firsts) == [("tasks", "B"), ("timeline", "B")]
    with pytest.raises(IntegrityError), db.transaction() as tx:
        tx.execute(sa.update(SavedView).values(is_default=True))
