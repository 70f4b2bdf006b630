"""Browsers and programs: a secret each, stored as a digest, alive by the database alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal import db
from portal.access import links, seats, sessions
from portal.actions import links as verbs
from portal.actions import people as staffing
from portal.actions import sign_in as doors
from portal.actions import tasks
from portal.clock import Clock
from portal.models import ApiToken, BrowserSession, Link, StaffSession, User
from tests import makers, people

ADA, DANA = people.staff("ada"), people.staff("dana")

pytestmark = pytest.mark.usefixtures("house")


def link_of(task: Any) -> Any:
    [found] = makers.rows(Link, task_id=task.id, revoked_at=None)
    return found


def enter(task: Any, browser: str | None = None) -> str:
    """Come in by the task's link; the cookie."""
    row = link_of(task)
    token = links.mint(row.id, row.generation)
    return verbs.enter(token, browser=browser, ip="198.51.100.7", agent="Firefox").secret


def standing(secret: str | None, task: Any) -> str | None:
    with db.reading() as conn:
        guest = sessions.participant(conn, secret, task.id)
    return guest.standing if guest else None


@pytest.fixture
def task() -> Any:
    return makers.task(makers.start(makers.FORM), "details")


def test_a_cookie_leads_to_its_person_and_task_in_one_statement(task: Any) -> None:
    secret = enter(task)
    seen: list[str] = []

    def note(*told: Any) -> None:
        seen.append(told[2])

    engine = db.current().engine
    event.listen(engine, "before_cursor_execute", note)
    with db.reading() as conn:
        guest = sessions.participant(conn, secret, task.id)
    event.remove(engine, "before_cursor_execute", note)
    assert len(seen) == 1
    assert guest is not None
    actor = guest.actor(ip="198.51.100.7", agent="Firefox")
    assert (actor.kind, actor.email, actor.auth) == ("participant", people.VERA["email"], "link")
    assert (guest.task.id, guest.process.id) == (task.id, task.process_id)


def test_the_database_holds_no_secret(task: Any) -> None:
    secret = enter(task)
    [row] = makers.rows(BrowserSession)
    assert secret not in str(row)
    assert row.secret_sha256 == sessions.digest(secret)


@pytest.mark.parametrize("cookie", [None, "", "x", "é"])
def test_any_other_cookie_leads_nowhere(task: Any, cookie: str | None) -> None:
    enter(task)
    assert standing(cookie, task) is None


def test_a_session_shows_no_task_of_another_process_or_person(task: Any) -> None:
    other = makers.task(makers.start(makers.FORM, vendor=people.OTTO), "details")
    assert standing(enter(task), other) is None
    same_person = makers.task(makers.start(makers.FORM), "details")
    assert standing(enter(task), same_person) is None


def test_a_session_ends_eight_hours_idle(task: Any, clock: Clock) -> None:
    secret = enter(task)
    clock.advance(hours=7, minutes=59)
    assert standing(secret, task) == "alive"
    clock.advance(hours=7, minutes=59)
    assert standing(secret, task) == "alive"
    clock.advance(hours=8, minutes=1)
    assert standing(secret, task) == "over"


def test_a_session_ends_after_a_day_however_busy(task: Any, clock: Clock) -> None:
    secret = enter(task)
    for _ in range(4):
        clock.advance(hours=6)
        assert standing(secret, task) == "alive"
    clock.advance(seconds=1)
    assert standing(secret, task) == "over"


def test_a_session_that_is_used_is_written_once_a_minute(task: Any, clock: Clock) -> None:
    secret = enter(task)
    [began] = makers.rows(BrowserSession)
    clock.advance(seconds=59)
    standing(secret, task)
    assert makers.rows(BrowserSession)[0].seen_at == began.seen_at
    clock.advance(seconds=2)
    standing(secret, task)
    assert makers.rows(BrowserSession)[0].seen_at == began.seen_at + timedelta(seconds=61)


def test_l08_revoking_ends_the_session_with_the_next_look(task: Any) -> None:
    secret = enter(task)
    verbs.revoke(task.id, "Wrong mailbox.", actor=DANA)
    assert standing(secret, task) == "revoked"


def test_a_session_on_a_task_that_changed_hands_says_so(task: Any) -> None:
    secret = enter(task)
    tasks.reassign(task.id, people.OTTO, "Vera has left.", actor=DANA)
    assert standing(secret, task) == "revoked"
    assert standing(enter(task), task) == "alive"


def test_a_link_that_ran_out_ends_its_session_until_the_task_is_done(
    task: Any, clock: Clock
) -> None:
    clock.advance(days=29, hours=20)
    secret = enter(task)
    clock.advance(hours=5)
    assert standing(secret, task) == "expired"
    with db.transaction() as tx:
        tx.execute(sa.update(Link).values(expires_at=tx.now + timedelta(hours=1)))
    makers.fill(task.process_id, company="Sea")
    clock.advance(hours=2)
    assert standing(secret, task) == "alive"


def otto_s() -> Any:
    return makers.task(makers.start(makers.FORM, vendor=people.OTTO), "details")


