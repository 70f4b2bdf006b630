"""The night's look over all stored evidence: ledgers, site tree, checkpoints, files."""

from collections.abc import Callable

import structlog
from sqlalchemy.engine import Connection

from portal import db
from portal.actions import sweeps, upkeep
from portal.delivery.storage import Store
from portal.readings import sweeping
from portal.readings.sweeping import Fault, Looked
from tasks.job import house, job

log = structlog.get_logger(__name__)


@job
def look_over() -> int:
    """Look over everything, or over what is left of a round; how much of it was altered."""
    place = sweeps.go_on()
    assert place is not None
    return _round(place)


@job
def look_over_nightly() -> int:
    """The same, where the last round began a night ago."""
    place = sweeps.go_on(now=False)
    return 0 if place is None else _round(place)


def _round(place: sweeps.Place) -> int:
    while place.stage:
        looked = _look(place.stage, place.after)
        for fault in looked.faults:
            _note(fault)
        for fault in looked.drifted:
            _note_drifted(fault)
        found = len(looked.faults) + len(looked.drifted)
        place = sweeps.reach(place, looked.upto, looked.count, found)
    log.info("evidence.looked_over", looked=place.looked, altered=place.found)
    return place.found


def _look(stage: str, after: str) -> Looked:
    with db.reading() as conn:
        if stage == "files":
            return sweeping.files(conn, after, Store(house().storage_dir).verify)
        return _LOOKS[stage](conn, after)


_LOOKS: dict[str, Callable[[Connection, str], Looked]] = {
    "ledgers": sweeping.ledgers,
    "tree": sweeping.site_tree,
    "checkpoints": sweeping.checkpoints,
}


def _note(fault: Fault) -> None:
    log.error("evidence.altered", process=fault.process, fault=fault.sentence)
    if fault.file is not None and fault.process is not None:
        upkeep.note_changed(fault.process, fault.file, fault.name)
    sweeps.note_altered(None if fault.file else fault.process, fault.sentence)


def _note_drifted(fault: Fault) -> None:
    log.error("state.drifted", process=fault.process, told=fault.sentence)
    if fault.process is not None:
        sweeps.note_drifted(fault.process, fault.sentence)
