"""Audit trails: asked for by a person, built by the night shift.

One for each state of a ledger and each language that it is told in.
"""

import sqlalchemy as sa

from portal import db, language
from portal.access import may
from portal.actor import Actor, system
from portal.db import Tx, action
from portal.engine import troubles
from portal.engine.running import Running
from portal.errors import Faulty
from portal.ledger import audience, checkpoints, outbox, record
from portal.ledger.catalogue import CATALOGUE, TrailBuilt
from portal.ledger.tables import Entry
from portal.models import Process, Trail

TRAILS = system("trails")
_ABOUT_TRAILS = [type_ for type_ in CATALOGUE if not audience.is_for(type_, audience.TRAIL)]


@action
def ask(tx: Tx, process_id: str, *, spoken: str = language.SOURCE, actor: Actor) -> str:
    """Have the trail built up to the newest event that is not about trails; the trail's id.

    Asked again without news, in the same language: the same trail, built again only where it
    never was. Faulty at ``language`` where that one is not spoken here.
    """
    require_spoken(spoken)
    chain = record.open_chain(tx, process_id)
    may.process_for(tx, actor, process_id, "see")
    seq = _last_event(tx, process_id)
    query = sa.select(Trail.id, Trail.storage_id).where(
        Trail.process_id == process_id, Trail.seq == seq, Trail.language == spoken
    )
    known = tx.execute(query).first()
    if known is not None and known.storage_id is not None:
        tx.execute(sa.update(Trail).where(Trail.id == known.id).values(asked_at=tx.now))
        return str(known.id)
    trail_id = str(known.id) if known else db.new_id()
    if known is None:
        tx.execute(
            sa.insert(Trail).values(
                id=trail_id, process_id=process_id, seq=seq, language=spoken, asked_at=tx.now,
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


@action
def anchor(tx: Tx, process_id: str, signer: checkpoints.Signer, upto: int | None = None) -> int:
    """Have a signed checkpoint say that the ledger ends with just that event (the newest).

    The number of that event: what is read afterwards must end with it too.
    """
    return checkpoints.anchor(tx, signer, process_id, upto)


@action
def note_built(
    tx: Tx, trail_id: str, storage_id: str, sha256: str, size: int, *, outbox_id: str, fence: int
) -> bool:
    """The PDF is stored. False where somebody else was first: these bytes are not needed."""
    if not outbox.settle(tx, outbox_id, fence):
        return False
    trail = tx.execute(sa.select(Trail.__table__).where(Trail.id == trail_id)).one()
    chain = record.open_chain(tx, trail.process_id)
    values = {"storage_id": storage_id, "sha256": sha256, "size": size, "built_at": tx.now}
    mine = sa.and_(Trail.id == trail_id, Trail.storage_id.is_(None))
    if tx.execute(sa.update(Trail).where(mine).values(values)).rowcount == 0:
        return False
    event = TrailBuilt(
        trail=trail_id, upto=trail.seq, sha256=sha256, language=_told(trail.language)
    )
    chain.add(event, actor=TRAILS, once=f"trail:{trail_id}")
    _end_troubles(tx, trail.process_id)
    return True


def _told(spoken: str) -> str | None:
    """The language as the ledger has it: of an English trail, the rule, nothing is said."""
    return None if spoken == language.SOURCE else spoken


def _end_troubles(tx: Tx, process_id: str) -> None:
    """There is a trail now, so that an earlier one that could not be built needs nobody."""
    query = sa.select(Process.n_troubles).where(Process.id == process_id)
    if tx.execute(query).scalar_one():
        running = Running.load(tx, process_id)
        troubles.resolve_all(running, "complete", None, TRAILS, effect="trail.build")


def _last_event(tx: Tx, process_id: str) -> int:
    query = sa.select(Entry.seq).where(Entry.log == process_id, Entry.type.not_in(_ABOUT_TRAILS))
    return int(tx.execute(query.order_by(Entry.seq.desc()).limit(1)).scalar_one())
