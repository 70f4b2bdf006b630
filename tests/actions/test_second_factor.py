"""A code from an app beside the password: never twice, not to be guessed, and not to be lost."""

from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.access import seats, totp
from portal.actions import people as staffing
from portal.actions import second_factor as verbs
from portal.actions import sign_in as doors
from portal.actor import Actor
from portal.clock import Clock
from portal.errors import CodeWanted, Conflict, Faulty, NotProved, NotSignedIn, NotYours, TooFast
from portal.models import RecoveryCode, SecondFactor, SignInStep, StaffSession
from portal.readings import seats as told
from tests import makers, people
from tests.actions.test_races import at_once

WORD = "a long enough word"
ADA = people.staff("ada")


def enter(ip: str = "192.0.2.5") -> str:
    """Mia’s password; the session, or the step before it where a code is asked."""
    try:
        return doors.sign_in("mia@example.com", WORD, ip=ip, agent="Firefox")
    except CodeWanted as half:
        return half.step


def code(step: str, typed: str, ip: str = "192.0.2.5") -> str:
    return doors.enter_code(step, typed, ip=ip, agent="Firefox")


def seat(secret: str) -> seats.Seat | None:
    with db.reading() as conn:
        return seats.seat(conn, secret)


def actor_of(secret: str) -> Actor:
    found = seat(secret)
    assert found is not None
    return found.actor


def shown() -> str:
    """What the app of Mia shows now."""
    [row] = makers.rows(SecondFactor)
    return pyotp.TOTP(totp.key_of(row.id)).at(house_clock.now())


def everything(model: Any) -> list[Any]:
    """All rows of a table."""
    with db.reading() as conn:
        return list(conn.execute(sa.select(model.__table__)))


@pytest.fixture
def mia() -> str:
    """Mia, who can sign in; her id."""
    return staffing.add_user("mia@example.com", "Mia", "member", WORD, actor=ADA)


@pytest.fixture
def codes(mia: str, clock: Clock) -> list[str]:
    """Mia has an app, whose first code is used up; her recovery codes."""
    secret = enter()
    verbs.begin(secret, actor=actor_of(secret))
    made = verbs.confirm(secret, shown(), actor=actor_of(secret))
    clock.advance(minutes=1)
    return made


def test_an_app_counts_once_a_code_of_it_was_typed(mia: str, clock: Clock) -> None:
    secret = enter()
    actor = actor_of(secret)
    with pytest.raises(Conflict):
        verbs.confirm(secret, "123456", actor=actor)
    verbs.begin(secret, actor=actor)
    with pytest.raises(Faulty):
        verbs.confirm(secret, "abc", actor=actor)
    assert seat(enter()) is not None
    codes = verbs.confirm(secret, shown(), actor=actor)
    assert len(set(codes)) == 10
    assert seat(enter()) is None
    with pytest.raises(Conflict):
        verbs.begin(secret, actor=actor)
    clock.advance(minutes=11)
    for verb in (verbs.begin, verbs.remove, verbs.renew_codes):
        with pytest.raises(NotProved):
            verb(secret, actor=actor)


def test_an_app_begun_in_two_windows_at_once_is_one(mia: str, database: db.Database) -> None:
    secret = enter()
    actor = actor_of(secret)
    begun = at_once([lambda: verbs.begin(secret, actor=actor)] * 4)
    assert begun == {"done": 4}
    typed = shown()
    taken = at_once([lambda: verbs.confirm(secret, typed, actor=actor)] * 4)
    assert taken == {"done": 1, "Conflict": 3}
    assert len(everything(RecoveryCode)) == 10


