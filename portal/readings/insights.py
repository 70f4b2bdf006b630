"""Where time goes: in whose court, at which step, with whom, and how that changes by the week.

Read from what is added up beside the ledgers (``models/insights.py``): the cost depends on the
weeks, steps and people, never on how many processes there are. All times are as the clock on the
wall counts them; work side by side counts for each.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import (
    DefinitionRow,
    InsightCount,
    InsightCycle,
    InsightParty,
    InsightTime,
    Participant,
    Team,
    User,
    sights,
    trees,
)
from portal.models.insights import COUNTED, STEP_OF_BUCKETS
from portal.readings import spoken

COURTS = {
    "theirs": "Outside",
    "ours": "With us",
    "system": "A system or a wait",
    "nobody": "Not taken up or stopped",
}
"""In whose court the work lay, and how that is called; the order in which it is drawn."""
PERIODS = {4: "4 weeks", 13: "a quarter", 26: "half a year", 52: "a year"}
MOST_PARTIES, MOST_STEPS = 30, 40
_ENDED = ("completed", "rejected", "cancelled")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole weeks: from the first Monday to the last, this week's included. ``key`` narrows it."""

    first: date
    last: date
    key: str | None = None
    team_id: str | None = None

    @property
    def weeks(self) -> list[date]:
        """Every Monday of it."""
        many = (self.last - self.first).days // 7 + 1
        return [self.first + timedelta(weeks=n) for n in range(many)]


def period(now: datetime, weeks: int, key: str | None = None, team: str | None = None) -> Period:
    """The last so many weeks, this one included."""
    monday = now.date() - timedelta(days=now.weekday())
    return Period(monday - timedelta(weeks=weeks - 1), monday, key, team)


