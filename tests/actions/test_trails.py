"""Asking for audit trails: one for each state of a ledger."""

import pytest

from portal.actions import trails
from portal.clock import Clock
from portal.errors import Unknown
from portal.models import Trail
from tests import makers, people

DANA = people.staff("dana")


def test_asked_again_without_news_it_is_the_same_trail(clock: Clock) -> None:
    process = makers.start(makers.FORM)
    first = trails.ask(process, actor=DANA)
    clock.advance(minutes=5)
    assert trails.ask(process, actor=people.staff("aud")) == first
    makers.fill(process, company="Sea")
    assert trails.ask(process, actor=DANA) != first


def test_it_is_noted_once_and_its_own_event_is_no_news() -> None:
    process = makers.start(makers.FORM)
    asked = trails.ask(process, actor=DANA)
    [owed] = makers.owed(process, "trail.build")
    first, other = (trails.Built(s, d * 64, 10, "b-b") for s, d in (("storage", "a"), ("o", "b")))
    told = {"outbox_id": owed.id, "fence": owed.fence, "instead_of": None}
    assert trails.note_built(asked, first, **told)
    assert not trails.note_built(asked, other, **told)
    assert makers.types(process).count("trail.built") == 1
    assert trails.ask(process, actor=DANA) == asked
    [row] = makers.rows(Trail)
    assert (row.storage_id, row.sha256) == ("storage", "a" * 64)
    assert len(makers.owed(process, "trail.build")) == 1


def test_an_unknown_process_has_none() -> None:
    with pytest.raises(Unknown):
        trails.ask("nothing", actor=DANA)
