"""What keeps the house in order: signs of life, checkpoints, pruning, stray files."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection

from portal import clock, db
from portal.actions import escalations, insights, packs, reviews, stretches, upkeep
from portal.certificates import Unusable, ending
from portal.delivery import certificate
from portal.delivery.seal import Seal
from portal.delivery.storage import Store
from portal.readings import files
from tasks import relay
from tasks.job import house, job

P = ParamSpec("P")
R = TypeVar("R")

_BATCH = 200


@job
def beat(role: str) -> None:
    """Leave a sign of life, and send the alarm for a role that fell silent from right here."""
    upkeep.beat(role)
    relay.carry_out_here((relay.ALARM,))


@job
def checkpoint() -> None:
    """Sign checkpoints until every ledger that is not written to just now is covered."""
    seal = Seal.of(house().data_dir)
    while upkeep.checkpoint(seal):
        pass


@job
def watch_seal() -> None:
    """Tell the admins when the certificate of the seal ends; the first time it is made."""
    now = clock.now()
    try:
        found = certificate.of(house())
    except Unusable as refusal:
        upkeep.tell_of_seal(str(refusal), f"unusable:{now.date()}")
        return
    if told := ending(found, now):
        upkeep.tell_of_seal(told[1], f"{found.fingerprint[:16]}:{told[0]}")


@job
def ask_reviews() -> int:
    """Ask the owners of definitions whose review is due; how many definitions those are."""
    return reviews.ask()


@job
def tell_of_doubled() -> int:
    """Tell the owners of definitions whose exceptions doubled; how many definitions those are."""
    return insights.tell_of_doubled()


@job
def tell_again() -> None:
    """Tell again of the exceptions that nobody has resolved."""
    while escalations.tell_again():
        pass


@job
def follow() -> None:
    """Write down who held the work, as far as the ledgers go."""
    while stretches.follow():
        pass


@job
def prune() -> None:
    """Drop what nobody needs any more, some at a time, so that nobody waits for it."""
    while upkeep.prune():
        pass
    store = Store(house().storage_dir)
    for storage_id in packs.expire():
        store.delete(storage_id)
    while ids := _read(files.unwanted, _BATCH):
        for storage_id in upkeep.forget_files(ids):
            store.delete(storage_id)


@job
def sweep_files() -> int:
    """Remove stored bytes that no row speaks of; how many files that was."""
    store = Store(house().storage_dir)
    strays = list(store.strays(_read(files.stored)))
    for path in strays:
        store.remove(path)
    return len(strays)


@job
def refresh_search() -> int:
    """Have every process found by what its ledger tells; how many were not."""
    mended, after = 0, ""
    while True:
        last, some = upkeep.refresh_search(after)
        mended += some
        if last is None:
            return mended
        after = last


def _read(reading: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
    with db.reading() as conn:
        return reading(conn, *args, **kwargs)
