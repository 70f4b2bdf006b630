"""A passkey opens the door alone: once for each challenge, here and nowhere else (A08)."""

import json

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import links, seats
from portal.actions import passkeys as verbs
from portal.actor import Actor
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotProved, NotSignedIn, TooFast, Unknown
from portal.models import Passkey, User
from portal.readings import book
from tests import makers, people
from tests.authenticator import PRESENT, Authenticator

ORIGIN = "https://portal.example"
DANA, OLGA = people.staff("dana"), people.staff("olga")


def seated(name: str) -> str:
    """A browser in which somebody has just signed in by password; its secret."""
    with db.transaction() as tx:
        return seats.begin(tx, name, "password", ip="192.0.2.1", agent="Firefox")


def enter(phone: Authenticator) -> str:
    options, step = verbs.ask(ip="192.0.2.1")
    return verbs.sign_in(step, phone.show(options), ip="192.0.2.1", agent="Firefox")


def actor_of(secret: str) -> Actor:
    with db.reading() as conn:
        actor = seats.staff(conn, secret)
    assert actor is not None
    return actor


def make(phone: Authenticator, actor: Actor = DANA, name: str = "phone") -> str:
    """Add the phone to somebody’s account; the secret of the session in which that was done."""
    secret = seated(str(actor.user_id))
    options, step = verbs.begin(secret, "Portico", actor=actor)
    verbs.add(secret, step, name, phone.make(options), actor=actor)
    return secret


@pytest.fixture
def phone() -> Authenticator:
    """Dana’s phone, with a passkey for this portal."""
    found = Authenticator(ORIGIN)
    make(found)
    return found


def test_a_passkey_signs_in_alone_and_is_named_and_removed(phone: Authenticator) -> None:
    secret = enter(phone)
    actor = actor_of(secret)
    assert (actor.user_id, actor.auth) == ("dana", "passkey")
    [row] = makers.rows(Passkey)
    assert (row.counter, row.used_at is not None) == (1, True)
    with pytest.raises(Faulty):
        verbs.rename(row.id, " ", actor=actor)
    verbs.rename(row.id, "old phone", actor=actor)
    for theirs in (lambda: verbs.rename(row.id, "x", actor=OLGA),
                   lambda: verbs.remove(seated("olga"), row.id, actor=OLGA)):  # fmt: skip
        with pytest.raises(Unknown):
            theirs()
    with pytest.raises(Conflict, match="all that lets you in"):
        verbs.remove(secret, row.id, actor=actor)
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "dana").values(password_hash="x"))
    verbs.remove(secret, row.id, actor=actor)
    with pytest.raises(NotSignedIn, match="not known"):
        enter(phone)
    with db.reading() as conn:
        told = [one.sentence for one in book.lines(conn, about="dana").lines]
    assert told == [
        "Dana Owner removed the passkey “old phone”.",
        "Dana Owner signed in by passkey.",
        "Dana Owner added the passkey “phone”.",
    ]


def test_a08_a_challenge_is_good_once_whether_the_answer_was_right_or_wrong(
    phone: Authenticator, clock: Clock
) -> None:
    options, step = verbs.ask(ip="192.0.2.1")
    answer = phone.show(options)
    assert verbs.sign_in(step, answer, ip=None, agent=None)
    with pytest.raises(NotSignedIn):
        verbs.sign_in(step, answer, ip=None, agent=None)
    fresh, again = verbs.ask(ip="192.0.2.1")
    with pytest.raises(NotSignedIn):
        verbs.sign_in(again, answer, ip=None, agent=None)
    with pytest.raises(NotSignedIn):
        verbs.sign_in(again, phone.show(fresh), ip=None, agent=None)
    late, step = verbs.ask(ip="192.0.2.1")
    clock.advance(minutes=11)
    with pytest.raises(NotSignedIn):
        verbs.sign_in(step, phone.show(late), ip=None, agent=None)


def test_a08_what_was_signed_elsewhere_or_for_another_opens_nothing(phone: Authenticator) -> None:
    phone.origin = "https://portal.example.evil.example"
    with pytest.raises(NotSignedIn):
        enter(phone)
    phone.origin, phone.flags = ORIGIN, PRESENT
    with pytest.raises(NotSignedIn):
        enter(phone)
    phone.flags, phone.user = phone.flags | 0x04, b"olga"
    with pytest.raises(NotSignedIn):
        enter(phone)
    phone.user = b"dana"
    assert enter(phone)
    elsewhere, secret = Authenticator("https://evil.example"), seated("olga")
    options, step = verbs.begin(secret, "Portico", actor=OLGA)
    with pytest.raises(NotSignedIn):
        verbs.add(secret, step, "phone", elsewhere.make(options), actor=OLGA)


def test_a08_a_counter_that_does_not_grow_tells_of_a_copy(phone: Authenticator) -> None:
    for _ in range(3):
        enter(phone)
    phone.counter = 1
    with pytest.raises(NotSignedIn):
        enter(phone)
    phone.counter = 3
    assert enter(phone)


def test_a08_nobody_adds_a_passkey_to_another_account_or_unasked(
    phone: Authenticator, clock: Clock
) -> None:
    with pytest.raises(Conflict, match="in use"):
        make(phone, OLGA)
    phone.user = b"dana"
    dana, olga = seated("dana"), seated("olga")
    options, step = verbs.begin(dana, "Portico", actor=DANA)
    assert len(json.loads(options)["excludeCredentials"]) == 1
    with pytest.raises(NotSignedIn, match="somebody else"):
        verbs.add(olga, step, "phone", Authenticator(ORIGIN).make(options), actor=OLGA)
    clock.advance(minutes=11)
    [row] = makers.rows(Passkey)
    with pytest.raises(NotProved):
        verbs.begin(dana, "Portico", actor=DANA)
    with pytest.raises(NotProved):
        verbs.remove(dana, row.id, actor=DANA)
    options, step = verbs.ask(ip="192.0.2.1")
    fresh = verbs.prove(dana, step, phone.show(options), actor=DANA)
    assert verbs.begin(fresh, "Portico", actor=DANA)
    options, step = verbs.ask(ip="192.0.2.1")
    with pytest.raises(NotSignedIn, match="another person"):
        verbs.prove(olga, step, phone.show(options), actor=OLGA)


def test_a_closed_account_a_flood_and_an_address_of_numbers_are_refused(
    phone: Authenticator,
) -> None:
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "dana").values(is_active=False))
    for answer in ("", "[]", "{}", '{"id": 7}'):
        with pytest.raises(NotSignedIn):
            verbs.sign_in(verbs.ask(ip="192.0.2.1")[1], answer, ip="192.0.2.1", agent=None)
    with pytest.raises(NotSignedIn):
        enter(phone)
    for _ in range(55):
        with pytest.raises(NotSignedIn):
            verbs.sign_in(None, "{}", ip="192.0.2.1", agent=None)
    with pytest.raises(TooFast):
        enter(phone)
    for _ in range(60):
        verbs.ask(ip="192.0.2.7")
    with pytest.raises(TooFast):
        verbs.ask(ip="192.0.2.7")
    links.configure(("a key of these tests that is long enough",), "http://127.0.0.1:8000")
    with pytest.raises(Conflict):
        verbs.ask(ip="192.0.2.1")
