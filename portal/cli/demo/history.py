"""Eight weeks lived through in seconds: the clock is moved, and everybody does what they did.

Each process is a story: a generator that yields the moment at which it goes on. ``History``
wakes the story whose moment is next, and rings on the way whatever timer is due. What people do
goes through the same actions as from a page, so the ledger of the demo is as real as any.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from portal import clock, db
from portal.access import seats
from portal.actions import messages, sign_in, timers
from portal.actor import Actor
from portal.cli.demo.cast import AGENTS, PASSWORD, STAFF
from portal.delivery.catcher import Mailbox
from portal.delivery.storage import Store
from portal.readings import gauges
from portal.readings import timers as alarms

ZONE = ZoneInfo("Europe/Berlin")
Moments = Iterator[datetime]


@dataclass
class History:
    """The stopped clock, who works here, the mailbox, and the hands that carry things out."""

    time: clock.Clock
    today: date
    mailbox: Mailbox
    store: Store
    carry_out: Callable[[], object]
    tell: Callable[[datetime], None]
    until: datetime
    staff: dict[str, Actor] = field(default_factory=dict)

    def sign_in(self) -> None:
        """Have every member of staff sign in once, to act as they would from a page."""
        for number, one in enumerate(STAFF):
            agent = AGENTS[number % 2]
            ip = f"192.0.2.{20 + number}"
            secret = sign_in.sign_in(one.email, PASSWORD, ip=ip, agent=agent)
            with db.reading() as conn:
                actor = seats.staff(conn, secret)
            assert actor is not None
            sign_in.sign_out(secret, actor=actor)
            self.staff[one.key] = replace(actor, ip=ip, agent=agent)

    def live(self, stories: Sequence[Moments]) -> None:
        """Tell all stories at once, in the order of their moments; then come up to ``until``."""
        order = count()
        waiting: list[tuple[datetime, int, Moments]] = []
        for story in stories:
            _await(waiting, order, story)
        while waiting:
            moment, _, story = heapq.heappop(waiting)
            self.pass_to(moment)
            _await(waiting, order, story)
            self.settle()
        self.pass_to(self.until)

    def pass_to(self, moment: datetime) -> None:
        """Let time go by, with every timer ringing a moment after it is due."""
        while (rings_at := _next_ring()) is not None and rings_at <= moment:
            self.time.set(max(clock.now(), rings_at + timedelta(seconds=1.3)))
            with db.reading() as conn:
                due = alarms.due(conn, clock.now())
            timers.ring([one.id for one in due])
            self.settle()
        self.time.set(max(clock.now(), moment))
        self.tell(moment)

    def settle(self) -> None:
        """Have what is owed carried out, a second or two after it came to be owed."""
        self.time.advance(seconds=1.217)
        if gauges.is_anything_owed(clock.now()):
            self._leave_pictures()
            self.carry_out()

    def _leave_pictures(self) -> None:
        """Have the pictures of files be due at the end: they take longest, and nobody waits.

        Whoever starts the portal then finds it running, and the workers paint them.
        """
        messages.postpone(("file.show",), self.until)

    def at(self, days_ago: int, hour_minute: str, rng: Random) -> datetime:
        """A moment so many working days before today, as the clocks in Berlin show it."""
        day = self.today
        while days_ago:
            day -= timedelta(days=1)
            days_ago -= day.weekday() < 5
        hour, _, minute = hour_minute.partition(":")
        local = datetime.combine(day, time(int(hour), int(minute)), ZONE)
        return local + timedelta(seconds=rng.uniform(0, 59))


def _await(waiting: list[Any], order: Iterator[int], story: Moments) -> None:
    """Let a story go on to its next moment, and wait for that."""
    moment = next(story, None)
    if moment is not None:
        heapq.heappush(waiting, (moment, next(order), story))


def _next_ring() -> datetime | None:
    with db.reading() as conn:
        return alarms.next_at(conn)
