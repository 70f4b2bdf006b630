"""A process's end is under a signed checkpoint at once, not a minute later."""

from portal import db
from portal.clock import Clock
from portal.delivery.seal import KEY_FILE, Seal
from portal.ledger.findings import SOUND
from portal.ledger.tables import Checkpoint
from portal.ledger.verify import verify
from portal.readings import export
from portal.settings import Settings
from tasks import checkpoints, upkeep
from tests import makers
from tests.tasks.conftest import post


def points() -> int:
    """How many checkpoints were signed."""
    with db.reading() as conn:
        return len(conn.execute(Checkpoint.__table__.select()).all())


def end(process: str) -> None:
    makers.fill(process, company="Sea")


def test_what_was_recorded_up_to_the_end_is_signed_with_it(asked: str, house: Settings) -> None:
    post()
    end(asked)
    assert "process.completed" in makers.types(asked)
    told = len(makers.events(asked))
    [owed] = makers.owed(asked, "ledger.checkpoint")
    post()
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, asked, upto=told - 1)]
    report = verify(lines, key=Seal.of(house.data_dir).public_key.raw)
    assert report.verdict == SOUND, list(report.told())
    assert points() == 1
    assert makers.owed(asked, "ledger.checkpoint")[0].state == "done"
    assert owed.state == "pending"


def test_many_ends_are_one_signature(asked: str, house: Settings) -> None:
    others = [makers.start_again() for _ in range(3)]
    for process in (asked, *others):
        end(process)
    post()
    assert points() == 1
    upkeep.checkpoint()
    assert points() == 2  # what was mailed after the end


def test_a_key_that_is_away_is_asked_for_again(asked: str, house: Settings, clock: Clock) -> None:
    key = house.data_dir / KEY_FILE
    Seal.of(house.data_dir)
    kept = key.read_bytes()
    key.write_text("not a key")
    end(asked)
    post()
    [owed] = makers.owed(asked, "ledger.checkpoint")
    assert (owed.state, points()) == ("pending", 0)
    key.write_bytes(kept)
    clock.advance(minutes=1)
    post()
    assert points() == 1


def test_nothing_in_hand_is_nothing_to_sign(house: Settings) -> None:
    checkpoints.carry_out([])
    assert points() == 0
