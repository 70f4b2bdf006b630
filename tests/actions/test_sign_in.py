"""Staff sign in, are slowed where they guess, and end their sessions."""

import hashlib

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from portal import clock as house_clock
from portal import db
from portal.access import limits, seats
from portal.actions import people as staffing
from portal.actions import sign_in as verbs
from portal.actor import Actor
from portal.clock import Clock
from portal.errors import Faulty, NotProved, NotSignedIn, NotYours, TooFast, Unknown
from portal.models import BookEntry, User
from portal.readings import book
from portal.readings import seats as told
from tests import people

WORD = "a long enough word"
ADA = people.staff("ada")


def add(email: str = "Mia@Example.com", **more: object) -> str:
    """Mia, a member who can sign in."""
    told: dict[str, object] = {"name": "Mia", "role": "member", "password": WORD, **more}
    return staffing.add_user(email, **told, actor=ADA)  # type: ignore[arg-type]


def sign_in(word: str = WORD, email: str = "mia@example.com", ip: str = "192.0.2.5") -> str:
    return verbs.sign_in(email, word, ip=ip, agent="Firefox")


def actor_of(secret: str) -> Actor:
    with db.reading() as conn:
        actor = seats.staff(conn, secret)
    assert actor is not None
    return actor


def is_in(secret: str) -> bool:
    with db.reading() as conn:
        return seats.staff(conn, secret) is not None


def written(about: str | None = None) -> list[str]:
    """What the book says, oldest first."""
    with db.reading() as conn:
        return [line.sentence for line in reversed(book.lines(conn, about=about).lines)]


def test_wrong_and_unknown_are_told_alike() -> None:
    add()
    for word, email in (("wrong word", "mia@example.com"), (WORD, "nobody@example.com")):
        with pytest.raises(NotSignedIn) as refusal:
            sign_in(word, email)
        assert "do not belong together" in str(refusal.value)


def test_who_has_no_password_can_not_sign_in() -> None:
    with pytest.raises(NotSignedIn):
        sign_in(WORD, "dana@example.com")


def test_guessing_is_slowed_and_locks_nobody_out(clock: Clock) -> None:
    add()
    sign_in(ip="192.0.2.5")
    for n in range(10):
        with pytest.raises(NotSignedIn):
            sign_in(f"guess {n}", ip="203.0.113.9")
    with pytest.raises(TooFast) as refusal:
        sign_in(ip="203.0.113.9")
    assert 0 < refusal.value.retry_after <= 600
    sign_in(ip="192.0.2.5")
    clock.advance(minutes=11)
    sign_in(ip="203.0.113.9")


def guess_from_everywhere() -> None:
    """A hundred wrong passwords; counted only, for hashing them all takes long on purpose."""
    mark = hashlib.sha256(b"mia@example.com").hexdigest()[:32]
    for _ in range(100):
        limits.count(f"sign-in:{mark}", 86_400)


def test_a05_a_hundred_guesses_from_everywhere_keep_the_owner_out_nowhere() -> None:
    add()
    sign_in(ip="192.0.2.5")
    guess_from_everywhere()
    sign_in(ip="192.0.2.5")
    guess_from_everywhere()
    sign_in(ip="198.51.100.1")


def test_a05_from_then_on_an_address_has_one_guess_a_minute_and_ten_a_day(clock: Clock) -> None:
    add()
    guess_from_everywhere()
    heard = 0
    for _ in range(40):
        with pytest.raises((NotSignedIn, TooFast)) as refusal:
            sign_in("a guess", ip="198.51.100.1")
        heard += refusal.type is NotSignedIn
        clock.advance(seconds=30)
    assert heard == 10
    sign_in(ip="198.51.100.2")


def set_quick_password(email: str) -> None:
    """As an older installation may have hashed it: a guess then takes no time to speak of."""
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(WORD)
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.email == email).values(password_hash=hashed))


def test_a05_one_browser_guesses_a_few_times_whatever_the_accounts() -> None:
    for name in people.STAFF:
        set_quick_password(f"{name}@example.com")
    told = {NotSignedIn: 0, TooFast: 0}
    for n in range(90):
        name = list(people.STAFF)[n % len(people.STAFF)]
        with pytest.raises((NotSignedIn, TooFast)) as refusal:
            sign_in("password1", f"{name}@example.com", ip="203.0.113.9")
        told[refusal.type] += 1
    assert told == {NotSignedIn: 60, TooFast: 30}


