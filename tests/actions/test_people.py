"""Staff come, sign in, guess and leave; programs get their tokens."""

import hashlib

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from portal import db
from portal.access import limits, sessions
from portal.actions import people as verbs
from portal.clock import Clock
from portal.errors import Faulty, NotSignedIn, NotYours, TooFast, Unknown
from portal.models import ApiToken, StaffSession, Team, User
from portal.readings import house
from tests import makers, people

WORD = "a long enough word"
ADA = people.staff("ada")


def add(email: str = "Mia@Example.com", **more: object) -> str:
    """Mia, a member who can sign in."""
    told: dict[str, object] = {"name": "Mia", "role": "member", "password": WORD, **more}
    return verbs.add_user(email, **told, actor=ADA)  # type: ignore[arg-type]


def sign_in(word: str = WORD, email: str = "mia@example.com", ip: str = "192.0.2.5") -> str:
    return verbs.sign_in(email, word, ip=ip, agent="Firefox")


def teams_of(user: str) -> tuple[str, ...]:
    with db.reading() as conn:
        return next(one.teams for one in house.colleagues(conn) if one.id == user)


def actor_of(secret: str) -> object:
    with db.reading() as conn:
        return sessions.staff(conn, secret)


def test_who_was_added_signs_in_whatever_the_letters_of_the_address() -> None:
    add()
    actor = actor_of(sign_in(email=" MIA@example.com "))
    assert (actor.name, actor.role, actor.ip) == ("Mia", "member", None)  # type: ignore[attr-defined]


def test_adding_again_changes_and_keeps_the_password() -> None:
    first = add(teams=["north"])
    assert add(name="Mia Moss", role="auditor", password=None) == first
    [user] = makers.rows(User, id=first)
    assert (user.name, user.role) == ("Mia Moss", "auditor")
    assert teams_of(first) == ("north",)
    sign_in()


def test_teams_are_made_where_they_are_new() -> None:
    user = add(teams=["north", "finance", "north"])
    assert {team.name for team in makers.rows(Team)} == {"finance", "north"}
    assert teams_of(user) == ("finance", "north")


def test_a_new_password_ends_the_sessions() -> None:
    add()
    secret = sign_in()
    add(password="another long word")
    assert actor_of(secret) is None
    with pytest.raises(NotSignedIn):
        sign_in()


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"email": "mia"}, "email"),
        ({"name": " "}, "name"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
    ],
)
def test_each_fault_stands_at_its_entry(wrong: dict[str, object], at: str) -> None:
    with pytest.raises(Faulty) as refusal:
        add(**wrong)  # type: ignore[arg-type]
    assert [fault.at for fault in refusal.value.faults] == [at]


def test_only_an_admin_may_add() -> None:
    with pytest.raises(NotYours):
        verbs.add_user("x@example.com", "X", "member", None, actor=people.staff("dana"))


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
    assert actor_of(mine) is not None
    verbs.sign_out(mine, actor=actor)  # type: ignore[arg-type]
    assert actor_of(mine) is None
    assert actor_of(other) is not None


def test_secrets_are_not_kept() -> None:
    add()
    secret = sign_in()
    token = verbs.make_token("till", "dana@example.com", False, actor=ADA)
    kept = str([*makers.rows(StaffSession), *makers.rows(ApiToken), *makers.rows(User)])
    for known in (secret, token, WORD):
        assert known not in kept


def test_a_token_acts_for_its_user_until_it_ends() -> None:
    token = verbs.make_token("till", "Dana@example.com", False, actor=ADA)
    with db.reading() as conn:
        actor = sessions.token(conn, token)
    assert actor is not None
    assert (actor.user_id, actor.role) == ("dana", "member")
    [row] = makers.rows(ApiToken)
    verbs.revoke_token(row.id, actor=ADA)
    with db.reading() as conn:
        assert sessions.token(conn, token) is None
    with pytest.raises(Unknown):
        verbs.revoke_token(row.id, actor=ADA)


def test_a_token_needs_a_name_and_a_user() -> None:
    for name, email, at in (("", "dana@example.com", "name"), ("x", "no@example.com", "email")):
        with pytest.raises(Faulty) as refusal:
            verbs.make_token(name, email, False, actor=ADA)
        assert [fault.at for fault in refusal.value.faults] == [at]
