"""What is to come of a process: what the clock will do, the steps behind, and when it may end.

What the clock will do is read from the timers, which are exactly what rings. How long steps took
before is told by the ledger.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import clock, installation
from portal.calendar import WorkCalendar
from portal.definition import facts as definition_facts
from portal.definition.hours import work_calendar
from portal.definition.text import Text
from portal.definition.tree import CallStep, Definition, PersonStep, ReturnTo
from portal.engine import forecast
from portal.engine.forecast import Course, Outlook, Place, Stood
from portal.ledger.catalogue import TaskOpened
from portal.ledger.tables import Entry, Outgoing
from portal.models import Process, StepRun, Timer, sights
from portal.readings import spoken, words
from portal.readings.dossier import Dossier
from portal.readings.entries import ANSWERS
from portal.readings.filled import filled

Kind = Literal[
    "reminder", "pick_up", "due", "escalation", "timeout", "overdue", "wait", "call", "exception"
]
# How many earlier processes are looked at, and how many answers make something usual.
_MOST_BEFORE, _FEWEST = 50, 3
_MOST_PLACES, _MOST_MOMENTS = 1000, 500
_KINDS: dict[str, Kind] = {
    "remind": "reminder", "pick_up": "pick_up", "due": "due", "escalate": "escalation",
    "timeout": "timeout", "overdue": "overdue", "wait": "wait",
}  # fmt: skip
# Of what happens in one moment, in the order in which it does.
_ORDER = ("pick_up", "due", "escalation", "overdue", "reminder", "timeout", "wait", "call",
          "exception")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that the clock will do, unless somebody acts before.

    ``name`` is how people call what it is about, ``who`` whoever has it then, or is told. ``then``:
    an escalation's ``notify`` or ``reassign``, a time-out's ``skip``, ``end`` or ``reject``, or
    the step it goes back to; ``label``: which reminder.
    """

    at: datetime
    kind: Kind
    step: str
    name: str
    task: str | None = None
    who: str = ""
    then: str = ""
    label: str = ""
    is_signal: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to come: of the clock the first 500 moments.

    ``names`` of steps by id, ``people`` by the role they play. ``if_done_now`` is when it would
    end were what is late done at once, where that is why its end can't be told.
    """

    now: datetime
    moments: Sequence[Moment]
    outlook: Outlook
    names: Mapping[str, str]
    people: Mapping[str, str]
    tree: Definition
    if_done_now: datetime | None = None


def of_process(conn: Connection, dossier: Dossier) -> Forecast | None:
    """The forecast of a running process in three statements; ``None`` of one that has ended.

    One more where a call is waiting to be made again.
    """
    if dossier.process.state != "running":
        return None
    now = clock.now()
    runs = _runs(conn, dossier.process.id)
    open_runs = {run.id: run for run in runs if run.state == "open"}
    timers = _timers(conn, list(open_runs))
    known = _Known(dossier)
    course = Course(
        tree=dossier.tree,
        now=now,
        calendar=_calendar(dossier.tree),
        facts=dossier.facts,
        rounds={(run.step, run.scope): _stood(run) for run in runs},
        due=_due(dossier),
        ends=_ends(timers, open_runs),
        usual=_usual(conn, dossier.process.key),
        stuck=frozenset((one.step, one.scope) for one in dossier.troubles if one.step),
        zones={one.role: words.zone(one.timezone) for one in dossier.people if one.timezone},
    )
    moments = [
        *known.moments(timers, open_runs),
        *known.calls(_attempts(conn, dossier, open_runs)),
        *known.troubles(),
    ]
    moments.sort(key=lambda one: (one.at, _ORDER.index(one.kind), one.name))
    outlook = forecast.look_ahead(course)
    return Forecast(
        now, moments, outlook, known.names, known.people, course.tree, _if_done_now(course, outlook)
    )


def _if_done_now(course: Course, outlook: Outlook) -> datetime | None:
    """When it would end were everything that is late done at once; ``None`` where none is."""
    if outlook.end.why != "late":
        return None
    soon = course.now + timedelta(seconds=1)
    late = {
        place: soon
        for place, stood in course.rounds.items()
        if stood.state == "open" and (place in course.due or place[0] in course.usual)
    }
    ahead = forecast.look_ahead(replace(course, ends={**course.ends, **late}))
    return ahead.end.expected


def of_start(conn: Connection, key: str, tree: Definition) -> Forecast:
    """What a process of this definition would bring if it started now; one statement."""
    now, calendar = clock.now(), _calendar(tree)
    course = Course(
        tree=tree, now=now, calendar=calendar, facts=_blank(tree, now, calendar),
        usual=_usual(conn, key),
    )  # fmt: skip
    names = {step.id: spoken.filled(step.name) for step in tree.all_steps()}
    people = {role.id: role.name for role in tree.roles.values()}
    return Forecast(now, (), forecast.look_ahead(course), names, people, tree)


def _calendar(tree: Definition) -> WorkCalendar:
    return work_calendar(tree, installation.current)


def _blank(tree: Definition, now: datetime, calendar: WorkCalendar) -> Mapping[str, Any] | None:
    """The facts of a process of which nothing is given; ``None`` where there is much to give."""
    if tree.inputs:
        return None
    return definition_facts.build(
        tree, inputs={}, steps={}, values={}, participants={}, now=now, zone=calendar.timezone
    )


# What is known of how it stands

_LIVE = sa.text("(step_runs.is_current OR step_runs.is_latest)")


def _runs(conn: Connection, process_id: str) -> Sequence[Any]:
    """The current rounds outside of items, and those of items at which something is open."""
    mine = sa.and_(StepRun.process_id == process_id, _LIVE)
    other = StepRun.__table__.alias("step_runs")  # the words of the partial index name the table
    at_work = (
        sa.select(other.c.scope)
        .where(other.c.process_id == process_id, _LIVE, other.c.state == "open")
        .limit(_MOST_PLACES)
    )
    # What people sent is long and not asked for: of blocks alone it is told what they keep.
    kept = sa.case((StepRun.state == "open", StepRun.answers), else_=sa.null()).label("kept")
    query = (
        sa.select(
            *(StepRun.id, StepRun.step, StepRun.scope, StepRun.state, StepRun.opened_at), kept
        )
        .where(mine, StepRun.is_current)
        .where(sa.or_(StepRun.scope == "", StepRun.scope.in_(at_work)))
        .order_by(StepRun.scope, StepRun.id)
        .limit(_MOST_PLACES)
    )
    return conn.execute(query).all()


def _stood(run: Any) -> Stood:
    return Stood(run.state, run.opened_at, run.kept or {})


def _timers(conn: Connection, runs: Sequence[str]) -> Sequence[Any]:
    if not runs:
        return ()
    wanted = (
        sa.select(*Timer.__table__.columns)
        .where(Timer.run_id.in_(runs))
        .order_by(Timer.rings_at, Timer.kind, Timer.rung)
        .limit(_MOST_MOMENTS)
    )
    return conn.execute(wanted).all()


def _due(dossier: Dossier) -> dict[Place, datetime]:
    """Until when each open step should be done: of several who are asked the last."""
    due: dict[Place, datetime] = {}
    for task in dossier.open_tasks:
        if task.due_at is not None:
            place = (task.step, task.scope)
            due[place] = max(task.due_at, due.get(place, task.due_at))
    return due


def _ends(timers: Sequence[Any], runs: Mapping[str, Any]) -> dict[Place, datetime]:
    """When open steps are over by themselves."""
    return {
        (runs[timer.run_id].step, runs[timer.run_id].scope): timer.rings_at
        for timer in timers
        if timer.kind in ("wait", "timeout")
    }


def _attempts(
    conn: Connection, dossier: Dossier, runs: Mapping[str, Any]
) -> Sequence[tuple[Any, datetime]]:
    """The calls that will be made by themselves, each by its round, and when."""
    tree = dossier.tree
    by_key = {
        f"{dossier.process.id}/call:{run.id}": run
        for run in runs.values()
        if tree.has_step(run.step) and isinstance(tree.step(run.step), CallStep)
    }
    if not by_key:
        return ()
    query = sa.select(Outgoing.once, Outgoing.due_at).where(
        Outgoing.once.in_(by_key), Outgoing.state == "pending"
    )
    return [(by_key[row.once], row.due_at) for row in conn.execute(query)]


# How long steps took before


def _usual(conn: Connection, key: str) -> dict[str, timedelta]:
    """The median time between asking for a step and its answer, where it was answered often."""
    recent = (
        sa.select(Process.id)
        .where(Process.key == key, Process.state == "completed", Process.due_at.is_(None))
        .order_by(Process.id.desc())
        .limit(_MOST_BEFORE)
    )
    answers = [event.TYPE for event in ANSWERS]
    recent = sights.only_seen(recent)
    query = sa.select(Entry.step, Entry.task, Entry.at, Entry.type).where(
        Entry.log.in_(recent), Entry.type.in_([TaskOpened.TYPE, *answers])
    )
    opened: dict[str, datetime] = {}
    taken: dict[str, list[timedelta]] = defaultdict(list)
    for row in conn.execute(query.order_by(Entry.log, Entry.seq)):
        if row.type == TaskOpened.TYPE:
            opened[row.task] = row.at
        elif row.task in opened:
            taken[row.step].append(row.at - opened[row.task])
    often = {step: spans for step, spans in taken.items() if len(spans) >= _FEWEST}
    return {step: sorted(spans)[len(spans) // 2] for step, spans in often.items()}


# In words that the moments need


class _Known:
    """Names of steps and people of one process."""

    def __init__(self, dossier: Dossier) -> None:
        self._dossier = dossier
        self._tasks = {task.id: task for task in dossier.open_tasks}
        self.names = {step.id: self._name(step.name) for step in dossier.tree.all_steps()}
        played = {one.role: _called(one) for one in dossier.people if one.role}
        self.people = {
            role.id: played.get(role.id) or role.name for role in dossier.tree.roles.values()
        }
        process = dossier.process
        self.owner = str(process.owner_name or process.team_name or "the owner")
        self._played = played

    def _name(self, name: Text) -> str:
        return filled(name, self._dossier.facts) if self._dossier.facts else str(name)

    def moments(self, timers: Sequence[Any], runs: Mapping[str, Any]) -> Iterator[Moment]:
        """What these timers, in the order in which they ring, will bring."""
        holders: dict[str | None, str] = {}
        for timer in timers:
            step = runs[timer.run_id].step
            if not self._dossier.tree.has_step(step):
                continue
            task = self._tasks.get(timer.task_id)
            holder = holders.setdefault(timer.task_id, _held_by(task) if task is not None else "")
            moment = self._moment(timer, step, task, holder)
            if moment.kind == "escalation" and moment.then == "reassign":
                holders[timer.task_id] = moment.who
            yield moment

    def _moment(self, timer: Any, step: str, task: Any, holder: str) -> Moment:
        kind = _KINDS[timer.kind]
        name = str(task.name) if task is not None else self.names[step]
        return Moment(
            at=timer.rings_at,
            kind=kind,
            step=step,
            name=name,
            task=timer.task_id,
            who=self._who(kind, timer, holder),
            then=self._then(kind, timer, step),
            label=timer.what.get("label", ""),
            is_signal=getattr(self._dossier.tree.step(step), "signal", None) is not None,
        )

    def _who(self, kind: Kind, timer: Any, holder: str) -> str:
        if kind == "escalation":
            return self._played.get(timer.what["to"], self.owner)
        return self.owner if kind in ("pick_up", "overdue") else holder

    def _then(self, kind: Kind, timer: Any, step: str) -> str:
        if kind == "escalation":
            return str(timer.what.get("then", "notify"))
        found = self._dossier.tree.step(step)
        if kind != "timeout" or not isinstance(found, PersonStep) or found.on_timeout is None:
            return ""
        do = found.on_timeout.do
        return f"return_to {do.step}" if isinstance(do, ReturnTo) else do

    def calls(self, attempts: Sequence[tuple[Any, datetime]]) -> Iterator[Moment]:
        """When calls are made again."""
        for run, at in attempts:
            yield Moment(at, "call", run.step, self.names[run.step])

    def troubles(self) -> Iterator[Moment]:
        """When exceptions that nobody resolves are told again."""
        for one in self._dossier.troubles:
            if one.tell_at is not None:
                yield Moment(one.tell_at, "exception", one.step or "", one.message, who=self.owner)


def _called(person: Any) -> str:
    return str(person.person_name or person.team_name or person.email)


def _held_by(task: Any) -> str:
    return str(task.holder_name or _called(task))
