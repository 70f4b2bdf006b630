"""How a definition fares, in figures: what became of its processes, how long, with what trouble.

Cheap however many processes there are: what ended is looked at from the newest back and at most
1,001 of each kind; what happened on the way is told of the newest hundred.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import db
from portal.definition.tree import Definition
from portal.ledger.catalogue import ExceptionOpened, ReminderSent
from portal.ledger.tables import Entry
from portal.models import DefinitionReview, Process, StepRun, Task, Trouble, sights
from portal.readings import words

MOST = 1001
SAMPLE = 100
LATELY = timedelta(days=365)
"""How far back pages and programs are told how a definition fares."""
# Of fewer than these nothing is said about what always or never happens.
_FEWEST = 5
_MOST_SAID = 10
_ENDS = ("completed", "rejected", "cancelled")


COUNTED = (
    "started", "running", "late", "completed", "rejected", "cancelled", "exceptions",
    "open_exceptions", "sample", "reminders", "troubled", "tasks", "late_tasks",
)  # fmt: skip
"""The figures that are whole numbers."""


class Said(NamedTuple):
    """Somebody said whether a version still matches reality, and what does not."""

    said_at: datetime
    said_by_name: str
    version: int
    holds: bool
    note: str


@dataclass(frozen=True, slots=True)
class Figures:
    """The processes of a definition that were started since a moment, of every version.

    ``running`` and ``late`` stop at ``MOST``, as does each of the ends. ``median`` and ``p90`` are
    of those that were completed. What follows is of the ``sample``, the newest that ended:
    ``reminders`` sent, ``troubled`` had an exception, ``late_tasks`` of ``tasks`` with a due time
    were done after it. ``never`` ran in any of them, ``always`` names steps whose condition held
    in each. ``said`` is what was last said of whether it still holds, the newest first.
    """

    started: int
    running: int
    late: int
    completed: int
    rejected: int
    cancelled: int
    exceptions: int
    open_exceptions: int
    sample: int
    reminders: int
    troubled: int
    tasks: int
    late_tasks: int
    median: timedelta | None
    p90: timedelta | None
    never: Sequence[str]
    always: Sequence[str]
    said: Sequence[Said]

    @property
    def is_cut(self) -> bool:
        """Whether there were more than are counted."""
        return max(self.running, self.completed, self.rejected, self.cancelled) >= MOST

    @property
    def ended(self) -> int:
        """How many came to an end."""
        return self.completed + self.rejected + self.cancelled

    def share(self, n: int, of: int) -> str:
        """``n`` as a share: ``12 %``, nothing where there is nothing to share."""
        return f"{round(100 * n / of)} %" if of else ""


def since(conn: Connection, key: str, moment: datetime, now: datetime, tree: Definition) -> Figures:
    """The figures of the processes that were started since; one statement."""
    rows = conn.execute(_query(key, moment, now)).all()
    by: dict[str, list[Any]] = {}
    for row in rows:
        by.setdefault(row.what, []).append(row)
    ends = Counter(row.name for row in by.get("ended", ()))
    spans = sorted(row.over - row.began for row in by.get("ended", ()) if row.name == "completed")
    events = {row.name: row for row in by.get("event", ())}
    opened, sent = events.get(ExceptionOpened.TYPE), events.get(ReminderSent.TYPE)
    running, late, stuck = (by[name][0].n for name in ("running", "late", "stuck"))
    task = by["tasks"][0]
    sample = min(sum(ends.values()), SAMPLE)
    never, always = _steps(tree, by.get("step", ()), sample)
    return Figures(
        started=running + sum(ends.values()),
        running=running,
        late=late,
        exceptions=stuck + (opened.n if opened else 0),
        open_exceptions=stuck,
        sample=sample,
        reminders=sent.n if sent else 0,
        troubled=opened.m if opened else 0,
        tasks=task.n,
        late_tasks=task.m or 0,
        median=_at(spans, 0.5),
        p90=_at(spans, 0.9),
        never=never,
        always=always,
        said=_said(by.get("said", ())),
        **{name: ends.get(name, 0) for name in _ENDS},
    )


def lines(figures: Figures, tree: Definition) -> list[tuple[str, str]]:
    """The figures in words: what about, and what is told of it; nothing where nothing ran."""
    one, said = figures, []
    more = "or more " if one.is_cut else ""
    if one.ended:
        said.append(("Outcome", words.listed([
            f"{getattr(one, name)} {name} ({one.share(getattr(one, name), one.ended)})"
            for name in _ENDS if getattr(one, name)
        ])))  # fmt: skip
    if one.median is not None and one.p90 is not None:
        half, most = words.span(one.median), words.span(one.p90)
        said.append(("How long", f"half within {half}, nine of ten within {most}"))
    if one.running:
        late = f", {one.late} of them late ({one.share(one.late, one.running)})"
        said.append(("Running", f"{one.running} {more}now{late if one.late else ', none late'}"))
    if one.tasks:
        late = f"{one.share(one.late_tasks, one.tasks)} of {words.count(one.tasks, 'task')}"
        said.append(("Done late", late))
    if one.sample:
        said.append(("Reminders", f"{_each(one.reminders, one.sample)} a process"))
        share = one.share(one.troubled, one.sample)
        said.append(("With an exception", f"{share} of the last {one.sample} that ended"))
    if one.open_exceptions:
        said.append(("Open exceptions", str(one.open_exceptions)))
    for about, ids in (("Never ran", one.never), ("Never skipped", one.always)):
        if ids:
            named = words.listed([f"“{tree.step(id_).name}”" for id_ in ids])
            said.append((about, f"{named} in the last {one.sample}"))
    return said


def _each(n: int, of: int) -> str:
    return f"{n / of:.1f}".removesuffix(".0")


def _said(rows: Iterable[Any]) -> list[Said]:
    found = [Said(row.began, row.name, row.n, bool(row.m), row.detail) for row in rows]
    return sorted(found, reverse=True)


def _at(spans: Sequence[timedelta], share: float) -> timedelta | None:
    return spans[min(int(len(spans) * share), len(spans) - 1)] if spans else None


def _steps(tree: Definition, rows: Iterable[Any], sample: int) -> tuple[list[str], list[str]]:
    """Steps that never ran, and those with a condition that held each time."""
    if sample < _FEWEST:
        return [], []
    done = {(row.name): row.n for row in rows if row.detail == "done"}
    steps = [step for step in tree.all_steps() if not tree.eaches_around(step.id)]
    never = [step.id for step in steps if step.id not in done]
    always = [step.id for step in steps if step.when and done.get(step.id, 0) >= sample]
    return never, always


def _query(key: str, moment: datetime, now: datetime) -> Any:
    # Ids begin with the moment at which they were made, and what has ended is due no more: so
    # each state is a stretch of one index, read from its new end.
    first = db.first_id(moment)
    new = sa.and_(Process.key == key, Process.id >= first, sights.seen())
    ended = _ended(new)
    sample = sa.select(ended.c.id).order_by(ended.c.id.desc()).limit(SAMPLE).cte("sample")
    runs = sa.and_(new, Process.state == "running")
    return sa.union_all(
        _row("ended", ended.c.state, spans=(ended.c.started_at, ended.c.ended_at)),
        _row("running", n=_capped(runs)),
        _row("late", n=_capped(sa.and_(runs, Process.due_at < now))),
        _row("stuck", n=_stuck(key, first)),
        _opinions(key),
        *_on_the_way(sa.select(sample.c.id)),
    )


def _ended(new: Any) -> Any:
    """The newest that came to each of the ends."""
    ends = (
        sa.select(Process.id, Process.state, Process.started_at, Process.ended_at)
        .where(new, Process.state == state, Process.due_at.is_(None))
        .order_by(Process.id.desc())
        .limit(MOST)
        .subquery()
        for state in _ENDS
    )
    return sa.union_all(*(sa.select(one) for one in ends)).cte("ended")


def _on_the_way(chosen: Any) -> Iterator[Any]:
    """What happened in the chosen processes: events, tasks with a due time, and steps."""
    yield (
        _row("event", Entry.type, n=sa.func.count(), m=sa.func.count(Entry.log.distinct()))
        .where(Entry.log.in_(chosen), Entry.type.in_([ExceptionOpened.TYPE, ReminderSent.TYPE]))
        .group_by(Entry.type)
    )
    late = sa.func.sum(sa.case((Task.done_at > Task.due_at, 1), else_=0))
    yield _row("tasks", n=sa.func.count(), m=late).where(
        Task.process_id.in_(chosen), Task.due_at.is_not(None), Task.state == "done"
    )
    yield (
        _row("step", StepRun.step, StepRun.state, n=sa.func.count(StepRun.process_id.distinct()))
        .where(StepRun.process_id.in_(chosen), _LIVE)
        .group_by(StepRun.step, StepRun.state)
    )


def _opinions(key: str) -> Any:
    said = (
        sa.select(DefinitionReview)
        .where(DefinitionReview.key == key)
        .order_by(DefinitionReview.id.desc())
        .limit(_MOST_SAID)
        .subquery()
    )
    holds = sa.case((said.c.holds, 1), else_=0)
    return _row("said", said.c.said_by_name, said.c.note, n=said.c.version, m=holds,
                spans=(said.c.said_at, None))  # fmt: skip


_LIVE = sa.text("(step_runs.is_current OR step_runs.is_latest)")


def _row(
    what: str,
    name: Any = None,
    detail: Any = None,
    *,
    n: Any = None,
    m: Any = None,
    spans: tuple[Any, Any] = (None, None),
) -> Any:
    """One kind of row of the one statement: all have the same columns."""
    columns = {
        "name": (name, sa.String), "detail": (detail, sa.String), "n": (n, sa.BigInteger),
        "m": (m, sa.BigInteger), "began": (spans[0], db.UTCDateTime),
        "over": (spans[1], db.UTCDateTime),
    }  # fmt: skip
    return sa.select(
        sa.literal_column(f"'{what}'").label("what"),
        *(_typed(one, kind).label(label) for label, (one, kind) in columns.items()),
    )


def _typed(one: Any, kind: Any) -> Any:
    if one is None:
        return sa.cast(sa.null(), kind)
    return one if kind is db.UTCDateTime else sa.cast(one, kind)


def _capped(which: Any) -> Any:
    some = sa.select(sa.literal(1)).where(which).limit(MOST).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _stuck(key: str, first: str) -> Any:
    some = (
        sa.select(sa.literal(1))
        .select_from(Trouble)
        .join(Process, Process.id == Trouble.process_id)
        .where(Trouble.state == "open", Process.key == key, Process.id >= first)
        .where(sights.seen())
        .limit(MOST)
        .subquery()
    )
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
