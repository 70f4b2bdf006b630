"""The audit trail as it is set and sealed, checked as an auditor checks it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal import db
from portal.actions import processes, trails
from portal.cli.verify import verify
from portal.clock import Clock
from portal.delivery.seal import Seal
from portal.models import Trail
from tests import makers, people, seals

APPROVED = f"""{makers.FORM}
  - {{id: review, assign: buyer, approval: {{question: Good?, on_changes: {{return_to: details}}}}}}
"""
LONG = "Every page of this contract was read twice, by two of us. " * 150
WANG = {"email": "w@vendor.example", "name": "王 محمد Łukasz <b> 🚢 O’Brien"}


@pytest.fixture(autouse=True)
def cast(sqlite: db.Database, clock: Clock) -> None:
    """How a trail is read from either database, ``test_trail_parts`` tries."""
    people.settle()


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal.of(tmp_path)


def built(process: str, seal: Seal) -> bytes:
    """The trail of a process up to now, as the worker builds it."""
    asked = trails.ask(process, actor=people.staff("dana"))
    [row] = makers.rows(Trail, id=asked)
    trails.anchor(process, seal, row.seq)
    with db.reading() as conn:
        pages = seals.trail(
            conn, process, row.seq, brand="Sea Works", tz="UTC",
            public_key=str(seal.public_key),
        )  # fmt: skip
    return seals.sealed(pages, seal)


def judged(path: Path, seal: Seal) -> int:
    arguments = [str(path), "--key", str(seal.public_key)]
    status: int = verify.main(arguments, standalone_mode=False)
    return status


def nothing(process: str) -> None:
    return


def approve(process: str) -> None:
    makers.fill(process, company="Sea")
    makers.decide(process, comment=LONG)


def reject(process: str) -> None:
    makers.fill(process, company="Sea")
    makers.decide(process, "reject")


def cancel(process: str) -> None:
    processes.cancel(process, "No longer needed", actor=people.staff("dana"))


@pytest.mark.parametrize(
    ("go_on", "vendor"),
    [(nothing, WANG), (approve, WANG), (reject, people.VERA), (cancel, people.VERA)],
)
def test_e04_a_trail_is_sound_however_its_process_ended_and_whoever_took_part(
    seal: Seal, tmp_path: Path, go_on: Callable[[str], None], vendor: dict[str, str]
) -> None:
    process = makers.start(APPROVED, vendor=vendor)
    go_on(process)
    file = tmp_path / "trail.pdf"
    file.write_bytes(built(process, seal))
    assert judged(file, seal) == 0


def test_e06_the_same_ledger_gives_the_same_sealed_bytes(seal: Seal) -> None:
    process = makers.start(APPROVED)
    assert built(process, seal) == built(process, seal)
