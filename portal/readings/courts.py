"""In whose court the ball was: how long in each, and what every stretch of it was, in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition
from portal.models import Participant, Task, Team, User
from portal.readings import spoken, stretches, words
from portal.readings.stretches import Held

NAMES = {
    "ours": "with us", "theirs": "with them", "nobody": "not taken up or stopped",
    "system": "with a system",
}  # fmt: skip
"""The courts in the order in which they are drawn and told, and what they are called."""
KEY = {
    "ours": "Us", "theirs": "Them", "nobody": "Not taken up or stopped",
    "system": "A system",
}  # fmt: skip


def shares(
    held: Iterable[Held], start: datetime, end: datetime, now: datetime
) -> dict[str, timedelta]:
    """How long the work was in each court between two moments; side by side counts once."""
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for one in held:
        first, last = max(one.from_at, start), min(one.to_at or now, end)
        if first < last:
            spans.setdefault(one.court, []).append((first, last))
    return {court: _length(sorted(spans[court])) for court in NAMES if court in spans}


def _length(spans: Sequence[tuple[datetime, datetime]]) -> timedelta:
    total, upto = timedelta(0), spans[0][0]
    for first, last in spans:
        if last > upto:
            total += last - max(first, upto)
            upto = last
    return total


def told(lengths: Mapping[str, timedelta]) -> str:
    """The shares in words: ``2 days with us and 5 days with them``; empty where there are none."""
    return words.listed([f"{words.span(one)} {NAMES[court]}" for court, one in lengths.items()])


def cost(conn: Connection, process: Any, now: datetime) -> str:
    """What a process took until now, or took in all: how long in whose court; one statement."""
    end = process.ended_at or now
    held = stretches.of(conn, [process.id], process.started_at, end)[process.id]
    lengths = told(shares(held, process.started_at, end, now))
    if not lengths:
        return ""
    whole = words.span(end - process.started_at)
    return f"It took {whole}: {lengths}." if process.ended_at else f"So far {whole}: {lengths}."


class Spell(NamedTuple):
    """One stretch, with a sentence of it."""

    held: Held
    text: str


class Lane(NamedTuple):
    """What one person, team or system had in hand."""

    name: str
    spells: Sequence[Spell]


def lanes(
    conn: Connection, process: str, tree: Definition, held: Sequence[Held], now: datetime, tz: str
) -> list[Lane]:
    """The stretches of a process by who had them, people first, as they came; one statement."""
    names = _Names(conn, process, tree, held)
    found: dict[str, list[Spell]] = {}
    for one in held:
        who = names.who(one)
        found.setdefault(who, []).append(Spell(one, _sentence(one, who, names.what(one), now, tz)))
    return [Lane(who, found[who]) for who in sorted(found, key=lambda who: _rank(found[who]))]


def _rank(spells: Sequence[Spell]) -> bool:
    """People stand before whatever is none."""
    return spells[0].held.what != "task"


class _Names:
    """What the people and the work in some stretches of a process are called."""

    def __init__(
        self, conn: Connection, process: str, tree: Definition, held: Sequence[Held]
    ) -> None:
        self._tree = tree
        given = {
            "process": process,
            "users": list({one.user_id for one in held if one.user_id}),
            "tasks": list({one.task_id for one in held if one.task_id}),
        }
        rows = conn.execute(_NAMED, given).all()
        self._of = {(row.what, row.id): row.name for row in rows if row.name}

    def who(self, held: Held) -> str:
        if held.what == "task":
            if held.user_id and held.team_id:
                return str(self._of.get(("user", held.user_id), "A member of the team"))
            return str(self._of.get(("person", held.participant_id), "Somebody"))
        if held.what == "gap":
            return "Stopped" if held.court == "nobody" else "The portal"
        if held.what == "run":
            return "A process within"
        return "A signal from outside" if held.why == "signal" else "The clock"

    def what(self, held: Held) -> str:
        told = self._of.get(("task", held.task_id))
        if told is None and held.step and self._tree.has_step(held.step):
            return spoken.filled(self._tree.step(held.step).name)
        return str(told or held.step or "")


_NAMED = (
    sa.select(
        sa.literal("person").label("what"),
        Participant.id.label("id"),
        sa.func.coalesce(
            User.name, Team.name + " (team)", Participant.name, Participant.email
        ).label("name"),
    )
    .outerjoin(User, User.id == Participant.user_id)
    .outerjoin(Team, Team.id == Participant.team_id)
    .where(Participant.process_id == sa.bindparam("process"))
    .union_all(
        sa.select(sa.literal("user"), User.id, User.name).where(
            User.id.in_(sa.bindparam("users", expanding=True))
        ),
        sa.select(sa.literal("task"), Task.id, Task.name).where(
            Task.id.in_(sa.bindparam("tasks", expanding=True))
        ),
    )
)


_WHY = {
    "asked": "a question waited for us",
    "blocked": "they could not go on without us",
    "declined": "they would not do it",
    "delegation": "they asked to pass it on",
}

# What is in nobody's court is told by why it is: it may well have been given to somebody.
_LEFT = {
    "missed": "not taken up in time",
    "exception": "an exception was open",
}


def _sentence(held: Held, who: str, what: str, now: datetime, tz: str) -> str:
    length = words.span((held.to_at or now) - held.from_at)
    began = _moment(held.from_at, tz)
    when = f"from {began} to {_moment(held.to_at, tz)}" if held.to_at else f"since {began}"
    about = f"“{what}”: " if what else ""
    how = _LEFT.get(held.why or "") or NAMES[held.court]
    why = f"; {_WHY[held.why]}" if held.why in _WHY else ""
    return f"{about}{who}, {when} ({length}, {how}{why})"


def _moment(at: datetime | None, tz: str) -> str:
    if at is None:
        return ""
    local = at.astimezone(words.zone(tz))
    return f"{words.short_date(local.date())} {local:%H:%M}"
