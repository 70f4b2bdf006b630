"""Somebody is away, and their deputy stands in: what they may do, and what is told of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import seats
from portal.actions import absences, approvals, forms, handoffs, processes, signatures, tasks
from portal.actions import people as verbs
from portal.actor import Actor
from portal.clock import Clock
from portal.errors import Faulty, NotYours, Unknown
from portal.models import User
from portal.readings import book, dossier, feed
from tests import makers, people

pytestmark = pytest.mark.usefixtures("house")

MONDAY, FRIDAY = "2026-11-30", "2026-12-04"
ON_WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)
DECIDE = "  - {id: review, assign: buyer, approval: {question: Well}}"


def away(name: str, deputy: str, **more: Any) -> None:
    days = {"from_on": MONDAY, "until_on": FRIDAY, **more}
    actor = days.pop("actor", people.staff(name))
    absences.set_away(name, deputy=f"{deputy}@example.com", actor=actor, **days)


def at_the_desk(name: str) -> Actor:
    """One of the staff as their session makes them out now."""
    with db.transaction() as tx:
        secret = seats.begin(tx, name, "password", ip=None, agent=None)
    with db.reading() as conn:
        found = seats.staff(conn, secret)
    assert found is not None
    return found


def for_olga(step: str = DECIDE) -> Any:
    """The open task of a process whose buyer is Olga."""
    process = makers.start(step, participants={"buyer": {"email": "olga@example.com"}})
    return next(iter(makers.rows(makers.Task, process_id=process, state="open")))


def test_a_deputy_does_it_in_the_place_of_whoever_is_away_and_the_ledger_says_so(
    clock: Clock,
) -> None:
    task = for_olga()
    away("olga", "finn")
    with pytest.raises(NotYours):
        approvals.decide(task.id, "approve", actor=at_the_desk("finn"))
    clock.set(ON_WEDNESDAY)
    for nobody in ("dana", "fay"):
        with pytest.raises(NotYours):
            approvals.decide(task.id, "approve", actor=at_the_desk(nobody))
    finn = at_the_desk("finn")
    handoffs.take_up(task.id, actor=finn)
    approvals.decide(task.id, "approve", actor=finn)
    for kind in ("task.picked_up", "approval.approved"):
        [event] = makers.events(task.process_id, kind)
        assert (event["actor"]["ref"], event["actor"]["on_behalf"]) == ("finn", True), kind
    assert makers.rows(makers.Task, id=task.id)[0].done_by == "finn"
    reason = "Stands in while Olga Other is away until Fri 4 Dec 2026."
    with db.reading() as conn:
        told = conn.execute(sa.text("SELECT value FROM ledger_disclosures")).scalars().all()
    assert told.count(f'"{reason}"') == 2


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo"])
def test_it_begins_and_ends_at_midnight_by_the_clock_of_whoever_is_away(
    clock: Clock, zone: str | None
) -> None:
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "olga").values(timezone=zone))
    away("olga", "finn")
    begins = datetime(2026, 11, 29, 15, tzinfo=UTC) if zone else datetime(2026, 11, 30, tzinfo=UTC)
    clock.set(begins)
    clock.advance(seconds=-1)
    assert not at_the_desk("finn").stands_for
    clock.advance(seconds=1)
    assert [one.id for one in at_the_desk("finn").stands_for] == ["olga"]
    clock.set(begins)
    clock.advance(days=5, seconds=-1)
    assert at_the_desk("finn").stands_for
    clock.advance(seconds=1)
    assert not at_the_desk("finn").stands_for


def test_a_deputy_manages_what_they_own_and_signs_nothing(clock: Clock) -> None:
    task = for_olga("  - {id: promise, assign: buyer, sign: {statement: I promise.}}")
    away("olga", "finn")
    away("dana", "fay")
    clock.set(ON_WEDNESDAY)
    with pytest.raises(NotYours, match="Nobody signs"):
        signatures.sign(task.id, "Olga Other", True, actor=at_the_desk("finn"))
    with pytest.raises(NotYours):
        processes.cancel(task.process_id, "Not needed.", actor=at_the_desk("finn"))
    to = {"email": "finn@example.com", "name": "Finn Finance"}
    tasks.reassign(task.id, to, "Olga is away.", actor=at_the_desk("fay"))
    processes.cancel(task.process_id, "Not needed.", actor=at_the_desk("fay"))
    assert makers.process(task.process_id).state == "cancelled"


def test_a_chain_goes_one_hop_and_a_closed_account_stands_in_for_nobody(clock: Clock) -> None:
    task = for_olga()
    away("finn", "fay")
    with pytest.raises(Faulty, match="away too"):
        away("olga", "finn")
    away("olga", "finn", overlap=True)
    clock.set(ON_WEDNESDAY)
    assert [one.id for one in at_the_desk("fay").stands_for] == ["finn"]
    with pytest.raises(NotYours):
        approvals.decide(task.id, "approve", actor=at_the_desk("fay"))
    with db.transaction() as tx:
        secret = seats.begin(tx, "finn", "password", ip=None, agent=None)
        tx.execute(sa.update(User).where(User.id == "finn").values(is_active=False))
    with db.reading() as conn:
        assert seats.staff(conn, secret) is None
    assert not at_the_desk("fay").stands_for  # nobody acts for whoever has left


def test_neither_of_both_decides_on_what_one_of_them_did(clock: Clock) -> None:
    process = makers.start(
        "  - {id: check, assign: buyer, task: {}}\n"
        "  - {id: sure, assign: finance, approval: {question: Q, separate_from: [check]}}\n",
        participants={"buyer": {"email": "olga@example.com"}},
    )
    away("olga", "finn")
    away("fay", "olga", overlap=True)
    clock.set(ON_WEDNESDAY)
    tasks.tick(makers.task(process, "check").id, actor=at_the_desk("finn"))
    task = makers.task(process, "sure")
    with pytest.raises(NotYours, match="You took part"):  # who did it in Olga's place
        approvals.decide(task.id, "approve", actor=at_the_desk("finn"))
    tasks.claim(task.id, actor=people.staff("fay"))
    with pytest.raises(NotYours, match="You took part"):  # whose task it was
        approvals.decide(task.id, "approve", actor=at_the_desk("olga"))
    approvals.decide(task.id, "approve", actor=at_the_desk("fay"))


def test_a_deputy_of_whoever_took_part_does_not_decide_for_them(clock: Clock) -> None:
    process = makers.start(
        "  - id: both\n    parallel:\n      branches:\n"
        "        - {name: A, steps: [{id: check, assign: finance, task: {}}]}\n"
        "        - {name: B, steps: [{id: sure, assign: finance,"
        " approval: {question: Q, separate_from: [check]}}]}\n"
    )
    fay = people.staff("fay")
    tasks.claim(makers.task(process, "sure").id, actor=fay)
    tasks.tick(makers.task(process, "check").id, actor=fay)
    away("fay", "olga")
    clock.set(ON_WEDNESDAY)
    with pytest.raises(NotYours, match="You took part"):
        approvals.decide(makers.task(process, "sure").id, "approve", actor=at_the_desk("olga"))


def test_whoever_stands_in_for_two_has_one_vote(clock: Clock) -> None:
    process = makers.start(
        "  - {id: review, assign: [buyer, second], approval: {question: Well, needs: all}}\n",
        head=makers.HEAD.replace("second: {kind: external", "second: {kind: staff"),
        participants={
            "buyer": {"email": "olga@example.com"},
            "second": {"email": "fay@example.com"},
        },
    )
    first, second = makers.rows(makers.Task, process_id=process, state="open")
    away("olga", "finn")
    away("fay", "finn")
    clock.set(ON_WEDNESDAY)
    finn = at_the_desk("finn")
    approvals.decide(first.id, "approve", actor=finn)
    with pytest.raises(NotYours, match="one vote"):
        approvals.decide(second.id, "approve", actor=finn)


def test_a_token_stands_in_as_its_user_does_and_a_system_never() -> None:
    task = for_olga(
        "  - {id: look, assign: buyer, form: {fields: [{id: a, type: text, label: A}]}}"
    )
    away("olga", "finn", from_on="2026-11-23", until_on=FRIDAY)
    ada = people.staff("ada")
    tokens = [verbs.make_token("t", "finn@example.com", one, actor=ada) for one in (True, False)]
    with db.reading() as conn:
        system, own = (seats.token(conn, one) for one in tokens)
    assert system is not None
    assert own is not None
    assert not system.stands_for
    forms.submit(task.id, makers.JsonSent({"a": "Well"}), actor=own)
    [event] = makers.events(task.process_id, "form.submitted")
    assert event["actor"]["kind"] == "api"
    assert event["actor"]["on_behalf"] is True


def test_an_absence_is_said_changed_and_ended_and_the_book_tells(clock: Clock) -> None:
    for wrong, at in (
        ({"from_on": "soon"}, "from"),
        ({"until_on": "2026-11-29"}, "until"),
        ({"from_on": "2025-01-01", "until_on": "2025-01-02"}, "until"),
        ({"until_on": "2028-01-01"}, "until"),
        ({"from_on": "9999-12-31", "until_on": "9999-12-31"}, "from"),
        ({"note": "x" * 301}, "note"),
        ({"note": "by\0e"}, "note"),
    ):
        with pytest.raises(Faulty) as refused:
            away("olga", "finn", **wrong)
        assert refused.value.faults[0].at == at
    for unfit in ("olga", "aud", "mallory"):
        with pytest.raises(Faulty) as refused:
            away("olga", unfit)
        assert [one.at for one in refused.value.faults] == ["deputy"]
    with pytest.raises(NotYours):
        away("olga", "fay", actor=people.staff("finn"))
    with pytest.raises(NotYours):
        away("aud", "fay")
    away("olga", "finn")
    away("olga", "fay", until_on="2026-12-11", note="At sea", actor=people.staff("ada"))
    clock.set(ON_WEDNESDAY)
    assert not at_the_desk("finn").stands_for
    assert at_the_desk("fay").stands_for
    absences.end("olga", actor=people.staff("olga"))
    assert not at_the_desk("fay").stands_for
    with pytest.raises(Unknown):
        absences.end("olga", actor=people.staff("olga"))
    with db.reading() as conn:
        told = [line.sentence for line in book.lines(conn, about="olga", topic="people").lines]
    until = "away from Mon 30 Nov until"
    assert told == [
        "Olga Other ended their own absence.",
        f"Ada Admin said that Olga Other is {until} Fri 11 Dec; Fay Finance stands in.",
        f"Olga Other said that they are {until} Fri 4 Dec; Finn Finance stands in.",
    ]


def test_what_a_deputy_does_as_the_owner_is_told_as_done_in_that_place(clock: Clock) -> None:
    task = for_olga()
    away("dana", "finn")
    clock.set(ON_WEDNESDAY)
    finn = at_the_desk("finn")
    to = {"email": "fay@example.com", "name": "Fay Finance"}
    tasks.remind(task.id, actor=finn)
    tasks.reassign(task.id, to, "She knows it.", actor=finn)
    processes.cancel(task.process_id, "Not needed.", actor=finn)
    for kind in ("reminder.asked", "task.reassigned", "process.cancelled"):
        [event] = makers.events(task.process_id, kind)
        assert (event["actor"]["ref"], event["actor"]["on_behalf"]) == ("finn", True), kind
    with db.reading() as conn:
        told = feed.of_process(conn, dossier.of_process(conn, task.process_id), "UTC")
    sentences = [one.text for one in told.lines]
    assert any(one.startswith("Finn Finance, in the owner’s place, cancelled") for one in sentences)
    reminded = "Finn Finance, in the owner’s place, had a reminder of"
    assert any(one.startswith(reminded) for one in sentences)
    reasons = {one.entry.behalf_reason for one in told.lines} - {None}
    assert reasons == {"Stands in while Dana Owner is away until Fri 4 Dec 2026."}


def test_an_admin_who_is_a_deputy_manages_in_their_own_right(clock: Clock) -> None:
    task = for_olga()
    away("dana", "ada")
    clock.set(ON_WEDNESDAY)
    processes.cancel(task.process_id, "Not needed.", actor=at_the_desk("ada"))
    [event] = makers.events(task.process_id, "process.cancelled")
    assert "on_behalf" not in event["actor"]
