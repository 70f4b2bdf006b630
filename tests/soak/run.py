"""A portal under work and under fire for a while, then at rest: are the invariants true?"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import sqlalchemy as sa

from portal import clock, db
from portal.access import links
from portal.delivery.storage import Store
from portal.ledger.tables import Outgoing
from portal.models import Process, Timer
from portal.settings import Settings
from tests.invariants import all_of, assert_invariants
from tests.journeys.strangers import staff
from tests.servers import Portal, Smtp, portal_on, wait_for
from tests.soak.clients import DEFINITION, OWNER, Client, History, Reviewer, Starter, Vendor
from tests.soak.nemesis import Nemesis

# A retry of a mail waits an hour at the most; the clock is moved on until all of it is through.
_REST = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how much, and by which seed. ``database_url`` empty: SQLite."""

    seconds: float
    processes: int
    seed: int
    database_url: str = ""


def soak(plan: Plan, home: Path, smtp: Smtp, tell: Callable[[str], None] = print) -> None:
    """Run it; AssertionError names every invariant that does not hold, and the seed."""
    more = {"database_url": plan.database_url} if plan.database_url else {}
    portal = portal_on(home, smtp_url=smtp.url, **more).start()
    try:
        history, nemesis = _work(plan, portal, smtp)
        tell(f"Did: {dict(sorted(history.told.items()))}")
        tell(f"Broke: {dict(sorted(nemesis.did.items()))}")
        _bind(portal)
        _rest(portal, tell)
    finally:
        portal.stop()
    try:
        _judge(portal, smtp, history)
    except AssertionError as error:
        raise AssertionError(f"with seed {plan.seed}:\n{error}") from None
    finally:
        db.current().close()


def _work(plan: Plan, portal: Portal, smtp: Smtp) -> tuple[History, Nemesis]:
    """Clients for the time of the plan, the nemesis for a little less."""
    random, history = Random(plan.seed), History()
    calm, over = threading.Event(), threading.Event()
    dana = staff(portal, OWNER, "Dana Fox", role="admin")
    file = portal.home / "soak.yaml"
    file.write_text(DEFINITION)
    portal.run("define", str(file))
    nemesis = Nemesis(portal, smtp, calm, Random(random.random()))
    clients: list[Client] = [
        Starter(dana, plan.processes, over, history, Random(random.random())),
        Reviewer(dana, over, history, Random(random.random())),
        Vendor(portal, smtp, over, history, Random(random.random())),
    ]
    for one in (*clients, nemesis):
        one.start()
    calm.wait(plan.seconds * 0.8)
    calm.set()
    nemesis.join(60)
    over.wait(plan.seconds * 0.2)
    over.set()
    for client in clients:
        client.join(60)
    return history, nemesis


def _bind(portal: Portal) -> None:
    """Look at the portal's own database, links and clock from here."""
    settings = _settings(portal)
    db.bind(db.Database(settings.database_url))
    links.configure(settings.secret_keys, settings.base_url)


def _settings(portal: Portal) -> Settings:
    return Settings.load({k: v for k, v in portal.env.items() if k.startswith("PORTAL_")})


def _rest(portal: Portal, tell: Callable[[str], None]) -> None:
    """Wait until nothing is owed and nothing is due any more, with the backoffs cut short."""
    wait_for(portal.is_ready, 60, "the portal after the fire")
    until = time.monotonic() + _REST
    while left := _owed(portal):
        assert time.monotonic() < until, f"still owed after {_REST} s: {left}"
        portal.advance(minutes=10)
        time.sleep(1.5)
    tell(f"At rest: {len(all_of(sa.select(Process.id)))} processes, nothing owed.")


def _owed(portal: Portal) -> list[str]:
    """What is still to be done: effects, and timers whose moment has come."""
    rows = all_of(sa.select(Outgoing.id, Outgoing.kind).where(Outgoing.state == "pending"))
    late = all_of(sa.select(Timer.id).where(Timer.rings_at < _now(portal)))
    return [f"{row.kind} {row.id}" for row in rows] + [f"timer {row.id}" for row in late]


def _now(portal: Portal) -> datetime:
    """The moment it is for the portal, whose clock was moved on."""
    shift = float(Path(portal.env["PORTAL_CLOCK_SHIFT_FILE"]).read_text() or 0)
    return datetime.now(UTC) + timedelta(seconds=shift)


def _judge(portal: Portal, smtp: Smtp, history: History) -> None:
    assert not history.wrong, "\n".join(history.wrong)
    assert history.acknowledged, "nothing was ever acknowledged: this proves nothing"
    with clock.stopped_at(_now(portal)):
        assert_invariants(
            letters=smtp.letters,
            store=Store(_settings(portal).storage_dir),
            logs=portal.log,
            acknowledged=history.acknowledged,
        )
