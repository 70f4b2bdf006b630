"""Links: entered by a press, renewed to the address on file, withdrawn at once, handed out."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import links as tokens
from portal.access import sessions
from portal.actions import approvals, forms, links, messages, processes, tasks
from portal.actor import Actor
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import (
    Conflict,
    Faulty,
    LinkExpired,
    LinkRevoked,
    NotYours,
    PortalError,
    TaskDone,
    TaskWithdrawn,
    Unknown,
)
from portal.ledger import audit
from portal.models import Link, Task
from portal.readings import mine
from portal.readings.trail import Evidence
from tests import makers, people

DANA = people.staff("dana")
TODO = "  - {id: call, name: Call them, assign: buyer, task: {}}"


@pytest.fixture(autouse=True)
def keys() -> None:
    tokens.configure(("a key that is long enough to be one",), "https://portal.example")


@pytest.fixture
def task() -> Any:
    return makers.task(makers.start(makers.FORM), "details")


def link_of(task: Any) -> Any:
    """The link to a task that its mail carries now."""
    [found] = makers.rows(Link, task_id=task.id, revoked_at=None, handed_by_name=None)
    return found


def token_of(task: Any) -> str:
    row = link_of(task)
    return tokens.mint(row.id, row.generation)


def enter(token: str, browser: str | None = None) -> links.Entered:
    return links.enter(token, browser=browser, ip="198.51.100.7", agent="Firefox")


def guest(task: Any, secret: str) -> Actor:
    with db.reading() as conn:
        found = sessions.participant(conn, secret, task.id)
    assert found is not None
    return found.actor(ip="198.51.100.7", agent="Firefox")


def is_sound(process: str) -> bool:
    with db.reading() as conn:
        return audit.fault_in(conn, process) is None


def at_once(verb: Callable[[], object], times: int) -> Counter[str]:
    """Run it several times side by side; how each ended."""
    gate = Barrier(times)

    def run(_: int) -> str:
        gate.wait()
        try:
            verb()
        except PortalError as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(run, range(times)))


# Entering


def test_entering_is_told_with_the_link_and_picks_the_task_up(task: Any) -> None:
    entered = enter(token_of(task))
    assert (entered.task_id, entered.process_id) == (task.id, task.process_id)
    entering, picking = makers.events(task.process_id, "link.entered", "task.picked_up")
    short = link_of(task).id[:8]
    assert entering["data"]["link"] == entering["actor"]["link"] == short
    assert entering["actor"]["auth"] == "link"
    assert picking["seq"] == entering["seq"] + 1
    assert makers.task(task.process_id, "details").picked_up_at is not None


def test_entering_again_is_told_again_and_picks_nothing_up(task: Any) -> None:
    for _ in range(3):
        enter(token_of(task))
    types = Counter(makers.types(task.process_id))
    assert (types["link.entered"], types["task.picked_up"]) == (3, 1)
    assert is_sound(task.process_id)


def test_a_button_pressed_many_times_at_once_lets_everybody_in(task: Any) -> None:
    token = token_of(task)
    assert at_once(lambda: enter(token), 10) == {"done": 10}
    types = Counter(makers.types(task.process_id))
    assert (types["link.entered"], types["task.picked_up"]) == (10, 1)
    assert is_sound(task.process_id)


def test_whoever_a_task_was_handed_to_picks_it_up_anew(task: Any) -> None:
    enter(token_of(task))
    tasks.reassign(task.id, people.OTTO, "Vera has left.", actor=DANA)
    enter(token_of(task))
    tasks.reassign(task.id, people.VERA, "Vera is back.", actor=DANA)
    enter(token_of(task))
    assert makers.types(task.process_id).count("task.picked_up") == 3
    makers.fill(task.process_id, company="Sea")
    assert is_sound(task.process_id)


@pytest.mark.parametrize("token", ["", "x", "A" * 48, "!" * 48, "é" * 48])
def test_a_token_of_ours_only(task: Any, token: str) -> None:
    with pytest.raises(Unknown):
        enter(token)
    with pytest.raises(Unknown):
        links.renew(token, ip=None)
    assert "link.entered" not in makers.types(task.process_id)


def test_a_true_token_of_no_link_is_answered_like_a_forged_one(task: Any) -> None:
    with pytest.raises(Unknown) as true:
        enter(tokens.mint("ab" * 16, 1))
    with pytest.raises(Unknown) as forged:
        enter("A" * 48)
    assert true.value.sentence == forged.value.sentence


def test_guesses_never_shut_out_a_true_link(task: Any) -> None:
    for n in range(60):
        with pytest.raises(Unknown):
            enter(f"{n:048d}")
    assert enter(token_of(task)).task_id == task.id


def test_a_done_task_leads_to_its_receipt_for_thirty_days(task: Any, clock: Clock) -> None:
    token = token_of(task)
    makers.fill(task.process_id, company="Sea")
    clock.advance(days=30)
    assert enter(token).task_id == task.id
    clock.advance(seconds=1)
    with pytest.raises(LinkExpired):
        enter(token)


def test_a_withdrawn_task_says_so(task: Any) -> None:
    processes.cancel(task.process_id, "No longer needed.", actor=DANA)
    with pytest.raises(TaskWithdrawn):
        enter(token_of(task))
    with pytest.raises(TaskWithdrawn):
        links.renew(token_of(task), ip=None)


# Renewal


def test_an_expired_link_is_renewed_and_only_the_fresh_one_opens(task: Any, clock: Clock) -> None:
    old = token_of(task)
    clock.advance(days=30)
    with pytest.raises(LinkExpired):
        enter(old)
    links.renew(old, ip="198.51.100.7")
    with pytest.raises(LinkRevoked):
        enter(old)
    assert enter(token_of(task)).task_id == task.id
    [owed] = makers.owed(task.process_id, "mail.renewal")
    assert owed.ref == {"link": link_of(task).id}
    assert makers.types(task.process_id).count("link.renewed") == 1


def test_a_link_that_still_works_is_sent_again_as_it_is(task: Any) -> None:
    before = token_of(task)
    links.renew(before, ip=None)
    assert token_of(task) == before
    assert len(makers.owed(task.process_id, "mail.renewal")) == 1


def test_l07_three_renewals_an_hour_for_a_link_and_no_more(task: Any, clock: Clock) -> None:
    other = makers.task(makers.start(makers.FORM), "details")
    for _ in range(100):
        links.renew(token_of(task), ip=None)
    assert len(makers.owed(task.process_id, "mail.renewal")) == 3
    assert makers.types(task.process_id).count("link.renewed") == 3
    links.renew(token_of(other), ip=None)
    clock.advance(hours=1)
    links.renew(token_of(task), ip=None)
    assert len(makers.owed(task.process_id, "mail.renewal")) == 4


LINK_FOR = {
    "the step": (makers.HEAD + "link_for: 14 days\n", "link_for: 3 days, ", 3),
    "the head": (makers.HEAD + "link_for: 14 days\n", "", 14),
    "the installation": (makers.HEAD, "", 30),
}


@pytest.mark.parametrize(("head", "own", "days"), LINK_FOR.values(), ids=LINK_FOR)
def test_a_renewed_link_lives_as_long_as_a_new_one(
    head: str, own: str, days: int, clock: Clock
) -> None:
    steps = makers.FORM.replace("assign:", f"{own}assign:")
    task = makers.task(makers.start(steps, head=head), "details")
    assert link_of(task).expires_at - link_of(task).made_at == timedelta(days=days)
    now = clock.advance(days=days)
    links.renew(token_of(task), ip=None)
    assert link_of(task).expires_at - now == timedelta(days=days)
    now = clock.advance(days=days)
    _, expires_at = links.make(task.id, actor=DANA)
    assert expires_at - now == timedelta(days=days)


# Revoking


def test_revoking_ends_links_and_sessions_and_leaves_the_task_open(task: Any) -> None:
    token = token_of(task)
    secret = enter(token).secret
    actor = guest(task, secret)
    links.revoke(task.id, "Sent to the wrong mailbox.", actor=DANA)
    with pytest.raises(LinkRevoked):
        enter(token)
    with pytest.raises(LinkRevoked):
        links.renew(token, ip=None)
    with pytest.raises(LinkRevoked):
        forms.submit(task.id, JsonSent({"company": "Sea"}), nonce="n", actor=actor)
    assert makers.task(task.process_id, "details").state == "open"
    [event] = makers.events(task.process_id, "link.revoked")
    assert event["data"]["task"] == task.id
    assert "Sent to the wrong" not in str(event)


def test_after_a_revoke_the_next_mail_carries_a_link_that_opens(task: Any) -> None:
    links.revoke(task.id, "Wrong mailbox.", actor=DANA)
    tasks.remind(task.id, actor=DANA)
    entered = enter(token_of(task))
    actor = guest(task, entered.secret)
    forms.submit(task.id, JsonSent({"company": "Sea"}), nonce="n", actor=actor)
    assert is_sound(task.process_id)


TWO = makers.FORM + "\n" + makers.FORM.replace("details", "more")


def test_revoking_leaves_receipts_and_other_links_as_they_are() -> None:
    process = makers.start(TWO)
    first = makers.task(process, "details")
    receipt = enter(token_of(first))
    makers.fill(process, company="Sea")
    task = makers.task(process, "more")
    standing = tokens.mint(*messages.standing_link(process, task.participant_id))
    links.revoke(task.id, "Wrong mailbox.", actor=DANA)
    assert enter(token_of(first)).task_id == first.id
    assert enter(standing).task_id is None
    with db.reading() as conn:
        assert sessions.participant(conn, receipt.secret, first.id).standing == "alive"  # type: ignore[union-attr]


@pytest.mark.parametrize("when", ["before", "after"])
def test_no_other_link_of_the_person_shows_a_task_whose_links_were_ended(when: str) -> None:
    process = makers.start(TWO)
    other = token_of(makers.task(process, "details"))
    makers.fill(process, company="Sea")
    task = makers.task(process, "more")
    secret = enter(other).secret
    actor = guest(task, secret)
    links.revoke(task.id, "Wrong mailbox.", actor=DANA)
    secret = secret if when == "before" else enter(other).secret
    with db.reading() as conn:
        found = sessions.participant(conn, secret, task.id)
        listed = mine.behind(conn, sessions.links_of(conn, secret))
    assert found.standing == "revoked"  # type: ignore[union-attr]
    assert [one for one in listed if one.is_open] == []
    with pytest.raises(LinkRevoked):
        forms.submit(task.id, JsonSent({"company": "Sea"}), nonce="n", actor=actor)
    actor = guest(task, enter(token_of(task)).secret)
    forms.submit(task.id, JsonSent({"company": "Sea"}), nonce="n", actor=actor)


def test_revoking_leaves_the_reason_of_links_that_ended_before(task: Any) -> None:
    tasks.reassign(task.id, people.OTTO, "Vera has left.", actor=DANA)
    links.revoke(task.id, "Wrong mailbox.", actor=DANA)
    [old, fresh] = sorted(
        makers.rows(Link, task_id=task.id), key=lambda row: row.revoked_at is None
    )
    assert (old.revoked_reason, old.generation) == ("reassigned", 1)
    assert (fresh.revoked_reason, fresh.generation) == ("Wrong mailbox.", 2)


@pytest.mark.parametrize("reason", ["", "  "])
def test_revoking_needs_a_reason(task: Any, reason: str) -> None:
    with pytest.raises(Faulty) as refused:
        links.revoke(task.id, reason, actor=DANA)
    assert refused.value.faults[0].at == "reason"
    assert enter(token_of(task))


@pytest.mark.parametrize("who", ["olga", "aud", "finn"])
def test_only_owner_and_admin_revoke_and_hand_out(task: Any, who: str) -> None:
    with pytest.raises(NotYours):
        links.revoke(task.id, "Why not.", actor=people.staff(who))
    with pytest.raises(NotYours):
        links.make(task.id, actor=people.staff(who))


def test_a_closed_task_has_nothing_to_revoke(task: Any) -> None:
    makers.fill(task.process_id, company="Sea")
    with pytest.raises(TaskDone):
        links.revoke(task.id, "Why.", actor=DANA)


# Handing out


def handed(task: Any, actor: Actor = DANA) -> str:
    """The token of a link that somebody takes for a channel of their own."""
    return links.make(task.id, actor=actor)[0].rpartition("/")[2]


def test_a_link_for_a_channel_of_ones_own_opens(task: Any) -> None:
    url, expires_at = links.make(task.id, actor=DANA)
    assert url.startswith("https://portal.example/t/")
    assert expires_at == link_of(task).expires_at
    assert enter(url.rpartition("/")[2]).task_id == task.id
    assert makers.types(task.process_id).count("link.made") == 1


def test_a_link_handed_out_late_lives_again_at_an_address_of_its_own(
    task: Any, clock: Clock
) -> None:
    old = token_of(task)
    now = clock.advance(days=40)
    url, expires_at = links.make(task.id, actor=DANA)
    assert expires_at > now
    assert enter(url.rpartition("/")[2]).task_id == task.id
    with pytest.raises(LinkExpired):
        enter(old)


def test_who_comes_by_a_link_handed_out_is_told_apart_from_who_has_the_mailbox(task: Any) -> None:
    person = guest(task, enter(handed(task)).secret)
    forms.submit(task.id, JsonSent({"company": "Sea"}), nonce="n", actor=person)
    for event in makers.events(task.process_id, "link.entered", "form.submitted"):
        assert event["actor"]["auth"] == "handed-link"
        assert "actor.handed_by" in event["priv"]
    with db.reading() as conn:
        told = [line.sentence.text for line in Evidence(conn, task.process_id, 99, "UTC").lines()]
    by = "Vera Vendor, by a link that Dana Owner handed out through a channel of their own, "
    assert sum(line.startswith(by) for line in told) >= 2


def test_who_has_the_mailbox_too_acts_by_the_link_that_was_mailed(task: Any) -> None:
    browser = enter(handed(task)).secret
    browser = enter(token_of(task), browser).secret
    assert guest(task, browser).auth == "link"


def test_a_link_handed_out_is_never_what_is_mailed_afterwards(task: Any) -> None:
    token = handed(task)
    mailed = link_of(task).id
    links.renew(token, ip=None)
    [owed] = makers.owed(task.process_id, "mail.renewal")
    assert owed.ref == {"link": mailed}


APPROVED_OUTSIDE = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: review, assign: second, approval: {question: Good?, separate_from: [starter]}}
"""


