"""The owner is asked once a period whether a definition still matches reality, and confirms it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.actions import reviews
from portal.clock import Clock
from portal.errors import NotYours, Unknown
from portal.ledger.tables import Outgoing
from portal.models import DefinitionRow
from tests import makers, people
from tests.conftest import MONDAY

DANA = people.staff("dana")
HEAD = makers.HEAD + "review_every: 90 days\n"


def asked() -> int:
    return len(makers.rows(Outgoing, kind="mail.review"))


def test_the_owner_is_asked_once_a_period(clock: Clock) -> None:
    makers.publish(makers.FORM, HEAD)
    for days, mails in ((89, 0), (1, 1), (30, 1), (59, 1), (1, 2)):
        clock.advance(days=days)
        for _ in range(2):
            reviews.ask()
        assert asked() == mails


def test_reviews_missed_together_are_one(clock: Clock) -> None:
    makers.publish(makers.FORM, HEAD)
    clock.advance(days=400)
    assert (reviews.ask(), reviews.ask()) == (1, 0)
    [row] = makers.rows(DefinitionRow)
    assert row.review_at == MONDAY + timedelta(days=490)


def test_two_that_ask_at_once_ask_once(clock: Clock) -> None:
    makers.publish(makers.FORM, HEAD)
    clock.advance(days=91)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: reviews.ask(), range(8))) == 1
    assert asked() == 1


def test_confirming_begins_the_period_anew(clock: Clock) -> None:
    makers.publish(makers.FORM, HEAD)
    clock.advance(days=60)
    reviews.confirm("demo", actor=DANA)
    clock.advance(days=60)
    assert reviews.ask() == 0
    clock.advance(days=30)
    assert reviews.ask() == 1
    [row] = makers.rows(DefinitionRow)
    assert (row.confirmed_by, row.version) == ("dana", 1)


def test_only_the_current_version_is_reviewed_and_only_where_it_says_so(clock: Clock) -> None:
    makers.publish(makers.FORM, HEAD)
    clock.advance(days=60)
    makers.publish(makers.FORM.replace("details", "other"), HEAD)
    clock.advance(days=60)
    assert reviews.ask() == 0
    makers.publish(makers.FORM)
    clock.advance(days=400)
    assert reviews.ask() == 0


def test_it_is_the_owners_or_an_admins_to_confirm() -> None:
    makers.publish(makers.FORM, HEAD)
    for name in ("olga", "aud"):
        with pytest.raises(NotYours):
            reviews.confirm("demo", actor=people.staff(name))
    reviews.confirm("demo", actor=people.staff("ada"))
    with pytest.raises(Unknown):
        reviews.confirm("nothing", actor=DANA)
