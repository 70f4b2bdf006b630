"""What somebody may not see is not there: every address that names it answers as for nothing."""

import re

import pytest
from flask import Flask

from portal.actions import sights
from portal.models import Process
from tests import makers, people
from tests.web import test_routes
from tests.web.callers import Caller, World, at_the_desk, by_token, new_world
from tests.web.test_routes import API, API_CALLERS, PAGE_CALLERS, PAGES, app, filled, table

__all__ = ["app"]

# Whatever in an address belongs to one process; a batch is its maker's own.
OF_A_PROCESS = {
    "process_id", "task_id", "details", "papers", "look", "team", "wish", "stuck", "question_id",
    "doubt_id", "exception_id", "trouble_id",
}  # fmt: skip
NOTHING = "0197a1b2-0000-7000-8000-00000000dead"


def about_a_process(text: str) -> list[tuple[str, str]]:
    """The rows of a table that name something of a process, but for those of people outside.

    Nor those of an auditor's room, where staff are strangers whatever they may see.
    """
    names = ((row, re.findall(r"<(?:path:)?(\w+)>", row[1])) for row in table(text))
    return [
        row
        for row, said in names
        if OF_A_PROCESS & set(said) and not row[1].startswith(("/w/", "/room/"))
    ]


def told(caller: Caller, world: World, method: str, rule: str) -> tuple[int, str]:
    """Status and text of an answer, without what each page has anew."""
    sent = {"json": test_routes.REASON} if rule.startswith("/api/") else test_routes.REASON
    typed = filled(world, test_routes.TYPED.get(rule, sent))
    test_routes.entry.forget_callers()
    answer = caller.call(method, world.path(rule), typed)
    text = re.sub(r'[0-9a-f-]{36}|value="[^"]*"|\d\d:\d\d(:\d\d)?', "", answer.text)
    return answer.status_code, text


@pytest.mark.parametrize(("text", "is_api"), [(PAGES, False), (API, True)])
def test_whoever_may_not_see_a_process_is_answered_as_if_it_were_not_there(
    app: Flask, text: str, is_api: bool
) -> None:
    world = new_world(app)
    sights.restrict("demo", actor=people.staff("dana"))
    nothing = World(NOTHING, {**world.names, **dict.fromkeys(OF_A_PROCESS, NOTHING)})
    caller = by_token(app, "olga") if is_api else at_the_desk(app, "olga")
    wrong = []
    rows = about_a_process(text)
    assert len(rows) > 30
    for method, rule in rows:
        hidden, absent = (told(caller, one, method, rule) for one in (world, nothing))
        if hidden[0] != 404 or hidden != absent:
            wrong.append(f"{method} {rule}: {hidden[0]} and {absent[0]}")
    assert wrong == []


@pytest.mark.parametrize(("text", "is_api"), [(PAGES, False), (API, True)])
def test_a_definition_of_which_nobody_let_them_see_anything_is_not_there_either(
    app: Flask, text: str, is_api: bool
) -> None:
    world = new_world(app)
    sights.restrict("demo", actor=people.staff("dana"))
    nothing = World(world.process, {**world.names, "key": "none"})
    caller = by_token(app, "olga") if is_api else at_the_desk(app, "olga")
    rows = [(how, rule) for how, rule, *_ in table(text) if how == "GET" and "<key>" in rule]
    assert len(rows) > 3
    for how, rule in rows:
        hidden, absent = (told(caller, one, how, rule) for one in (world, nothing))
        assert hidden == absent, rule
        assert hidden[0] == 404, rule
    listed = ["definitions"] if is_api else [
        "definitions", "automations", "automations.csv", "processes", "processes/new", "timeline",
        "insights", "search.json",
    ]  # fmt: skip
    for place in listed:
        path = f"/api/v1/{place}" if is_api else f"/{place}"
        assert "demo" not in caller.call("GET", path, {}).text.lower(), place
    before = len(makers.rows(Process))
    body = {
        "definition": "demo",
        "inputs": {"amount": "5"},
        "participants": {"vendor": people.VERA},
    }
    sent = {"json": body} if is_api else {"in.amount": "5"}
    path = "/api/v1/processes" if is_api else "/processes/new/demo"
    assert caller.call("POST", path, sent).status_code == (422 if is_api else 404)
    assert len(makers.rows(Process)) == before


@pytest.mark.parametrize("name", ["finn", "dana", "aud", "ada", "tool"])
def test_whoever_may_see_it_is_answered_as_before_on_every_page(app: Flask, name: str) -> None:
    new_world(app)
    sights.restrict("demo", actor=people.staff("dana"))
    found = test_routes.differences(app, PAGE_CALLERS[name], PAGES, name)
    # Only who answers for it publishes a version, which names whoever sees all of it.
    publishing = ["POST /definitions/publish: 403 and not 303"] if name == "finn" else []
    assert found == publishing


@pytest.mark.parametrize("name", ["finn", "dana", "aud", "ada", "sys"])
def test_whoever_may_see_it_is_answered_as_before_by_every_call(app: Flask, name: str) -> None:
    new_world(app)
    sights.restrict("demo", actor=people.staff("dana"))
    found = test_routes.differences(app, API_CALLERS[name], API, name)
    assert found == (["POST /api/v1/definitions: 403 and not 201"] if name == "finn" else [])