@pytest.fixture
def review() -> Any:
    """An approval that Otto, who is outside, has to give; Dana started the process."""
    process = makers.start(APPROVED_OUTSIDE, participants={"second": people.OTTO})
    makers.fill(process, company="Sea")
    return makers.task(process, "review")


def decide_by(token: str, review: Any) -> None:
    person = guest(review, enter(token).secret)
    approvals.decide(review.id, "approve", nonce="n", actor=person)


def test_a_program_has_nothing_decided_by_a_link_that_it_hands_out() -> None:
    steps = f"{makers.FORM}\n  - {{id: review, assign: vendor, approval: {{question: Good?}}}}"
    process = makers.start(steps)
    program = replace(DANA, kind="api", id="k1", role="system", via="api", auth="token")
    details = makers.task(process, "details")
    browser = enter(handed(details, program)).secret
    sent = JsonSent({"company": "Sea"})
    forms.submit(details.id, sent, nonce="n", actor=guest(details, browser))
    review = makers.task(process, "review")
    with pytest.raises(NotYours, match="A program handed out the link"):
        approvals.decide(review.id, "approve", nonce="n", actor=guest(review, browser))
    with pytest.raises(NotYours, match="system token"):
        handed(review, program)
    browser = enter(token_of(review), browser).secret
    approvals.decide(review.id, "approve", nonce="n", actor=guest(review, browser))


