"""Whose browser it is over all processes, when its links no longer say the same."""

from typing import Any

import pytest
import sqlalchemy as sa

from portal import db
from portal.access import addresses
from portal.clock import Clock
from portal.models import Participant
from tests import makers
from tests.access.test_sessions import enter

pytestmark = pytest.mark.usefixtures("house")


def change_address(of: Any, email: str) -> None:
    with db.transaction() as tx:
        theirs = sa.update(Participant).where(Participant.id == of.participant_id)
        tx.execute(theirs.values(email=email))


@pytest.mark.parametrize("last", [0, 1])
def test_a_browser_is_of_the_address_that_its_last_link_went_to(clock: Clock, last: int) -> None:
    first = makers.task(makers.start(makers.FORM), "details")
    second = makers.task(makers.start_again(), "details")
    one, other = (first, second) if last else (second, first)
    secret = enter(one)
    clock.advance(minutes=1)
    secret = enter(other, secret)
    change_address(one, "before@vendor.example")
    change_address(other, "after@vendor.example")
    with db.reading() as conn:
        found = addresses.visitor(conn, secret)
    assert found is not None
    assert found.email == "after@vendor.example"
