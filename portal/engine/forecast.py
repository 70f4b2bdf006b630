"""What is to come of a process, by its tree, its calendar and how it stands. Pure: no database.

The walk goes the way of `decide`, on paper: a step that is open takes until it is due, or as long
as it usually took, and those behind it begin then. What only an answer to come will tell is not
guessed: such a step says on what it depends, and an end that can't be told says because of which
step.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from portal.calendar import WorkCalendar
from portal.definition.durations import Duration, due_moment
from portal.definition.expressions import Expression, ExpressionFailed
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    ChooseStep,
    Definition,
    EachStep,
    Finish,
    ParallelStep,
    PersonStep,
    ReturnTo,
    RunStep,
    SetStep,
    Step,
    WaitStep,
    computed_by,
)
from portal.engine.decide import enough

Place = tuple[str, str]
"""A step and the scope it runs in."""

Why = Literal["no_due", "late", "signal", "moment", "run", "stuck"]
# Why nobody can tell when a step ends: it has no due time; that has passed already; it waits for a
# signal; its moment or due time hangs on an answer to come; it runs a process; an exception holds
# it up.

_STEPS = re.compile(r"\bsteps\s*\.\s*([a-z]\w*)")
_VALUES = re.compile(r"\bvalues\s*\.\s*([a-z]\w*)")
DATE, ITEM, ANSWERS = "(date)", "(item)", "(answers)"
"""What a condition hangs on beside steps: the day it is asked on, its item, several answers."""


@dataclass(frozen=True, slots=True)
class Stood:
    """A current round.

    ``answers`` tell of an open block which branch it took, or how many items it has and how many
    of them are done.
    """

    state: str
    opened_at: datetime
    answers: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A process as it stands at a moment.

    ``due`` are the due times of open steps, ``ends`` the moments at which open steps are over by
    themselves (a wait, a time-out), ``usual`` how long steps took before, ``stuck`` what an
    exception holds up. ``facts`` are those outside of all items; ``None``: not known. ``zones``
    are those of the people that play roles.
    """

    tree: Definition
    now: datetime
    calendar: WorkCalendar
    facts: Mapping[str, Any] | None
    rounds: Mapping[Place, Stood] = field(default_factory=dict)
    due: Mapping[Place, datetime] = field(default_factory=dict)
    ends: Mapping[Place, datetime] = field(default_factory=dict)
    usual: Mapping[str, timedelta] = field(default_factory=dict)
    stuck: frozenset[Place] = frozenset()
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class When:
    """When something is over: at the earliest, and as it is expected to be.

    Where the latter can't be told, ``step`` and ``why`` say what stands in the way.
    """

    earliest: datetime
    expected: datetime | None
    step: str | None = None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """A step that is to come. ``begins_at`` and ``due_at`` are expected, ``None`` where unknown.

    ``depends_on`` names the steps (or ``DATE``, ``ITEM``, ``ANSWERS``) on which it hangs whether
    it comes at all; empty: it will come. ``times``: for so many items.
    """

    step: Step
    begins_at: datetime | None
    due_at: datetime | None
    depends_on: tuple[str, ...] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to come, in order, and when it all ends.

    ``bases`` tell what the expected times rest on: ``due``, ``usual`` or both. ``returns`` are
    the steps from which work may go back; no further round is counted.
    """

    coming: Sequence[Coming]
    end: When
    bases: frozenset[Literal["due", "usual"]]
    returns: Sequence[str]


def look_ahead(course: Course) -> Outlook:
    """What is to come of a process that runs, or of one that would start now."""
    return _Walk(course).whole()


class _Walk:
    """One walk over the tree; what it meets is noted in order, each step once."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._coming: dict[str, Coming] = {}
        self._bases: set[Literal["due", "usual"]] = set()
        self._returns: dict[str, None] = {}

    def whole(self) -> Outlook:
        now = self._course.now
        end = self._list(self._course.tree.steps, "", When(now, now), ())
        coming = tuple(self._coming.values())
        return Outlook(coming, end, frozenset(self._bases), tuple(self._returns))

    def _list(self, steps: Sequence[Step], scope: str, at: When, hangs: tuple[str, ...]) -> When:
        for step in steps:
            stood = self._course.rounds.get((step.id, scope))
            if stood is not None and stood.state in ("done", "skipped"):
                continue
            if stood is not None and stood.state == "open":
                self._note_return(step)
                at = self._open(step, scope, at, stood)
            else:
                at = self._to_come(step, scope, at, hangs)
        return at

    # Steps that are open

    def _open(self, step: Step, scope: str, at: When, stood: Stood) -> When:
        """When a step that is open now is over."""
        place = (step.id, scope)
        if isinstance(step, BlockStep):
            return self._block(step, scope, at, stood, ())
        if place in self._course.stuck:
            return _unknown(at, step, "stuck")
        if isinstance(step, PersonStep):
            return self._asked(step, place, at, stood)
        ends = self._course.ends.get(place)
        if isinstance(step, WaitStep):
            if step.signal:
                return replace(at, expected=ends) if ends else _unknown(at, step, "signal")
            return When(ends, ends) if ends else at
        if isinstance(step, RunStep):
            return _unknown(at, step, "run")
        return at

    def _asked(self, step: PersonStep, place: Place, at: When, stood: Stood) -> When:
        now, usual = self._course.now, self._course.usual.get(step.id)
        if usual is not None and stood.opened_at + usual > now:
            self._bases.add("usual")
            return replace(at, expected=stood.opened_at + usual)
        due = self._course.due.get(place)
        if due is not None and due > now:
            self._bases.add("due")
            return replace(at, expected=due)
        ends = self._course.ends.get(place)
        if ends is not None and ends > now:
            return replace(at, expected=ends)
        return _unknown(at, step, "late" if due is not None or usual is not None else "no_due")

    # Steps to come

    def _to_come(self, step: Step, scope: str, at: When, hangs: tuple[str, ...]) -> When:
        if (step.id, scope) in self._course.stuck:
            self._note(step, at, None, hangs)
            return _unknown(at, step, "stuck")
        own = self._unknown_in(step.when, scope)
        if not own and step.when is not None and not self._holds(step.when):
            return at
        around = tuple(dict.fromkeys((*hangs, *own)))
        over = self._begun(step, scope, at, around)
        # Whether it comes hangs on something: at the earliest it does not.
        return replace(over, earliest=at.earliest) if own else over

    def _begun(self, step: Step, scope: str, at: When, hangs: tuple[str, ...]) -> When:
        self._note_return(step)
        if isinstance(step, BlockStep):
            return self._block(step, scope, at, None, hangs)
        if isinstance(step, PersonStep):
            return self._will_be_asked(step, scope, at, hangs)
        if not isinstance(step, SetStep):
            self._note(step, at, None, hangs)
        if isinstance(step, WaitStep):
            return self._will_wait(step, scope, at)
        if isinstance(step, RunStep):
            return _unknown(at, step, "run")
        return at

    def _will_be_asked(
        self, step: PersonStep, scope: str, at: When, hangs: tuple[str, ...]
    ) -> When:
        due = self._due(step, scope, at.expected)
        self._note(step, at, due, hangs)
        if at.expected is None:
            return at
        usual = self._course.usual.get(step.id)
        if usual is not None:
            self._bases.add("usual")
            return replace(at, expected=at.expected + usual)
        if due is not None:
            self._bases.add("due")
            return replace(at, expected=max(due, at.expected))
        limit = step.on_timeout
        if limit is not None and not isinstance(limit.do, ReturnTo):
            return replace(at, expected=self._after(limit.after, at.expected, step))
        return _unknown(at, step, "no_due" if step.due is None else "moment")

    def _due(self, step: PersonStep, scope: str, begins: datetime | None) -> datetime | None:
        if step.due is None or begins is None:
            return None
        if isinstance(step.due, Duration):
            return self._after(step.due, begins, step)
        if self._unknown_in(step.due.at, scope):
            return None
        try:
            facts = dict(self._course.facts or {})
            return due_moment(step.due, begins, self._course.calendar, self._zone(step), facts)
        except ExpressionFailed:
            return None

    def _will_wait(self, step: WaitStep, scope: str, at: When) -> When:
        if step.signal:
            if step.timeout is None:
                return _unknown(at, step, "signal")
            expected = at.expected and self._after(step.timeout, at.expected, None)
            return replace(at, expected=expected)
        if step.span is not None:
            expected = at.expected and self._after(step.span, at.expected, None)
            return replace(
                at, earliest=self._after(step.span, at.earliest, None), expected=expected
            )
        until = self._moment(step.until, scope)
        if until is None:
            return _unknown(at, step, "moment")
        expected = at.expected and max(at.expected, until)
        return replace(at, earliest=max(at.earliest, until), expected=expected)

    def _after(self, span: Duration, moment: datetime, step: PersonStep | None) -> datetime:
        zone = self._zone(step) if step is not None else self._course.calendar.timezone
        return span.after(moment, self._course.calendar, zone)

    def _zone(self, step: PersonStep) -> ZoneInfo:
        roles = step.assign if isinstance(step.assign, tuple) else ()
        own = self._course.calendar.timezone
        return self._course.zones.get(roles[0], own) if roles else own

    # Blocks

    def _block(
        self, step: BlockStep, scope: str, at: When, stood: Stood | None, hangs: tuple[str, ...]
    ) -> When:
        if isinstance(step, ParallelStep):
            ends = [self._list(one.steps, scope, at, hangs) for one in step.branches]
            return _joined(ends, step.finish, len(ends), at)
        if isinstance(step, EachStep):
            return self._each(step, scope, at, stood, hangs)
        assert isinstance(step, ChooseStep)
        if stood is not None:
            chosen = stood.answers.get("branch")
            return at if chosen is None else self._list(step.branches[chosen].steps, scope, at, ())
        return self._choose(step, scope, at, hangs)

    def _choose(self, step: ChooseStep, scope: str, at: When, hangs: tuple[str, ...]) -> When:
        """The branch that will be taken; all that may be, where that can't be told."""
        ends: list[When] = []
        unknown: tuple[str, ...] = ()
        for branch in step.branches:
            own = self._unknown_in(branch.when, scope)
            if not own and branch.when is not None and not self._holds(branch.when):
                continue
            unknown = tuple(dict.fromkeys((*unknown, *own)))
            around = tuple(dict.fromkeys((*hangs, *unknown)))
            ends.append(self._list(branch.steps, scope, at, around))
            if not own:  # this one is taken where none before it is
                break
        else:
            ends.append(at)
        latest = _joined(ends, "all", len(ends), at)
        return replace(latest, earliest=min(one.earliest for one in ends))

    def _each(
        self, step: EachStep, scope: str, at: When, stood: Stood | None, hangs: tuple[str, ...]
    ) -> When:
        if stood is not None:
            return self._each_open(step, scope, at, stood)
        unknown = self._unknown_in(step.items, scope)
        count = None if unknown else self._count(step)
        if count == 0:
            return at
        before = set(self._coming)
        end = self._list(step.steps, _ANY, at, (*hangs, *unknown))
        for name in self._coming.keys() - before:
            one = self._coming[name]
            self._coming[name] = replace(one, times=one.times * (count or 1))
        return replace(end, earliest=at.earliest) if count is None else end

    def _each_open(self, step: EachStep, scope: str, at: When, stood: Stood) -> When:
        count, done = stood.answers.get("count", 0), stood.answers.get("done", 0)
        ends = [self._list(step.steps, item, at, ()) for item in self._open_items(step, scope)]
        left = enough(step.finish, count) - done
        return _joined(ends, max(left, 0), len(ends), at) if ends else at

    def _open_items(self, step: EachStep, scope: str) -> Iterator[str]:
        for (name, inner), stood in self._course.rounds.items():
            around, _, own = inner.rpartition("/")
            is_item = around == scope and own.rpartition(":")[0] == step.id
            if name == step.id and is_item and stood.state == "open":
                yield inner

    def _count(self, step: EachStep) -> int | None:
        try:
            return len(step.items.items(self._course.facts or {}))
        except ExpressionFailed:
            return None

    # Conditions

    def _holds(self, condition: Expression) -> bool:
        """A condition of which everything is known; one that fails comes as far as its step."""
        try:
            return condition.truth(self._course.facts or {})
        except ExpressionFailed:
            return True

    def _moment(self, expression: Expression | None, scope: str) -> datetime | None:
        if expression is None or self._unknown_in(expression, scope):
            return None
        try:
            return expression.moment(self._course.facts or {})
        except ExpressionFailed:
            return None

    def _unknown_in(self, expression: Expression | None, scope: str) -> tuple[str, ...]:
        """On what an expression hangs that is not known yet; empty where it can be told now."""
        if expression is None:
            return ()
        if self._course.facts is None:
            reads = dict.fromkeys(_named(self._course.tree, expression))
            return tuple(name for name in reads if self._hang(name, scope)) or (ANSWERS,)
        found: list[str] = []
        if expression.names & {"now", "today"}:
            found.append(DATE)
        if expression.names - self._course.facts.keys():
            found.append(ITEM)
        named = list(_named(self._course.tree, expression))
        found += [hang for name in named if (hang := self._hang(name, scope))]
        if not named and expression.names & {"steps", "values"}:
            found.append(ANSWERS)
        return tuple(dict.fromkeys(found))

    def _hang(self, step: str, scope: str) -> str | None:
        """What is not known yet of what a step brings; ``None``: it, or a block around, is over.

        The facts at hand are those outside of all items: of a step inside an ``each`` they hold
        the list, and nothing that one item alone could go by.
        """
        if scope and self._course.tree.eaches_around(step):
            return ITEM if self._is_over(step, scope) else step
        around = [one.id for one in self._course.tree.blocks_around(step)]
        return None if any(self._is_over(name, "") for name in (step, *around)) else step

    def _is_over(self, step: str, scope: str) -> bool:
        stood = self._course.rounds.get((step, scope))
        return stood is not None and stood.state in ("done", "skipped")

    # Noting

    def _note(self, step: Step, at: When, due: datetime | None, hangs: tuple[str, ...]) -> None:
        known = self._coming.get(step.id)
        if known is None:
            self._coming[step.id] = Coming(step, at.expected, due, hangs)
        else:  # the same step of another item
            self._coming[step.id] = replace(known, times=known.times + 1)

    def _note_return(self, step: Step) -> None:
        if isinstance(step, ApprovalStep) and (
            step.on_changes is not None or isinstance(step.on_reject, ReturnTo)
        ):
            self._returns[step.id] = None


# Where an item runs that has not begun: no round is ever found there.
_ANY = "(any):0"


def _unknown(at: When, step: Step, why: Why) -> When:
    """The step's end can't be told; a reason there is already stays, as it comes first."""
    return at if at.why is not None else replace(at, expected=None, step=step.id, why=why)


def _joined(ends: Sequence[When], finish: Finish, count: int, at: When) -> When:
    """When enough of several lists are over. An unknown one is passed over where others do."""
    wanted = enough(finish, count)
    if wanted <= 0 or not ends:
        return at
    earliest = sorted(one.earliest for one in ends)[wanted - 1]
    known = sorted(one.expected for one in ends if one.expected is not None)
    if len(known) >= wanted:
        return When(earliest, known[wanted - 1])
    missing = next(one for one in ends if one.expected is None)
    return replace(missing, earliest=earliest)


def _named(tree: Definition, expression: Expression) -> Iterable[str]:
    """The steps whose answers an expression reads, through the values they set as well."""
    yield from (name for name in _STEPS.findall(expression.source) if tree.has_step(name))
    values = set(_VALUES.findall(expression.source))
    for step in tree.all_steps():
        if values & {name for name, _ in computed_by(step)}:
            yield step.id