def test_whoever_may_not_decide_has_nothing_decided_by_a_link_that_they_hand_out(
    review: Any,
) -> None:
    with pytest.raises(NotYours, match="Dana Owner handed out the link"):
        decide_by(handed(review, DANA), review)
    decide_by(handed(review, people.staff("ada")), review)


def test_who_has_a_vote_has_no_second_one_by_a_link_that_they_hand_out() -> None:
    steps = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: review, assign: [buyer, second], approval: {question: Good?, needs: all}}
"""
    dana = {"email": "dana@example.com"}
    process = makers.start(steps, participants={"buyer": dana, "second": people.OTTO})
    makers.fill(process, company="Sea")
    [others] = [one for one in makers.rows(Task, step="review") if one.holder_id is None
                and makers.rows(Link, task_id=one.id)]  # fmt: skip
    with pytest.raises(NotYours, match="one vote"):
        decide_by(handed(others), others)


def test_there_is_none_for_a_task_of_staff_or_for_a_closed_one(task: Any) -> None:
    dana = {"buyer": {"email": "dana@example.com"}}
    process = makers.start(TODO, participants=dana)
    with pytest.raises(Conflict):
        links.make(makers.task(process, "call").id, actor=DANA)
    makers.fill(task.process_id, company="Sea")
    with pytest.raises(TaskDone):
        links.make(task.id, actor=DANA)
    with pytest.raises(Unknown):
        links.make("nothing", actor=DANA)


# What a thief of the database gets


def test_l12_a_dump_of_every_table_holds_no_usable_link_or_secret(task: Any) -> None:
    secret = enter(token_of(task)).secret
    links.renew(token_of(task), ip=None)
    links.make(task.id, actor=DANA)
    canaries = [secret, token_of(task), token_of(task)[23:]]
    with db.reading() as conn:
        # The index of words is read in the tables that it keeps, being none itself.
        for table in set(sa.inspect(conn).get_table_names()) - {"search_index"}:
            dump = str(conn.execute(sa.text(f'SELECT * FROM "{table}"')).all())
            assert not [canary for canary in canaries if canary in dump], table
