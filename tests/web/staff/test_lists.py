"""Lists: filters, paging by cursor, and a ceiling on statements that holds at any length."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from portal import clock as house_clock
from portal.actions import stretches
from tests import makers, people
from tests.web.staff.conftest import Desk
from tests.web.staff.test_timeline import ring

Desks = Callable[[str], Desk]
CEILING = 8
STEPS = """\
  - id: details
    name: Company details
    assign: vendor
    due: 3 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: review, name: Review it, assign: buyer, approval: {question: Fine?}}
  - {id: pay, name: Pay them, assign: finance, task: {instructions: Pay.}}"""
HEAD = makers.HEAD + 'title: "Deal {{ inputs.amount }}"\n'


def some(n: int) -> list[str]:
    """So many processes, and the scheduler has told who holds them."""
    made = [makers.start(STEPS, head=HEAD, inputs={"amount": i}) for i in range(n)]
    stretches.follow()
    return made


def titles(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/processes/[^"]+">([^<]+)</a>', page)


def test_filters_narrow_and_say_when_nothing_fits(desk: Desks) -> None:
    first, *_ = some(3)
    makers.fill(first, company="Sea")
    dana = desk("dana")
    assert sorted(titles(dana.get("/processes"))) == ["Deal 0", "Deal 1", "Deal 2"]
    assert titles(dana.get("/processes?q=Deal 1")) == ["Deal 1"]
    assert len(titles(dana.get("/processes?q=VERA@vendor"))) == 3
    assert titles(dana.get("/processes?state=completed")) == []
    assert "No process matches this" in dana.get("/processes?overdue=1")
    assert len(titles(dana.get("/processes?definition=demo&owner=dana@example.com"))) == 3
    assert titles(dana.get("/processes?owner=olga@example.com")) == []
    assert titles(dana.get("/processes?role=astronaut")) == []


def test_what_was_not_taken_up_says_so_and_is_found(
    app: Flask, desk: Desks, clock: house_clock.Clock
) -> None:
    offered = STEPS.replace("due: 3 days", "due: 3 days\n    pick_up: 1 hour")
    left, taken, later = (makers.start(offered, head=HEAD, inputs={"amount": i}) for i in range(3))
    makers.enter(makers.task(taken, "details"))
    clock.advance(hours=6)
    ring()
    makers.fill(later, company="Sea")
    dana = desk("dana")
    page = dana.get("/processes")
    assert page.count("not taken up") == 1
    assert re.search(rf'{left}">Deal 0</a>.*?not taken up', page, re.DOTALL)
    for asked in ("unmet=1", "unmet=1&state=any", "unmet=1&owner=dana@example.com&q=deal"):
        assert titles(dana.get(f"/processes?{asked}")) == ["Deal 0"], asked
    assert titles(dana.get("/processes?unmet=1&state=completed")) == []
    chosen = dana.get("/processes?unmet=1")
    assert '<input type="hidden" name="unmet" value="1">' in chosen
    makers.enter(makers.task(left, "details"))
    assert "No process matches this" in dana.get("/processes?unmet=1")


def test_paging_shows_every_process_once(desk: Desks) -> None:
    some(53)
    dana, page, seen = desk("dana"), "/processes?state=any", []
    while page:
        shown = dana.get(page)
        seen += titles(shown)
        more = re.search(r'<p class="more"><a class="button quiet" href="([^"]+)"', shown)
        page = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 53


def test_a_made_up_cursor_is_a_plain_fault(desk: Desks) -> None:
    for path in ("/processes?cursor=x", "/tasks?cursor=%00"):
        assert desk_status(desk, path) == 422
    assert desk_status(desk, "/timeline/feed?before=x&group=nope") == 200


def desk_status(desk: Desks, path: str) -> int:
    name = f"{'ada' if 'tasks' in path else 'fay' if 'timeline' in path else 'dana'}"
    return desk(name).client.get(path).status_code


def test_the_desk_tells_what_waits_what_is_stuck_and_what_is_late(
    desk: Desks, clock: house_clock.Clock
) -> None:
    first, second, _ = some(3)
    makers.fill(first, company="Sea")
    clock.advance(days=4)
    makers.fill(second, company="Sky")
    page = desk("dana").get("/")
    assert "2 tasks wait for you and 1 process of yours is late." in page
    assert "2 running processes are in time." in page
    assert "Review it" in page
    assert "No worker is running" in page


def test_a_team_sees_its_tasks(desk: Desks) -> None:
    [process] = some(1)
    makers.fill(process, company="Sea")
    makers.decide(process)
    assert "Pay them" in desk("finn").get("/tasks")
    assert "Pay them" not in desk("olga").get("/tasks")
    assert "Pay them" in desk("aud").get("/tasks?whose=all")


def test_the_timeline_is_told_in_sentences_and_narrowed(desk: Desks) -> None:
    first, _ = some(2)
    makers.fill(first, company="Sea")
    dana = desk("dana")
    page = dana.get("/timeline/feed")
    assert "Vera Vendor sent “Company details”." in page
    assert page.count("Dana Owner started") == 2
    only = dana.get("/timeline/feed?group=form")
    assert "sent “Company details”" in only
    assert "started" not in only
    assert "started" not in dana.get("/timeline/feed?definition=other")
    assert "started" not in dana.get("/timeline/feed?email=otto@other.example")
    assert "started" in dana.get("/timeline/feed?email=vera@vendor.example")


PAGES = [
    "/", "/processes", "/processes?q=deal&state=any&definition=demo&role=vendor", "/tasks",
    "/tasks?whose=all", "/timeline", "/timeline/feed?group=form", "/definitions",
    "/definitions/demo", "/processes/new", "/processes/new/demo", "/definitions/publish?of=demo",
    "/exceptions",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_more_statements_for_more_rows(
    app: Flask, desk: Desks, statements: list[str], path: str
) -> None:
    some(5)
    dana = desk("dana")
    dana.get(path)
    statements.clear()
    dana.get(path)
    silence = 1  # of the night shift, asked every few seconds and not for each page
    few = len(statements) + silence
    some(45)
    app.extensions.pop("staff_silences")
    statements.clear()
    dana.get(path)
    assert len(statements) <= CEILING + silence
    # A page that is not full asks once more, for what has no due time.
    assert len(statements) <= few + 1


def test_one_process_stays_under_the_ceiling_however_long_it_ran(
    desk: Desks, statements: list[str]
) -> None:
    back = "{question: Fine?, on_changes: {return_to: details}}"
    steps = STEPS.replace("{question: Fine?}", back)
    process = makers.start(steps)
    dana, page = desk("dana"), f"/processes/{process}"
    for _ in range(12):
        makers.fill(process, company="Sea")
        makers.decide(process, "request_changes")
    stretches.follow()
    dana.get(page)
    statements.clear()
    shown = dana.get(page)
    # Its handoffs are told from the ledger, what is to come from its timers, its questions,
    # what was added to it, how each step stands, who had it when, who answered, who is away,
    # who looked at its files, and how often somebody was reminded.
    assert len(statements) <= CEILING + 15
    assert "<summary>Show the diagram</summary>" in shown
    assert "came back" in shown
    assert "Show earlier" in shown or shown.count('class="line') > 60


def test_people_are_for_admins_and_auditors(desk: Desks, statements: list[str]) -> None:
    assert desk("dana").client.get("/people").status_code == 403
    page = desk("ada").get("/people")
    assert all(full in page for full, _, _ in people.STAFF.values())
    assert "End it" not in desk("aud").get("/people")
