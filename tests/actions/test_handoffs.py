"""Handoffs: taken up in time or flagged, passed on with limits, and told to both sides."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import clock as house_clock
from portal import db
from portal.actions import forms, handoffs, links, processes, tasks, timers, troubles
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import Conflict, Faulty, LinkRevoked, NotYours, PortalError, TaskDone, Unknown
from portal.ledger.verify import verify
from portal.models import Link, Participant
from portal.readings import export, letters
from portal.readings import handoffs as readings
from tests import makers, people
from tests.actions.test_races import at_once, is_sound
from tests.conftest import MONDAY

DANA, FINN, FAY = people.staff("dana"), people.staff("finn"), people.staff("fay")
ULLA = {"email": "ulla@third.example", "name": "Ulla “U” O’Third"}
SEA = JsonSent({"company": "Sea"})


def form(more: str = "") -> str:
    return makers.FORM.replace("assign: vendor,", f"assign: vendor, {more}")


DUE = form("due: 4 days,")


def ring(process: str) -> None:
    due = [row.id for row in makers.timers(process) if row.rings_at <= house_clock.now()]
    timers.ring(due)


def clocks(process: str) -> list[datetime]:
    """When the open handoffs should have been taken up."""
    return [row.rings_at for row in makers.timers(process) if row.kind == "pick_up"]


def mail(process: str, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """To whom a kind of mail that is owed now goes, and what it tells."""
    found = []
    for row in sorted(makers.owed(process, f"mail.{kind}"), key=lambda one: one.made_at):
        with db.reading() as conn:
            owed = letters.of(conn, row.kind, row.ref, made_at=row.made_at, tz="UTC")
        found += [(one.to.email, dict(one.facts)) for one in owed]
    return found


def told(process: str) -> list[readings.Handoff]:
    with db.reading() as conn:
        return readings.of_process(conn, process)


def is_verified(process: str) -> bool:
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]
    return verify(lines).verdict == 0 and is_sound(process)


def refusal(verb: Any, *given: Any, **more: Any) -> tuple[str, list[str]]:
    """What a verb refuses with, and the places of its faults."""
    with pytest.raises(PortalError) as refused:
        verb(*given, **more)
    faults = refused.value.faults if isinstance(refused.value, Faulty) else []
    return type(refused.value).__name__, [one.at for one in faults]


# By when


@pytest.mark.parametrize(
    ("keys", "by"),
    [
        ("due: 4 days,", timedelta(days=2)),
        ("due: 3 hours,", timedelta(hours=1.5)),
        ("due: 4 business days,", timedelta(days=2)),
        ("due: 5 business days,", timedelta(days=3.5)),  # half of a week with its weekend
        ("due: {at: 'date(\"2026-11-27\")'},", timedelta(days=2, hours=4)),
        ("due: 4 days, pick_up: 6 hours,", timedelta(hours=6)),
        ("pick_up: 1 business day,", timedelta(days=1)),
        ("", None),
        ("due: {at: 'date(\"2026-11-20\")'},", None),  # past already: nothing is left to halve
    ],
)
def test_half_of_the_time_to_due_is_for_taking_it_up(keys: str, by: timedelta | None) -> None:
    process = makers.start(form(keys))
    task = makers.task(process, "details")
    assert task.pick_up_by == (by and MONDAY + by)
    assert clocks(process) == ([MONDAY + by] if by else [])


def test_what_nobody_takes_up_is_flagged_once_and_its_owner_told_once(clock: Clock) -> None:
    process = makers.start(DUE)
    clock.advance(days=2)
    ring(process)
    ring(process)
    [event] = makers.events(process, "handoff.missed")
    assert event["data"]["pick_up_by"].startswith("2026-11-25T09:00")
    [(to, facts)] = mail(process, "handoff")
    assert (to, facts["people"], facts["is_yours"]) == ("dana@example.com", ["Vera Vendor"], False)
    with db.reading() as conn:
        [seen] = readings.to_see(conn, "dana", frozenset())
        assert not readings.to_see(conn, "olga", frozenset({"finance"}))
    assert (seen.name, seen.is_wish) == ("Details", 0)
    makers.enter(makers.task(process, "details"))
    assert mail(process, "handoff") == [], "somebody has it now"
    with db.reading() as conn:
        assert not readings.to_see(conn, "dana", frozenset())
    [one] = told(process)
    assert one.missed_at == one.picked_up_at == MONDAY + timedelta(days=2)
    assert is_verified(process)


def test_the_press_behind_the_link_stops_the_clock_and_a_new_hand_starts_another(
    clock: Clock,
) -> None:
    process = makers.start(DUE)
    task = makers.task(process, "details")
    makers.enter(task)
    assert clocks(process) == []
    clock.advance(days=1)
    tasks.reassign(task.id, people.OTTO, "Vera is away.", actor=DANA)
    assert clocks(process) == [MONDAY + timedelta(days=2.5)], "half of the three days left"
    clock.advance(days=1.5)
    ring(process)
    [missed] = makers.events(process, "handoff.missed")
    assert missed["data"]["to_participant"] == makers.task(process, "details").participant_id
    assert makers.process(process).waiting[0]["since"].startswith("2026-11-24")


def test_overdue_work_given_on_has_as_much_time_as_the_first_had(clock: Clock) -> None:
    process = makers.start(
        form("due: 4 days, remind: [], escalate: [{after: 1 day, to: buyer, then: reassign}],")
    )
    clock.advance(days=6)  # everything rings at once: what was missed was missed by Vera
    ring(process)
    [missed] = makers.events(process, "handoff.missed")
    [given] = makers.events(process, "task.reassigned")
    assert missed["seq"] < given["seq"]
    assert clocks(process) == [MONDAY + timedelta(days=8)]
    assert [to for to, _ in mail(process, "reassigned")] == ["vera@vendor.example"]
    assert [to for to, _ in mail(process, "invite")][-1] == "dana@example.com"
    assert mail(process, "handoff") == []


def test_an_answer_shows_that_it_was_taken_up_and_nothing_rings_for_what_is_closed(
    clock: Clock,
) -> None:
    process = makers.start(form("pick_up: 1 day,"))
    late = [row.id for row in makers.timers(process)]
    clock.advance(hours=3)
    makers.fill(process, company="Sea")
    done = makers.task(process, "details", state="done")
    assert done.picked_up_at == done.done_at
    other = makers.start(form("pick_up: 1 day,"))
    processes.cancel(other, "No.", actor=DANA)
    clock.advance(days=3)
    timers.ring(late)
    assert makers.timers(process) == makers.timers(other) == []
    assert not makers.events(process, "handoff.missed")
    [one] = told(process)
    assert (one.waited(MONDAY), one.worked(MONDAY)) == (timedelta(hours=3), timedelta())


def test_staff_take_work_up_once_and_a_look_does_not(clock: Clock) -> None:
    process = makers.start("  - {id: check, assign: buyer, due: 2 days, task: {}}\n")
    task = makers.task(process, "check")
    clock.advance(hours=5)
    assert at_once([lambda: handoffs.take_up(task.id, actor=DANA)] * 2) == {"done": 2}
    assert makers.types(process).count("task.picked_up") == 1
    assert clocks(process) == []
    assert refusal(handoffs.take_up, task.id, actor=FINN)[0] == "NotYours"
    clock.advance(hours=2)
    makers.tick(process, "check")
    [one] = told(process)
    assert (one.picked_up_by, one.ended) == ("Dana Owner", "done")
    waited, worked = one.waited(house_clock.now()), one.worked(house_clock.now())
    assert (waited, worked) == (timedelta(hours=5), timedelta(hours=2))
    with pytest.raises(TaskDone):
        handoffs.take_up(task.id, actor=DANA)


def test_of_two_who_claim_a_teams_task_one_has_it_and_the_rest_of_the_team_is_told() -> None:
    process = makers.start("  - {id: pay, assign: finance, due: 2 days, task: {}}\n")
    task = makers.task(process, "pay")
    both = [lambda: handoffs.take_up(task.id, actor=FINN), lambda: tasks.claim(task.id, actor=FAY)]
    assert at_once(both)["done"] == 1
    holder = makers.task(process, "pay").holder_id
    [(to, facts)] = mail(process, "claimed")
    assert {to, facts["holder"]} in (
        {"fay@example.com", "Finn Finance"},
        {"finn@example.com", "Fay Finance"},
    )
    assert to != f"{holder}@example.com"
    assert clocks(process) == []


# Passed on


def test_somebody_outside_passes_their_task_on_and_both_are_told(clock: Clock) -> None:
    process = makers.start(DUE)
    task = makers.task(process, "details")
    vera = makers.enter(task)
    clock.advance(hours=6)
    assert handoffs.delegate(task.id, people.OTTO, "He has the papers.", actor=vera)
    assert handoffs.delegate(task.id, people.OTTO, "He has the papers.", actor=vera), "twice"
    assert makers.types(process).count("task.delegated") == 1
    with pytest.raises(LinkRevoked):
        forms.submit(task.id, SEA, actor=vera)
    [(to, receipt)] = mail(process, "delegated")
    assert to == "vera@vendor.example"
    assert (receipt["whom"], receipt["entry"].type) == (people.OTTO, "task.delegated")
    [(to, invitation)] = mail(process, "invite")[-1:]
    assert (to, invitation["passed_by"]) == ("otto@other.example", "Vera Vendor")
    assert clocks(process), "a clock of Otto's own"
    otto = makers.enter(makers.task(process, "details"))
    clock.advance(hours=1)
    forms.submit(task.id, SEA, actor=otto)
    first, second = told(process)
    assert (first.ended, second.how, second.by, second.number) == (
        "handed_on", "delegated", "Vera Vendor", 2,
    )  # fmt: skip
    assert second.came_from == people.VERA
    assert second.reason == "He has the papers."
    assert is_verified(process)


def test_of_several_who_may_do_it_one_passes_on_their_own_part_alone() -> None:
    steps = makers.FORM.replace("assign: vendor", "assign: [vendor, second]")
    process = makers.start(steps, participants={"second": people.OTTO})
    task = makers.task(process, "details")
    [old] = makers.rows(Link, task_id=task.id, participant_id=task.others[0])
    otto = people.guest(task.others[0], people.OTTO, old.id)
    links.enter(makers.access.mint(old.id, 1), browser=None, ip=None, agent=None)
    vera = people.guest(task.participant_id, people.VERA)
    assert handoffs.delegate(task.id, ULLA, "Not mine.", actor=vera)
    forms.submit(task.id, SEA, actor=otto)
    assert [to for to, _ in mail(process, "delegated")] == ["vera@vendor.example"]
    assert is_verified(process), "Otto's link lives on"


@pytest.mark.parametrize(
    ("to", "reason", "ends"),
    [
        (people.VERA, "Why.", ("Faulty", ["to.email"])),
        ({"email": "  VERA@vendor.example", "name": "V"}, "Why.", ("Faulty", ["to.email"])),
        ({"email": "nobody", "name": "N"}, "Why.", ("Faulty", ["to.email"])),
        ({"email": "otto@other.example"}, "Why.", ("Faulty", ["to.name"])),
        ({"email": "otto@other.example", "name": "O\x07"}, "Why.", ("Faulty", ["to.name"])),
        ({"email": "nobody"}, " ", ("Faulty", ["to.email", "to.name", "reason"])),
        (people.OTTO, "  ", ("Faulty", ["reason"])),
        (people.OTTO, "x" * 1001, ("Faulty", ["reason"])),
        ({"email": "aud@example.com", "name": "Aud"}, "Why.", ("Faulty", ["to.email"])),
    ],
)
def test_what_is_wrong_with_passing_on_is_said_at_its_place(
    to: dict[str, str], reason: str, ends: tuple[str, list[str]]
) -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    vera = makers.actor_of(task)
    assert refusal(handoffs.delegate, task.id, to, reason, actor=vera) == ends
    assert "task.delegated" not in makers.types(process)
    assert len(makers.rows(Participant, process_id=process)) == 3


def test_it_goes_in_no_circle_and_five_times_at_the_most() -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    chain = [{"email": f"n{n}@chain.example", "name": f"N{n}"} for n in range(6)]
    for n, to in enumerate(chain[:5]):
        holder = makers.enter(makers.task(process, "details"))
        back = [people.VERA, *chain][: max(n, 0)]
        for before in back:
            ended = refusal(handoffs.delegate, task.id, before, "Back.", actor=holder)
            assert ended == ("Faulty", ["to.email"])
        handoffs.delegate(task.id, to, "On.", actor=holder)
    last = makers.enter(makers.task(process, "details"))
    assert refusal(handoffs.delegate, task.id, chain[5], "On.", actor=last)[0] == "Conflict"
    forms.submit(task.id, SEA, actor=last)
    assert len(told(process)) == 6
    assert is_verified(process)


def test_nobody_passes_on_a_vote_to_whoever_may_not_have_it() -> None:
    process = makers.start(
        f"{makers.FORM}\n  - {{id: review, assign: [second, buyer], approval:"
        " {question: Well, separate_from: [details]}}\n",
        participants={"second": people.OTTO},
    )
    makers.fill(process, company="Sea")
    [vote] = [
        one
        for one in makers.rows(makers.Task, process_id=process, step="review")
        if one.holder_id is None
    ]
    otto = makers.enter(vote)
    dana = {"email": "dana@example.com", "name": "Dana"}
    for to in (people.VERA, dana):
        ended = refusal(handoffs.delegate, vote.id, to, "For me.", actor=otto)
        assert ended == ("Faulty", ["to.email"])
    handoffs.delegate(vote.id, ULLA, "For me.", actor=otto)


STAFF = "  - {id: check, assign: finance, MODE task: {}}\n"


def test_what_staff_have_to_do_stays_with_them_unless_it_says_otherwise_and_never_goes_out() -> (
    None
):
    process = makers.start(STAFF.replace("MODE", ""))
    task = makers.task(process, "check")
    olga = {"email": "olga@example.com", "name": "Olga"}
    assert refusal(handoffs.delegate, task.id, olga, "Why.", actor=FINN)[0] == "NotYours"
    process = makers.start(STAFF.replace("MODE", "delegate: allowed,"))
    task = makers.task(process, "check")
    tasks.claim(task.id, actor=FINN)
    me = {"email": "finn@example.com", "name": "Finn"}
    for to in (people.OTTO, me):
        ended = refusal(handoffs.delegate, task.id, to, "Why.", actor=FINN)
        assert ended == ("Faulty", ["to.email"])
    handoffs.delegate(task.id, olga, "Hers.", actor=FINN)
    assert makers.task(process, "check").holder_id == "olga"
    assert refusal(handoffs.delegate, task.id, me, "Back.", actor=people.staff("olga")) == (
        "Faulty", ["to.email"],
    )  # fmt: skip
    assert "finn@example.com" in [to for to, _ in mail(process, "delegated")]


def test_where_nobody_may_pass_it_on_a_crafted_post_is_refused() -> None:
    process = makers.start(form("delegate: no,"))
    task = makers.task(process, "details")
    for actor in (makers.actor_of(task), DANA.acting_on_behalf("She asked.")):
        with pytest.raises(NotYours, match="may not be passed on"):
            handoffs.delegate(task.id, people.OTTO, "Why.", actor=actor)
    otto = people.guest("nobody", people.OTTO)
    with pytest.raises(Unknown):
        handoffs.delegate(task.id, ULLA, "Why.", actor=otto)
    with pytest.raises(NotYours):
        handoffs.delegate(task.id, ULLA, "Why.", actor=FINN.acting_on_behalf("I may not."))


def test_the_owner_may_pass_it_on_in_the_assignees_place() -> None:
    process = makers.start(form("delegate: ask,"))
    task = makers.task(process, "details")
    by_dana = DANA.acting_on_behalf("On the phone.")
    assert handoffs.delegate(task.id, people.OTTO, "She asked.", actor=by_dana)
    assert [to for to, _ in mail(process, "delegated")] == ["vera@vendor.example"]


# With the owner's word


def wished() -> tuple[str, Any, Any]:
    """A process whose form Vera would have Otto do: process, task, Vera."""
    process = makers.start(form("delegate: ask,"))
    task = makers.task(process, "details")
    vera = makers.enter(task)
    assert not handoffs.delegate(task.id, people.OTTO, "He knows.", actor=vera)
    assert not handoffs.delegate(task.id, people.OTTO, "He knows.", actor=vera), "twice is once"
    return process, task, vera


def test_what_lies_with_oneself_is_a_task_and_no_handoff_to_look_after(clock: Clock) -> None:
    process = makers.start("  - {id: check, assign: buyer, due: 2 days, task: {}}\n")
    clock.advance(days=1)
    ring(process)
    assert makers.task(process, "check").missed_at
    with db.reading() as conn:
        assert not readings.to_see(conn, "dana", frozenset())
        assert not readings.to_see(conn, "olga", frozenset(), frozenset({"dana"}))


def test_the_owner_agrees_once_and_it_goes_on() -> None:
    process, task, vera = wished()
    [(to, facts)] = mail(process, "delegation")
    assert (to, facts["asker"], facts["wish"]["email"]) == (
        "dana@example.com", "Vera Vendor", "otto@other.example",
    )  # fmt: skip
    with db.reading() as conn:
        [seen] = readings.to_see(conn, "dana", frozenset())
    assert seen.delegation["name"] == "Otto Other"
    with pytest.raises(Conflict):
        handoffs.delegate(task.id, ULLA, "Or she.", actor=vera)
    with pytest.raises(NotYours):
        handoffs.settle(task.id, "agree", None, actor=FINN)
    agree = [lambda: handoffs.settle(task.id, "agree", None, actor=DANA)] * 3
    assert at_once(agree) == {"done": 1, "Conflict": 2}
    assert makers.types(process).count("task.delegated") == 1
    [event] = makers.events(process, "task.delegated")
    assert event["actor"]["kind"] == "staff"
    assert [to for to, _ in mail(process, "delegated")] == ["vera@vendor.example"]
    assert mail(process, "delegation") == []
    forms.submit(task.id, SEA, actor=makers.enter(makers.task(process, "details")))
    assert is_verified(process)


def test_the_owner_refuses_with_a_reason_and_it_stays() -> None:
    process, task, vera = wished()
    assert refusal(handoffs.settle, task.id, "refuse", " ", actor=DANA) == ("Faulty", ["reason"])
    assert refusal(handoffs.settle, task.id, "perhaps", "x", actor=DANA) == ("Faulty", ["answer"])
    handoffs.settle(task.id, "refuse", "We know only you.", actor=DANA)
    [(to, facts)] = mail(process, "refusal")
    assert (to, facts["reason"]) == ("vera@vendor.example", "We know only you.")
    assert makers.task(process, "details").delegation is None
    forms.submit(task.id, SEA, actor=vera)
    assert mail(process, "refusal") == [], "done meanwhile"


def test_a_wish_ends_when_the_task_is_done_or_given_to_somebody_else() -> None:
    process, task, vera = wished()
    forms.submit(task.id, SEA, actor=vera)
    assert makers.task(process, "details", state="done").delegation is None
    with pytest.raises(TaskDone):
        handoffs.settle(task.id, "agree", None, actor=DANA)
    process, task, _ = wished()
    tasks.reassign(task.id, ULLA, "She has time.", actor=DANA)
    with pytest.raises(Conflict):
        handoffs.settle(task.id, "agree", None, actor=DANA)
    assert makers.process(process).waiting[0]["who"]["email"] == ULLA["email"]


# At once


def test_passing_on_against_answering_has_one_winner() -> None:
    process = makers.start(DUE)
    task = makers.task(process, "details")
    vera = makers.enter(task)
    ended = at_once(
        [
            lambda: handoffs.delegate(task.id, people.OTTO, "His.", actor=vera),
            lambda: forms.submit(task.id, SEA, nonce="n", actor=vera),
            lambda: handoffs.delegate(task.id, ULLA, "Hers.", actor=vera),
        ]
    )
    assert ended["done"] == 1
    types = makers.types(process)
    assert types.count("task.delegated") + types.count("form.submitted") == 1
    living = makers.rows(Link, task_id=task.id, revoked_at=None)
    assert len(living) == 1
    assert len(clocks(process)) == types.count("task.delegated")
    assert is_verified(process)


def test_an_exception_of_whoever_had_it_goes_with_the_handoff(clock: Clock) -> None:
    process = makers.start(form("due: 1 day, remind: [],"))
    clock.advance(days=1)
    ring(process)
    [trouble] = makers.troubles(process, state="open")
    troubles.resolve(trouble.id, "reassign", "She is away.", {"to": people.OTTO}, actor=DANA)
    assert [to for to, _ in mail(process, "reassigned")] == ["vera@vendor.example"]
    assert [to for to, _ in mail(process, "invite")] == ["otto@other.example"]
    assert clocks(process) == [datetime(2026, 11, 24, 21, 0, tzinfo=UTC)]
