"""The combined timeline: a row a process, by court; narrowed, moved through time, opened, fresh."""

import re
from typing import Any

import pytest

from portal import clock as house_clock
from portal.actions import processes, questions, stretches, timers
from portal.models import Timer
from tests import makers, people
from tests.web.staff.conftest import Desk

STEPS = """\
  - id: details
    name: Company details
    assign: vendor
    due: 4 days
    pick_up: 30 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: review, name: Review them, assign: buyer, approval: {question: Fine?}}
  - {id: pay, name: Pay them, assign: finance, task: {}}"""
ROW = re.compile(r'<li id="p-([^"]+)"(.*?)</li>', re.DOTALL)


def rows(page: str) -> dict[str, str]:
    """The rows of a page by their processes."""
    return dict(ROW.findall(page))


def bands(row: str) -> list[str]:
    """The courts that a row is painted with, and whether they lie ahead."""
    return re.findall(r'class="?k-(\w+(?: f)?)', row)


def ring() -> None:
    now = house_clock.now()
    timers.ring([row.id for row in makers.rows(Timer) if row.rings_at <= now])


def follow() -> None:
    while stretches.follow():
        pass


@pytest.mark.parametrize("is_told", [True, False])
def test_a_row_tells_in_whose_court_the_ball_was(
    desk: Any, clock: house_clock.Clock, is_told: bool
) -> None:
    process = makers.start(STEPS)
    clock.advance(days=3)
    makers.fill(process, company="Sea")
    clock.advance(days=2)
    if is_told:
        follow()
    dana: Desk = desk("dana")
    row = rows(dana.get("/timeline"))[process]
    assert "Dana Owner since Thu 26 Nov" in row
    assert "2 days with us and 3 days with them" in row
    assert bands(row) == ["ours", "theirs"]
    # Before it began, and after.
    assert process not in dana.get("/timeline?zoom=week&from=2026-11-02")
    assert "with them" in dana.get("/timeline?zoom=day&from=2026-11-24T06:00")
    assert bands(rows(dana.get("/timeline?zoom=week&from=2027-01-04"))[process]) == []


def test_a_row_tells_what_is_due_what_is_late_and_what_nobody_took_up(
    desk: Any, clock: house_clock.Clock
) -> None:
    on_time = makers.start(STEPS)
    missed = makers.start(STEPS.replace("pick_up: 30 days", "pick_up: 1 hour"))
    assert bands(rows(desk("ada").get("/timeline"))[on_time]) == ["theirs f"]  # it just began
    clock.advance(hours=6)
    ring()
    clock.advance(days=5)
    found = rows(desk("dana").get("/timeline?overdue=1"))
    assert "Vera Vendor since Mon 23 Nov, 1 day late" in found[on_time]
    assert "1 day late, not taken up" in found[missed]
    assert bands(found[missed]) == ["theirs", "nobody"]
    assert "class=late" in found[on_time]


def test_the_timeline_is_narrowed_and_keeps_what_it_was_narrowed_to(desk: Any) -> None:
    first = makers.start(STEPS)
    second = makers.start(STEPS, vendor=people.OTTO)
    makers.fill(second, company="Sea")
    makers.decide(second)
    makers.start(STEPS)
    ended = makers.start(STEPS)
    processes.cancel(ended, "No more.", actor=people.staff("dana"))
    dana: Desk = desk("dana")
    for asked, wanted in {
        "person=otto@other.example": {second},
        "team=finance": {second},
        "owner=ada@example.com": set(),
        "state=cancelled": {ended},
        "state=ended": {ended},
        "definition=other": set(),
    }.items():
        page = dana.get(f"/timeline?{asked}&zoom=week")
        assert set(rows(page)) == wanted, asked
        assert f"/timeline?zoom=year&amp;{asked.replace('@', '%40')}" in page, asked
    # The feed tells of the same, and leads back to it.
    narrowed = dana.get("/timeline?person=otto@other.example&definition=demo")
    feed = "/timeline/feed?definition=demo&amp;email=otto%40other.example"
    assert f'href="{feed}"' in narrowed
    back = "/timeline?definition=demo&amp;person=otto%40other.example"
    assert f'href="{back}"' in dana.get(feed.replace("&amp;", "&"))
    everything = list(rows(dana.get("/timeline?state=all")))
    assert len(everything) == 4
    assert everything[-1] == ended
    assert first in everything
    assert dana.client.get("/timeline?cursor=x").status_code == 422
    assert dana.get("/timeline?zoom=century&from=never&state=odd").count("<li id=") == 3


def test_a_row_opens_into_lanes_by_person_with_the_verbs_that_move_it_on(
    desk: Any, clock: house_clock.Clock
) -> None:
    process = makers.start(STEPS)
    one = makers.task(process, "details")
    clock.advance(days=1)
    questions.block(one.id, "No.", actor=makers.actor_of(one), nonce=None)
    clock.advance(hours=2)
    dana: Desk = desk("dana")
    for path in (f"/timeline/{process}", f"/timeline/{process}?part=row&zoom=week"):
        page = dana.get(path)
        assert "“Company details”: Vera Vendor, from Mon 23 Nov 09:00 to Tue 24 Nov 09:00" in page
        assert "since Tue 24 Nov 09:00 (2 hours, with us; they could not go on without us)" in page
        assert f'action="/processes/{process}/tasks/{one.id}/remind"' in page
        assert f"/processes/{process}#task-{one.id}" in page
        assert "So far 1 day: 2 hours with us and 1 day with them." in page
        coming = re.search(r"<strong>Next:</strong> ([^<]*)", page)
        assert coming is not None
        assert "27 Nov 2026" in coming[1]
        assert "Review them" in coming[1].partition("Then: ")[2]
    assert "<html" not in dana.get(f"/timeline/{process}?part=row")
    assert "/remind" not in desk("aud").get(f"/timeline/{process}")
    dana.get("/timeline/nope", 404)


def test_whoever_has_the_rows_already_is_sent_nothing(desk: Any, clock: house_clock.Clock) -> None:
    process = makers.start(STEPS)
    clock.advance(hours=5)
    client = desk("dana").client
    first = client.get("/timeline?part=rows")
    assert set(rows(first.text)) == {process}
    tag = {"If-None-Match": first.headers["ETag"]}
    clock.advance(seconds=20)
    assert client.get("/timeline?part=rows", headers=tag).status_code == 304
    makers.fill(process, company="Sea")
    assert client.get("/timeline?part=rows", headers=tag).status_code == 200


def test_a_hundred_rows_are_no_heavy_page(desk: Any, clock: house_clock.Clock) -> None:
    """However much happened in each of them."""
    makers.start(STEPS.replace("approval: {question: Fine?}",
                 "approval: {question: Fine?, on_changes: {return_to: details}}"))  # fmt: skip
    for _ in range(101):
        process = makers.start_again()
        for _ in range(2):
            clock.advance(minutes=7)
            makers.fill(process, company="Sea")
            clock.advance(minutes=5)
            makers.decide(process, "request_changes")
    follow()
    dana: Desk = desk("dana")
    page = dana.get("/timeline?zoom=day")
    assert page.count("<li id=") == 100
    assert len(page.encode()) < 100_000
    link = re.search(r'class="next"><a [^>]*href="([^"]+)"', page)
    assert link is not None
    rest = dana.get(link[1].replace("&amp;", "&"))
    assert rest.count("<li id=") == 2
    assert not set(rows(rest)) & set(rows(page))
