"""Staff come, sign in, guess and leave; programs get their tokens."""

import pytest

from portal import db
from portal.access import seats
from portal.actions import people as verbs
from portal.actions import sign_in as doors
from portal.errors import Faulty, NotSignedIn, NotYours, Unknown
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
    return doors.sign_in(email, word, ip=ip, agent="Firefox")


def teams_of(user: str) -> tuple[str, ...]:
    with db.reading() as conn:
        return next(one.teams for one in house.colleagues(conn) if one.id == user)


def actor_of(secret: str) -> object:
    with db.reading() as conn:
        return seats.staff(conn, secret)


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
        actor = seats.token(conn, token)
    assert actor is not None
    assert (actor.user_id, actor.role) == ("dana", "member")
    [row] = makers.rows(ApiToken)
    verbs.revoke_token(row.id, actor=ADA)
    with db.reading() as conn:
        assert seats.token(conn, token) is None
    with pytest.raises(Unknown):
        verbs.revoke_token(row.id, actor=ADA)


def test_a_token_needs_a_name_and_a_user() -> None:
    for name, email, at in (("", "dana@example.com", "name"), ("x", "no@example.com", "email")):
        with pytest.raises(Faulty) as refusal:
            verbs.make_token(name, email, False, actor=ADA)
        assert [fault.at for fault in refusal.value.faults] == [at]