@dataclass(slots=True)
class Share:
    """Seconds by court of one thing: a definition, a step, all of it."""

    key: str
    name: str
    seconds: Counter[str] = field(default_factory=Counter)
    n: int = 0
    of: str = ""

    @property
    def total(self) -> int:
        """All its seconds."""
        return self.seconds.total()

    @property
    def span(self) -> timedelta:
        """All its time."""
        return timedelta(seconds=self.total)

    @property
    def mean(self) -> timedelta:
        """How long one lasted."""
        return timedelta(seconds=self.total // self.n if self.n else 0)

    def parts(self) -> list[tuple[str, str, float]]:
        """Court, its name and its share of 100, those that are nothing left out."""
        return [
            (court, name, 100 * self.seconds[court] / self.total)
            for court, name in COURTS.items()
            if self.seconds[court]
        ]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody who held tasks: how long, how many they did, and how many of them late."""

    name: str
    kind: str
    n: int
    seconds: int
    done: int
    late: int

    @property
    def span(self) -> timedelta:
        """All the time that they held any."""
        return timedelta(seconds=self.seconds)

    @property
    def mean(self) -> timedelta:
        """How long they held one."""
        return timedelta(seconds=self.seconds // self.n if self.n else 0)


@dataclass(frozen=True, slots=True)
class Week:
    """One week: what was counted, and the median and the 90th percentile of cycle times."""

    monday: date
    counts: Mapping[str, int]
    median: timedelta | None
    p90: timedelta | None

    @property
    def ended(self) -> int:
        """Processes that ended in it, one way or another."""
        return sum(self.counts[one] for one in _ENDED)

    @property
    def on_time(self) -> float | None:
        """The share of 100 of the tasks with a due time that were done in time."""
        due = self.counts["with_due"]
        return 100 * (1 - self.counts["late"] / due) if due else None

    @property
    def exceptions(self) -> float | None:
        """Exceptions for each hundred processes started."""
        started = self.counts["started"]
        return 100 * self.counts["exceptions"] / started if started else None


@dataclass(frozen=True, slots=True)
class Insights:
    """All that is told of a period."""

    period: Period
    whole: Share
    definitions: Sequence[Share]
    steps: Sequence[Share]
    teams: Sequence[Share]
    parties: Sequence[Party]
    weeks: Sequence[Week]
    total: Week

    @property
    def is_empty(self) -> bool:
        """Whether nothing ended in it."""
        return not self.whole.total and not self.total.counts["started"]


def of(conn: Connection, found: Period) -> Insights:
    """Where time went in a period; seven statements at the most, whatever its length."""
    times = _times(conn, found)
    names = _names(conn)
    by_week, total = _weeks(conn, found)
    return Insights(
        period=found,
        whole=_whole(times),
        definitions=_by(times, lambda row: row.definition, lambda key: names.get(key, key)),
        steps=_steps(conn, times, names)[:MOST_STEPS],
        teams=_teams(conn, times),
        parties=_parties(conn, found),
        weeks=by_week,
        total=total,
    )


def _times(conn: Connection, found: Period) -> Sequence[Any]:
    t = InsightTime
    query = sa.select(
        t.definition, t.step, t.court, t.team_id,
        sa.func.sum(t.n).label("n"), sa.func.sum(t.seconds).label("seconds"),
    ).where(*_within(t, found))  # fmt: skip
    if found.team_id:
        query = query.where(t.team_id == found.team_id)
    return conn.execute(query.group_by(t.definition, t.step, t.court, t.team_id)).all()


def _within(table: Any, found: Period) -> list[sa.ColumnElement[bool]]:
    within = [table.week.between(found.first, found.last)]
    if sights.hidden():
        within.append(table.definition.not_in(sorted(sights.hidden())))
    return [*within, table.definition == found.key] if found.key else within


def _whole(times: Sequence[Any]) -> Share:
    whole = Share("", "All of it")
    for row in times:
        whole.seconds[row.court] += int(row.seconds)
        whole.n += int(row.n)
    return whole


def _by(times: Sequence[Any], key_of: Any, name_of: Any) -> list[Share]:
    """The shares by some key, the longest first."""
    found: dict[str, Share] = {}
    for row in times:
        key = key_of(row)
        if key:
            share = found.setdefault(key, Share(key, name_of(key), of=row.definition))
            share.seconds[row.court] += int(row.seconds)
            share.n += int(row.n)
    return sorted(found.values(), key=lambda one: (-one.total, one.name))


def _steps(conn: Connection, times: Sequence[Any], names: Mapping[str, str]) -> list[Share]:
    """By step, the one at which most time passed first: where it is stuck."""
    found = _by(times, lambda row: row.step and f"{row.definition}/{row.step}", lambda key: key)
    called = _step_names(conn, {one.of for one in found[:MOST_STEPS]})
    for one in found[:MOST_STEPS]:
        step = one.key.partition("/")[2]
        one.name = called.get(one.of, {}).get(step, step)
    return found


def _step_names(conn: Connection, keys: set[str]) -> dict[str, dict[str, str]]:
    """What the steps of current versions are called, by definition and step."""
    if not keys:
        return {}
    query = sa.select(DefinitionRow.id, DefinitionRow.key)
    query = query.where(DefinitionRow.is_current, DefinitionRow.key.in_(keys))
    ids = {row.id: row.key for row in conn.execute(query)}
    return {
        ids[id_]: {step.id: spoken.filled(step.name) for step in tree.all_steps()}
        for id_, tree in trees.trees(conn, list(ids)).items()
    }


def _names(conn: Connection) -> dict[str, str]:
    query = sa.select(DefinitionRow.key, DefinitionRow.name).where(DefinitionRow.is_current)
    return {row.key: row.name for row in conn.execute(query)}


def _teams(conn: Connection, times: Sequence[Any]) -> list[Share]:
    if not any(row.team_id for row in times):
        return []
    names = {row.id: row.name for row in conn.execute(sa.select(Team.id, Team.name))}
    return _by(times, lambda row: row.team_id, lambda key: names.get(key, "A team of before"))


def _parties(conn: Connection, found: Period) -> list[Party]:
    p = InsightParty
    seconds = sa.func.sum(p.seconds).label("seconds")
    query = (
        sa.select(
            p.party, sa.func.max(p.participant_id).label("participant_id"),
            sa.func.sum(p.n).label("n"), seconds, sa.func.sum(p.done).label("done"),
            sa.func.sum(p.late).label("late"),
        )
        .where(*_within(p, found))
        .group_by(p.party)
        .order_by(seconds.desc(), p.party)
        .limit(MOST_PARTIES)
    )  # fmt: skip
    rows = conn.execute(query).all()
    names = _people(conn, rows)
    return [
        Party(names.get(row.party, "Somebody who is no longer known"),
              row.party.partition(":")[0], int(row.n), int(row.seconds), int(row.done),
              int(row.late))
        for row in rows
    ]  # fmt: skip


def _people(conn: Connection, rows: Sequence[Any]) -> dict[str, str]:
    """What these parties are called: staff as they are called now, others as they were asked."""
    if not rows:
        return {}
    name = sa.func.coalesce(User.name, Team.name, Participant.name, Participant.email)
    query = (
        sa.select(Participant.id, name.label("name"))
        .outerjoin(User, User.id == Participant.user_id)
        .outerjoin(Team, Team.id == Participant.team_id)
        .where(Participant.id.in_([row.participant_id for row in rows]))
    )
    called = {row.id: row.name for row in conn.execute(query)}
    users = [row.party[5:] for row in rows if row.party.startswith("user:")]
    staff = sa.select(User.id, User.name).where(User.id.in_(users))
    found = {row.party: called.get(row.participant_id) for row in rows}
    found |= {f"user:{row.id}": row.name for row in (conn.execute(staff) if users else ())}
    return {party: name for party, name in found.items() if name}


def _weeks(conn: Connection, found: Period) -> tuple[list[Week], Week]:
    """What was counted and how long processes took, week by week and all in all."""
    counts: dict[date, Counter[str]] = defaultdict(Counter)
    t = InsightCount
    query = sa.select(t.week, t.what, sa.func.sum(t.n).label("n")).where(*_within(t, found))
    for row in conn.execute(query.group_by(t.week, t.what)):
        counts[row.week][row.what] += int(row.n)
    spans: dict[date, Counter[int]] = defaultdict(Counter)
    y = InsightCycle
    cycles = sa.select(y.week, y.bucket, sa.func.sum(y.n).label("n")).where(*_within(y, found))
    for one in conn.execute(cycles.group_by(y.week, y.bucket)):
        spans[one.week][one.bucket] += int(one.n)
    weeks = [_week(monday, counts[monday], spans[monday]) for monday in found.weeks]
    every, long = sum(counts.values(), Counter[str]()), sum(spans.values(), Counter[int]())
    return weeks, _week(found.first, every, long)


def _week(monday: date, counts: Counter[str], spans: Counter[int]) -> Week:
    told = {what: counts[what] for what in COUNTED}
    return Week(monday, told, percentile(spans, 0.5), percentile(spans, 0.9))


def percentile(spans: Mapping[int, int], share: float) -> timedelta | None:
    """The span that so large a share of them does not exceed, to 4 %; ``None`` of none."""
    wanted, seen = share * sum(spans.values()), 0
    for bucket in sorted(spans):
        seen += spans[bucket]
        if seen >= wanted:
            return timedelta(seconds=round(math.pow(STEP_OF_BUCKETS, bucket + 0.5)))
    return None
