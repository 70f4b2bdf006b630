"""The desk: each thing with the one action that moves it on, and news without asking for them."""

import re

from portal import clock as house_clock
from tests import makers
from tests.web.staff.test_start import Desks
from tests.web.staff.test_timeline import ring

STEPS = """\
  - {id: details, name: Details, assign: vendor, due: 2 days, remind: [],
     form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: pay, name: Pay them, assign: buyer, task: {}}
"""


def test_each_thing_has_its_one_action(desk: Desks, clock: house_clock.Clock) -> None:
    late = makers.start(STEPS)
    mine = makers.start(STEPS, vendor={"email": "o@o.example", "name": 'Otto "O" <O>'})
    makers.fill(mine, company="Sea")
    clock.advance(days=3)
    dana = desk("dana")
    page = dana.get("/")
    task = makers.task(late, "details")
    assert f'href="/tasks/{makers.task(mine, "pay").id}" aria-label="Do it: Pay them"' in page
    sent = dana.send(f"/processes/{late}/tasks/{task.id}/remind", page="/", _from="desk")
    assert sent.location == "/"
    assert [row.ref["task"] for row in makers.owed(late, "mail.reminder")] == [task.id]
    assert "A reminder is on its way." in dana.get("/")


def test_the_desk_says_whether_it_has_news(desk: Desks) -> None:
    dana = desk("dana")

    def print_of(page: str) -> str:
        found = re.search(r'data-live="(\w+)"', page)
        assert found is not None
        return found[1]

    before = print_of(dana.get("/"))
    assert print_of(dana.get("/")) == before
    makers.fill(makers.start(STEPS), company="Sea")
    assert print_of(dana.get("/")) != before


def test_what_is_late_and_was_not_taken_up_stands_once_with_both(
    desk: Desks, clock: house_clock.Clock
) -> None:
    unmet = STEPS.replace("due: 2 days", "due: 2 days, pick_up: 1 hour")
    late, in_time = makers.start(unmet), makers.start(unmet.replace("2 days", "9 days"))
    mine = makers.start(STEPS.replace("task: {}", "due: 1 day, task: {}"))
    makers.fill(mine, company="Sea")
    clock.advance(hours=6)
    ring()
    clock.advance(days=3)
    page = desk("dana").get("/")
    assert "Vera Vendor has not taken up “Details”. It was expected by" in page
    assert page.count(f'href="/processes/{in_time}#task-') == 2
    assert f"/processes/{late}#task-" not in page
    assert page.count(f'href="/processes/{late}">') == 1
    assert "(“Details”) since Mon 23 Nov, not taken up, overdue by 1 day." in page
    # Nobody is asked to remind themselves: one's own late task stands as a task alone.
    assert f'href="/processes/{mine}">' not in page.split('id="late"')[1]
    told = "1 task waits for you, 1 handoff is not taken up and 1 process of yours is late."
    assert told in page