def test_signing_out_ends_one_session_of_ones_own() -> None:
    add()
    mine, other = sign_in(), sign_in()
    actor = actor_of(mine)
    verbs.sign_out(mine, actor=ADA)
    assert is_in(mine)
    verbs.sign_out(mine, actor=actor)
    assert not is_in(mine)
    assert is_in(other)


def test_a06_a_session_is_ended_by_whose_it_is_or_an_admin_and_the_book_tells(
    clock: Clock,
) -> None:
    mia = add()
    here, there, elsewhere = sign_in(), sign_in(ip="198.51.100.9"), sign_in()
    with db.reading() as conn:
        listed = told.signed_in(conn, mia, house_clock.now())
    assert [(one.device, one.method) for one in listed] == [("Firefox", "by password")] * 3
    [far] = [one for one in listed if one.ip == "198.51.100.9"]
    for stranger in (people.staff("dana"), people.staff("aud")):
        with pytest.raises(Unknown):
            verbs.end_session(far.id, actor=stranger)
    verbs.end_session(far.id, actor=actor_of(here))
    assert [is_in(one) for one in (here, there, elsewhere)] == [True, False, True]
    assert verbs.end_others(here, actor=actor_of(here)) == 1
    assert [is_in(one) for one in (here, there, elsewhere)] == [True, False, False]
    with pytest.raises(NotYours):
        verbs.end_all(mia, actor=people.staff("dana"))
    assert verbs.end_all(mia, actor=ADA) == 1
    assert not is_in(here)
    assert written(mia) == [
        "Ada Admin added Mia, as member and with a new password.",
        *["Mia signed in by password."] * 3,
        "Mia ended one of their own sessions.",
        "Mia ended one of their own sessions.",
        "Ada Admin ended one of Mia’s sessions.",
    ]


def test_a06_a_new_password_asks_the_old_one_and_ends_all_other_sessions() -> None:
    mia = add()
    here, there = sign_in(), sign_in()
    actor = actor_of(here)
    for typed, at in (
        (("wrong", "another long word", "another long word"), "old"),
        ((WORD, "short", "short"), "new"),
        ((WORD, "another long word", "another word"), "again"),
    ):
        with pytest.raises(Faulty) as refusal:
            verbs.change_password(here, *typed, actor=actor)
        assert [fault.at for fault in refusal.value.faults] == [at]
    new = verbs.change_password(here, WORD, "another long word", "another long word", actor=actor)
    assert [is_in(one) for one in (here, there, new)] == [False, False, True]
    assert written(mia)[-1] == "Mia changed their own password."
    with pytest.raises(NotSignedIn):
        sign_in()
    sign_in("another long word")


def test_a06_who_sits_there_is_asked_once_more_and_the_old_cookie_is_dead(clock: Clock) -> None:
    add()
    stolen = sign_in()
    actor = actor_of(stolen)
    with db.transaction() as tx:
        seats.require_proof(tx, stolen, actor)
    clock.advance(minutes=11)
    with pytest.raises(NotProved), db.transaction() as tx:
        seats.require_proof(tx, stolen, actor)
    with pytest.raises(Faulty):
        verbs.prove(stolen, "wrong", actor=actor)
    fresh = verbs.prove(stolen, WORD, actor=actor)
    assert not is_in(stolen)
    with db.transaction() as tx:
        seats.require_proof(tx, fresh, actor)
    for _ in range(10):
        with pytest.raises(Faulty):
            verbs.prove(fresh, "guess", actor=actor)
    with pytest.raises(TooFast):
        verbs.prove(fresh, WORD, actor=actor)
    clock.advance(minutes=11)
    verbs.prove(fresh, WORD, actor=actor)


def test_the_database_refuses_to_change_the_book() -> None:
    add()
    for statement in (sa.update(BookEntry).values(kind="x"), sa.delete(BookEntry)):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.transaction() as tx:
            tx.execute(statement)


def test_whoever_has_a_network_of_addresses_guesses_no_more_than_from_one() -> None:
    add()
    for n in range(10):
        with pytest.raises(NotSignedIn):
            sign_in("wrong word", ip=f"2001:db8:1:2::{n + 1:x}")
    with pytest.raises(TooFast):
        sign_in(ip="2001:db8:1:2:ffff::1")
    assert sign_in(ip="2001:db8:1:3::1")
    assert limits.place("::ffff:192.0.2.5") == limits.place("192.0.2.5") == "192.0.2.5"
    assert limits.place(None) == "None"
