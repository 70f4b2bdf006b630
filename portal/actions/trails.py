"""Audit trails: asked for by a person, built by the night shift.

One for each state of a ledger and each make: the language that it is told in, its paper, whether
it carries the uploaded files, and the zone of its times.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta

import sqlalchemy as sa

from portal import calendar, db, language
from portal.access import may
from portal.actor import Actor, system
from portal.db import Tx, action
from portal.engine import troubles
from portal.engine.running import Running
from portal.errors import Faulty
from portal.ledger import audience, checkpoints, outbox, record
from portal.ledger.catalogue import CATALOGUE, TrailBuilt
from portal.ledger.tables import Entry
from portal.models import FileRow, Process, Trail

TRAILS = system("trails")
STAMP = "trail.stamp"
_AGAIN = timedelta(seconds=30)  # then later each time, as with every effect
_ABOUT_TRAILS = [type_ for type_ in CATALOGUE if not audience.is_for(type_, audience.TRAIL)]


PAPERS = ("A4", "Letter")
MOST_CARRIED = 50 * 1000 * 1000
"""How many bytes of uploaded files one PDF carries."""


@action
def ask(
    tx: Tx,
    process_id: str,
    *,
    spoken: str = language.SOURCE,
    paper: str = "A4",
    with_files: bool = False,
    zone: str = "",
    actor: Actor,
) -> str:
    """Have the trail built up to the newest event that is not about trails; the trail's id.

    Asked again without news, for the same make: the same trail, built again only where it never
    was. ``zone`` is that of its times, where the reader wants another than the house's. Faulty at
    ``language``, ``paper``, ``files`` or ``timezone`` where it can't be made like that.
    """
    require_spoken(spoken)
    require_paper(paper)
    _require_zone(zone)
    chain = record.open_chain(tx, process_id)
    may.process_for(tx, actor, process_id, "see")
    if with_files:
        _require_room(tx, process_id)
    seq = last_event(tx, process_id)
    make = {"language": spoken, "paper": paper, "with_files": with_files, "zone": zone}
    query = sa.select(Trail.id, Trail.storage_id).where(
        Trail.process_id == process_id,
        Trail.seq == seq,
        *(getattr(Trail, name) == value for name, value in make.items()),
    )
    known = tx.execute(query).first()
    if known is not None and known.storage_id is not None:
        tx.execute(sa.update(Trail).where(Trail.id == known.id).values(asked_at=tx.now))
        return str(known.id)
    trail_id = str(known.id) if known else db.new_id()
    if known is None:
        tx.execute(
            sa.insert(Trail).values(
                id=trail_id, process_id=process_id, seq=seq, **make, asked_at=tx.now,
                storage_id=None, sha256=None, size=None, built_at=None,
            )
        )  # fmt: skip
    # A trail whose building was given up may be asked for again: each asking is its own effect.
    chain.send("trail.build", {"trail": trail_id}, once=f"trail:{trail_id}:{tx.now.timestamp()}")
    return trail_id


def require_spoken(spoken: str) -> None:
    """Raises Faulty at ``language`` where no trail can be told in that language."""
    if spoken not in language.known():
        known = ", ".join(language.known())
        raise Faulty.one("language", f"An audit trail is told in one of these: {known}.")


def require_paper(paper: str) -> None:
    """Raises Faulty at ``paper`` where trails are not set on such paper."""
    if paper not in PAPERS:
        raise Faulty.one("paper", f"An audit trail is set on one of these: {', '.join(PAPERS)}.")


def _require_zone(zone: str) -> None:
    try:
        calendar.zone(zone or "UTC")
    except ValueError:
        raise Faulty.one("timezone", "This is not a time zone, such as Europe/Berlin.") from None


def _require_room(tx: Tx, process_id: str) -> None:
    """The uploaded files must fit into one PDF."""
    query = sa.select(sa.func.sum(FileRow.size)).where(
        FileRow.process_id == process_id, FileRow.state.not_in(("staged", "dropped"))
    )
    size = int(tx.execute(query).scalar() or 0)
    if size > MOST_CARRIED:
        raise Faulty.one(
            "files",
            f"The files of this process take {size / 1e6:,.0f} MB. A PDF carries up to "
            f"{MOST_CARRIED / 1e6:.0f} MB: build the trail without them, it names each with its "
            "SHA-256.",
        )


def last_event(tx: Tx, process_id: str) -> int:
    """The number of the newest event that is not about trails: up to it a trail tells."""
    query = sa.select(Entry.seq).where(Entry.log == process_id, Entry.type.not_in(_ABOUT_TRAILS))
    return int(tx.execute(query.order_by(Entry.seq.desc()).limit(1)).scalar_one())


@action
def anchor(tx: Tx, process_id: str, signer: checkpoints.Signer, upto: int | None = None) -> int:
    """Have a signed checkpoint say that the ledger ends with just that event (the newest).

    The number of that event: what is read afterwards must end with it too.
    """
    return checkpoints.anchor(tx, signer, process_id, upto)


@dataclass(frozen=True, slots=True)
class Built:
    """A PDF as it is stored; ``level`` and ``lacks`` as those of ``Trail``."""

    storage_id: str
    sha256: str
    size: int
    level: str
    lacks: str | None = None


@action
def note_built(
    tx: Tx, trail_id: str, built: Built, *, outbox_id: str, fence: int, instead_of: str | None
) -> bool:
    """The PDF is stored. False where somebody else was first: these bytes are not needed.

    ``instead_of`` is what is stored of it now: None the first time, later the one whose seal
    lacked something. Where this one's still does, the service is asked again after a while.
    """
    if not outbox.settle(tx, outbox_id, fence):
        return False
    trail = tx.execute(sa.select(Trail.__table__).where(Trail.id == trail_id)).one()
    chain = record.open_chain(tx, trail.process_id)
    mine = sa.and_(Trail.id == trail_id, Trail.storage_id.is_not_distinct_from(instead_of))
    values = {**asdict(built), "built_at": tx.now}
    if tx.execute(sa.update(Trail).where(mine).values(values)).rowcount == 0:
        return False
    event = TrailBuilt(
        trail=trail_id, upto=trail.seq, sha256=built.sha256, language=_told(trail.language),
        seal=built.level, lacks=built.lacks,
    )  # fmt: skip
    again = f":{built.sha256[:16]}" if instead_of else ""
    chain.add(event, actor=TRAILS, once=f"trail:{trail_id}{again}")
    if built.lacks:
        once = f"stamp:{trail_id}:{built.sha256[:16]}"
        chain.send(STAMP, {"trail": trail_id}, once=once, at=tx.now + _AGAIN)
    _end_troubles(tx, trail.process_id, STAMP if instead_of else "trail.build")
    return True


def _told(spoken: str) -> str | None:
    """The language as the ledger has it: of an English trail, the rule, nothing is said."""
    return None if spoken == language.SOURCE else spoken


def _end_troubles(tx: Tx, process_id: str, effect: str) -> None:
    """There is a trail now, so that an earlier one that could not be built needs nobody."""
    query = sa.select(Process.n_troubles).where(Process.id == process_id)
    if tx.execute(query).scalar_one():
        running = Running.load(tx, process_id)
        troubles.resolve_all(running, "complete", None, TRAILS, effect=effect)