def test_a08_a_code_opens_once_and_a_used_one_never_again(codes: list[str], clock: Clock) -> None:
    first, second = enter(), enter()
    now = shown()
    secret = code(first, f"{now[:3]} {now[3:]}")
    assert actor_of(secret).auth == "password+totp"
    with pytest.raises(Faulty, match="used already"):
        code(second, now)
    clock.advance(seconds=30)
    assert seat(code(second, shown()))
    for over in (first, "made up", None):
        with pytest.raises(NotSignedIn):
            doors.enter_code(over, shown(), ip="192.0.2.5", agent=None)
    late = enter()
    clock.advance(minutes=11)
    with pytest.raises(NotSignedIn):
        code(late, shown())


def test_a08_a_recovery_code_opens_once_and_keeps_the_app(codes: list[str], mia: str) -> None:
    secret = code(enter(), codes[0].upper().replace("-", " "))
    assert actor_of(secret).auth == "password+recovery"
    with pytest.raises(Faulty):
        code(enter(), codes[0])
    staffing.add_user("mia@example.com", "Mia", "member", WORD, actor=ADA)
    assert seat(enter()) is None
    with db.reading() as conn:
        keys = told.keys(conn, mia)
    assert (keys.codes_left, keys.app_since is not None) == (9, True)


def test_a05_a_code_is_not_guessed_and_guessing_locks_nobody_out(
    codes: list[str], clock: Clock
) -> None:
    step = enter()
    for _ in range(5):
        with pytest.raises(Faulty):
            code(step, "000000")
    with pytest.raises(NotSignedIn):
        code(step, shown())
    theirs = [enter("203.0.113.9") for _ in range(3)]
    for step in (theirs[0], theirs[1]):
        for _ in range(5):
            with pytest.raises(Faulty):
                code(step, "000000", "203.0.113.9")
    with pytest.raises(TooFast):
        code(theirs[2], shown(), "203.0.113.9")
    assert seat(code(enter(), shown()))


def test_the_database_alone_makes_no_code(codes: list[str]) -> None:
    enter()
    kept = str([everything(one) for one in (SecondFactor, RecoveryCode, SignInStep)])
    [row] = makers.rows(SecondFactor)
    for known in (totp.key_of(row.id), *codes):
        assert known not in kept


def test_removing_asks_who_sits_there_by_the_code_too(codes: list[str], clock: Clock) -> None:
    secret = code(enter(), shown())
    actor = actor_of(secret)
    clock.advance(minutes=11)
    for typed in (("wrong", shown()), (WORD, "000000"), (WORD, "")):
        with pytest.raises(Faulty):
            doors.prove(secret, *typed, actor=actor)
    secret = doors.prove(secret, WORD, shown(), actor=actor)
    verbs.remove(secret, actor=actor)
    assert seat(enter()) is not None
    assert everything(RecoveryCode) == []


def test_a_lost_app_is_taken_away_by_an_admin_alone(codes: list[str], mia: str) -> None:
    with pytest.raises(NotYours):
        verbs.remove_of(mia, None, actor=people.staff("dana"))
    verbs.remove_of(mia, None, actor=ADA)
    assert seat(enter()) is not None


def test_whose_role_asks_for_one_sets_it_up_before_all_else(mia: str) -> None:
    before, standing = enter(), []
    with pytest.raises(NotYours):
        verbs.require_of([], actor=people.staff("dana"))
    verbs.require_of(["member", "king"], actor=ADA)
    after = enter()
    for one in (before, after):
        found = seat(one)
        standing.append(found.needs_second if found else None)
    assert standing == [True, True]
    verbs.begin(after, actor=actor_of(after))
    verbs.confirm(after, shown(), actor=actor_of(after))
    assert {row.needs_second for row in makers.rows(StaffSession, user_id=mia)} == {False}
    with db.transaction() as tx:
        tx.execute(sa.delete(SecondFactor))
        seats.judge(tx)
    assert {row.needs_second for row in makers.rows(StaffSession, user_id=mia)} == {True}
    verbs.require_of([], actor=ADA)
    assert {row.needs_second for row in makers.rows(StaffSession, user_id=mia)} == {False}