def test_l23_links_of_one_person_in_several_tabs_live_side_by_side(task: Any) -> None:
    mine = makers.task(makers.start(makers.FORM), "details")
    secret = enter(mine, enter(task))
    assert {standing(secret, one) for one in (task, mine)} == {"alive"}
    with db.reading() as conn:
        known = sessions.links_of(conn, secret)
    assert set(known) == {link_of(task).id, link_of(mine).id}


def test_a_cookie_is_good_for_one_person_alone(task: Any) -> None:
    others = otto_s()
    veras = enter(task)
    ottos = enter(others, veras)
    assert standing(ottos, others) == "alive"
    assert standing(ottos, task) is None
    assert standing(veras, task) == "alive", "a form under way in another tab is not lost"
    with db.reading() as conn:
        guest = sessions.participant(conn, ottos, others.id)
    assert guest is not None
    assert guest.actor(ip=None, agent=None).email == people.OTTO["email"]


def test_a_cookie_that_was_planted_gains_nothing_by_the_entry(task: Any) -> None:
    planted = enter(otto_s())
    fresh = enter(task, planted)
    assert fresh != planted
    assert standing(planted, task) is None
    assert standing(fresh, task) == "alive"


def test_every_entry_has_a_secret_of_its_own_and_the_old_one_lives_on(task: Any) -> None:
    old = enter(task)
    new = enter(task, old)
    assert new != old
    assert (standing(old, task), standing(new, task)) == ("alive", "alive")


def test_what_comes_along_lives_no_longer_for_it(task: Any, clock: Clock) -> None:
    others, secret = makers.task(makers.start(makers.FORM), "details"), enter(task)
    for _ in range(3):
        clock.advance(hours=7)
        standing(secret, task)
    secret = enter(others, secret)
    clock.advance(hours=3, seconds=1)
    assert (standing(secret, task), standing(secret, others)) == ("over", "alive")


def test_only_what_lives_comes_along(task: Any, clock: Clock) -> None:
    others, revoked = (makers.task(makers.start(makers.FORM), "details") for _ in range(2))
    secret = enter(revoked, enter(task))
    verbs.revoke(revoked.id, "Wrong mailbox.", actor=DANA)
    assert standing(enter(others, secret), revoked) is None
    clock.advance(hours=8)
    assert standing(enter(others, secret), task) is None


def test_a_cookie_from_nowhere_or_from_yesterday_is_not_taken_over(task: Any, clock: Clock) -> None:
    assert enter(task, "planted") != "planted"
    old = enter(task)
    clock.advance(hours=9)
    assert enter(task, old) != old
    with db.reading() as conn:
        assert sessions.links_of(conn, old) == []
        assert sessions.links_of(conn, None) == []


# Staff


@pytest.fixture
def signed_in() -> str:
    staffing.add_user("ada@example.com", "Ada Admin", "admin", "correct horse", actor=ADA)
    return doors.sign_in("ada@example.com", "correct horse", ip="192.0.2.1", agent="Firefox")


def who(secret: str, by: Callable[..., Any] = seats.staff) -> Any:
    with db.reading() as conn:
        return by(conn, secret)


def test_a_staff_cookie_leads_to_its_user(signed_in: str) -> None:
    actor = who(signed_in)
    assert (actor.kind, actor.user_id, actor.role, actor.auth) == (
        "staff",
        "ada",
        "admin",
        "password",
    )
    assert signed_in not in str(makers.rows(StaffSession))
    assert who(signed_in + "x") is None


def test_a_staff_session_ends_idle_by_the_day_and_by_signing_out(
    signed_in: str, clock: Clock
) -> None:
    clock.advance(minutes=29)
    assert who(signed_in)
    for _ in range(24):
        clock.advance(minutes=29)
        who(signed_in)
    assert who(signed_in) is None
    again = doors.sign_in("ada@example.com", "correct horse", ip="192.0.2.1", agent=None)
    clock.advance(minutes=31)
    assert who(again) is None
    third = doors.sign_in("ada@example.com", "correct horse", ip="192.0.2.1", agent=None)
    doors.sign_out(third, actor=ADA)
    assert who(third) is None


def test_whoever_left_is_out_at_once(signed_in: str) -> None:
    token = staffing.make_token("erp", "ada@example.com", is_system=False, actor=ADA)
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "ada").values(is_active=False))
    assert who(signed_in) is None
    assert who(token, seats.token) is None


# Programs


def test_a_token_acts_for_its_user_with_their_teams() -> None:
    token = staffing.make_token("erp", "finn@example.com", is_system=False, actor=ADA)
    actor = who(token, seats.token)
    assert (actor.kind, actor.user_id, actor.role, actor.via) == ("api", "finn", "member", "api")
    assert actor.team_ids == {"finance"}
    assert token not in str(makers.rows(ApiToken))


def test_a_system_token_is_nobody_in_particular() -> None:
    token = staffing.make_token("erp", "ada@example.com", is_system=True, actor=ADA)
    assert who(token, seats.token).role == "system"


def test_an_ended_or_unknown_token_is_nothing() -> None:
    token = staffing.make_token("erp", "ada@example.com", is_system=False, actor=ADA)
    [row] = makers.rows(ApiToken)
    staffing.revoke_token(row.id, actor=ADA)
    assert who(token, seats.token) is None
    assert who("", seats.token) is None
