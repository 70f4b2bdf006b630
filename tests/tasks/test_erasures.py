"""What was erased is nowhere any more, and the chain of what happened still verifies."""

from pathlib import Path

import pytest

from portal import db
from portal.actions import erasures
from portal.delivery.storage import Store
from portal.errors import Conflict, Faulty, NotYours
from portal.ledger import verify
from portal.ledger.findings import SOUND
from portal.models import Erasure, Participant
from portal.readings import export
from portal.settings import Settings
from tasks import relay
from tests import makers, people
from tests.tasks import canaries

ADA = people.staff("ada")


def erased(process: str) -> None:
    erasures.of_process(process, basis="request", reference="DSR 7", confirmed="erase", actor=ADA)
    relay.carry_out_here()


def verdict(process: str) -> verify.Report:
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]
    return verify.verify(lines)


@pytest.fixture
def process(house: Settings) -> str:
    return canaries.live(Store(house.storage_dir))


def test_a_process_that_is_erased_holds_nothing_of_anybody(
    house: Settings, process: str, tmp_path: Path
) -> None:
    assert canaries.in_database(), "the scan finds them while they are there"
    assert list(canaries.on_disk(tmp_path))
    erased(process)
    assert canaries.in_database() == []
    assert list(canaries.on_disk(tmp_path)) == []
    assert verdict(process).verdict == SOUND
    assert verdict(process).erased > 50
