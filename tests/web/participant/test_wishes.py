"""What somebody outside chooses on the page of all their work."""

from typing import Any

from portal.clock import Clock
from portal.models import Task as Tasks
from tests import makers
from tests.web.participant.conftest import Visitor, hidden_in


def test_a_time_zone_and_the_day_of_a_reminder_are_chosen_on_the_page(
    visitor: Visitor, task: Any, clock: Clock
) -> None:
    place = visitor.enter(task)
    page = visitor.get("/w")
    assert "Thu 26 Nov 2026, 09:00 (UTC)" in page
    faulty = visitor.send("/w/timezone", "/w", timezone="Moon")
    assert (faulty.status_code, "Choose one of the time zones" in faulty.text) == (422, True)
    assert visitor.send("/w/timezone", "/w", timezone="Asia/Tokyo").location == "/w?said=timezone"
    assert "autofocus>Moments are told in the time zone Asia/Tokyo" in visitor.get(
        "/w?said=timezone"
    )
    assert "Thu 26 Nov 2026, 18:00 (Tokyo)" in visitor.get("/w")
    assert "Thu 26 Nov 2026, 18:00 (Tokyo)" in visitor.get(place)
    assert '<option value="Asia/Tokyo" selected>' in visitor.get("/w")

    snooze = f"{place}/snooze"
    faulty = visitor.send(snooze, "/w", day="later")
    assert (faulty.status_code, 'value="later"' in faulty.text) == (422, True)
    assert visitor.send(snooze, "/w", day="2026-11-25").location == f"/w?said=snooze-{task.id}"
    assert "<summary autofocus>Reminded on Wed" in visitor.get(f"/w?said=snooze-{task.id}")
    assert "Reminded on Wed 25 Nov 2026" in visitor.get("/w")
    assert str(makers.rows(Tasks, id=task.id)[0].snoozed_on) == "2026-11-25"

    assert visitor.send("/w/digest", "/w", wanted="yes").location == "/w?said=digest"
    assert "They come in one mail a day" in visitor.get("/w")
    assert visitor.send("/w/digest", "/w").location == "/w?said=digest"
    assert "Each comes in a mail of its own" in visitor.get("/w")


def test_whoever_chooses_without_end_is_asked_to_wait(visitor: Visitor, task: Any) -> None:
    place = visitor.enter(task)
    hidden = hidden_in(visitor.get("/w"))
    days = [f"2026-11-{24 + n % 7}" for n in range(61)]
    sent = [visitor.post(f"{place}/snooze", {**hidden, "day": day}) for day in days]
    assert [one.status_code for one in sent[-2:]] == [303, 429]
