"""A token is good for what it was made for, until its day; one of old stays good for all."""

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock as house_clock
from portal import db
from portal.actions import people as verbs
from portal.errors import Faulty
from portal.models import ApiToken
from portal.models.people import SCOPES
from portal.web.api.entry import CALLS
from tests import makers, people

ADA = people.staff("ada")
ASKED = {
    "read": ("GET", "/api/v1/processes"),
    "start": ("POST", "/api/v1/processes"),
    "act": ("POST", "/api/v1/tasks/nothing/complete"),
    "admin": ("POST", "/api/v1/definitions"),
}


def statuses(app: Flask, token: str) -> dict[str, int]:
    """What each kind of call is answered."""
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    return {
        scope: client.open(path, method=method, headers=headers, json={}).status_code
        for scope, (method, path) in ASKED.items()
    }


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_is_good_for_its_scope_alone(app: Flask, scope: str) -> None:
    told = statuses(app, verbs.make_token("till", "dana@example.com", False, [scope], actor=ADA))
    assert {one for one, status in told.items() if status != 403} == {scope}


def test_a_token_of_old_is_good_for_all_and_tells_when_it_was_used(
    app: Flask, clock: house_clock.Clock
) -> None:
    token = verbs.make_token("till", "dana@example.com", False, actor=ADA)
    assert 403 not in statuses(app, token).values()
    [first] = makers.rows(ApiToken)
    clock.advance(minutes=2)
    statuses(app, token)
    [row] = makers.rows(ApiToken)
    assert (row.scopes, (row.used_at - first.used_at).seconds) == (None, 120)


def test_a_token_ends_by_itself_on_its_day(app: Flask, clock: house_clock.Clock) -> None:
    token = verbs.make_token("till", "dana@example.com", False, ["read"], 2, actor=ADA)
    clock.advance(days=1, hours=23)
    assert statuses(app, token)["read"] == 200
    clock.advance(hours=2)
    assert set(statuses(app, token).values()) == {401}


@pytest.mark.parametrize(("more", "at"), [(([],), "scopes"), ((["king"],), "scopes"),
                                          ((None, 0), "days"), ((None, 9999), "days")])  # fmt: skip
def test_what_no_token_has_is_refused_at_its_entry(
    app: Flask, more: tuple[object, ...], at: str
) -> None:
    with pytest.raises(Faulty) as refusal:
        verbs.make_token("till", "dana@example.com", False, *more, actor=ADA)  # type: ignore[arg-type]
    assert [fault.at for fault in refusal.value.faults] == [at]


def test_the_description_names_the_scope_of_every_call(app: Flask) -> None:
    told = app.test_client().get("/api/v1/openapi.json").get_json()
    for call in CALLS:
        path = call.path.replace("<", "{").replace(">", "}")
        operation = told["paths"][path][call.method.lower()]
        assert f"`{call.scope}`" in operation["description"]
    assert {call.scope for call in CALLS} == set(SCOPES)
    with db.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(ApiToken)).scalar() == 0
