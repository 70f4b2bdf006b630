"""The forecast of a process in words, for its page and for programs."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy.engine import Connection

from portal.definition.tree import (
    AssignExpr,
    BlockStep,
    CallStep,
    Definition,
    EachStep,
    MessageStep,
    ParallelStep,
    PersonStep,
    RunStep,
    SetStep,
    Step,
    WaitStep,
    within,
)
from portal.engine.forecast import ANSWERS, DATE, ITEM, Coming, When
from portal.readings import forecast as forecasts
from portal.readings import words
from portal.readings.dossier import Dossier
from portal.readings.forecast import Forecast, Moment

Shape = dict[str, Any]
_MOST_BRIEFLY = 2  # moments of the clock that a row tells
_MOST_SHOWN = 12
_NEAR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to come on a page: its moment where it has one, and a sentence.

    ``branches`` are what runs side by side under it: the name of each, and its own lines.
    """

    at: datetime | None
    text: str
    branches: "Sequence[tuple[str, Sequence[Line]]]" = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A forecast as a page tells it: by the clock (the first ones, and the rest), then, the end.

    ``passes_on`` says when what is open now goes to somebody else by itself, where it does.
    """

    clock: Sequence[Line]
    later: Sequence[Line]
    coming: Sequence[Line]
    end: Sequence[str]
    passes_on: str | None = None


def of_process(conn: Connection, dossier: Dossier, tz: str) -> Told | None:
    """What is to come of a running process as its page tells it; ``None`` of one that has ended."""
    ahead = forecasts.of_process(conn, dossier)
    return told(ahead, tz) if ahead is not None else None


def told(forecast: Forecast, tz: str) -> Told:
    """The whole forecast, moments in the zone ``tz``."""
    clock = _by_the_clock(forecast, tz)
    coming = _side_by_side(forecast.outlook.coming, 0, forecast, tz)
    first, later = clock[:_MOST_SHOWN], clock[_MOST_SHOWN:]
    return Told(first, later, coming, end(forecast, tz), _passes_on(forecast, tz))


def _passes_on(forecast: Forecast, tz: str) -> str | None:
    for one in forecast.moments:
        if one.kind == "escalation" and one.then == "reassign" and one.at > forecast.now:
            return f"on {words.short_day(one.at, tz)} it goes to {one.who}"
    return None


def shape(forecast: Forecast, tz: str) -> Shape:
    """The whole forecast for programs."""
    return {
        "at": words.iso(forecast.now),
        "next": [_moment_shape(one, forecast) for one in forecast.moments],
        "coming": [_coming_shape(one, forecast, tz) for one in forecast.outlook.coming],
        "end": _end_shape(forecast, tz),
    }


# By the clock


def briefly(ahead: Told | None, now: datetime, tz: str) -> list[str]:
    """What comes next in a sentence or two: by the clock, and behind what is open now."""
    if ahead is None:
        return []
    said = [
        f"{words.moment(one.at, tz)}: {one.text}" if one.at and one.at > now else one.text
        for one in ahead.clock[:_MOST_BRIEFLY]
    ]
    if not said:
        said = ["Nothing happens by itself: it goes on when somebody acts on what is open now."]
    return [*said, *(f"Then: {one.text}" for one in ahead.coming[:1] if one.text)]


def sentence(moment: Moment, names: Mapping[str, str]) -> str:
    """What the clock will do then, unless somebody acts before."""
    return _SAYS[moment.kind](moment, names)


def _by_the_clock(forecast: Forecast, tz: str) -> list[Line]:
    """The moments in order; of the reminders of one task the next stands for all."""
    lines: list[Line] = []
    reminders: dict[str | None, list[Moment]] = defaultdict(list)
    for moment in forecast.moments:
        if moment.kind == "reminder":
            reminders[moment.task].append(moment)
    for moment in forecast.moments:
        text = sentence(moment, forecast.names)
        if moment.kind == "reminder":
            same = reminders[moment.task]
            if moment is not same[0]:
                continue
            text += _and_again(same, tz)
        lines.append(Line(moment.at, text))
    return lines


def _and_again(same: Sequence[Moment], tz: str) -> str:
    if len(same) == 1:
        return ""
    again = "once more" if len(same) == 2 else f"{len(same) - 1} more times"
    return f" After that {again}, the last time on {words.short_day(same[-1].at, tz)}."


def _wait(moment: Moment, _names: Mapping[str, str]) -> str:
    if moment.is_signal:
        return f"“{moment.name}” no longer waits for its signal."
    return f"“{moment.name}” is over, and the process goes on."


def _escalation(moment: Moment, _names: Mapping[str, str]) -> str:
    if moment.then == "reassign":
        return f"“{moment.name}” goes to {moment.who}, if it is still not done."
    return f"{moment.who} is told that “{moment.name}” is overdue."


_TIMED_OUT = {
    "skip": "is given up, and the process goes on without it",
    "end": "is given up, and the process ends",
    "reject": "counts as rejected",
}


def _timeout(moment: Moment, names: Mapping[str, str]) -> str:
    back = moment.then.removeprefix("return_to ")
    what = _TIMED_OUT.get(moment.then) or f"is given up, and work goes back to “{names[back]}”"
    return f"“{moment.name}” {what}."


_SAYS: Mapping[str, Callable[[Moment, Mapping[str, str]], str]] = {
    "reminder": lambda one, _: f"{one.who} is reminded of “{one.name}”.",
    "pick_up": lambda one, _: f"If nobody has taken up “{one.name}” by then, {one.who} is told.",
    "due": lambda one, _: f"“{one.name}” is due.",
    "escalation": _escalation,
    "timeout": _timeout,
    "overdue": lambda one, _: f"If “{one.name}” is still not done, an exception opens for"
    f" {one.who}.",
    "wait": _wait,
    "call": lambda one, _: f"The call of “{one.name}” is made.",
    "exception": lambda one, _: f"{one.who} is told again of the exception: {one.name}",
}  # fmt: skip


def _moment_shape(moment: Moment, forecast: Forecast) -> Shape:
    return {
        "at": words.iso(moment.at),
        "kind": moment.kind,
        "step": moment.step or None,
        "task": moment.task,
        "name": moment.name,
        "who": moment.who or None,
        "then": moment.then or None,
        "label": moment.label or None,
        "sentence": sentence(moment, forecast.names),
    }


# The steps behind


def _coming(one: Coming, forecast: Forecast, tz: str) -> str:
    text = f"“{forecast.names[one.step.id]}” {_does(one.step, forecast)}"
    if one.begins_at is not None:
        since = "from " if isinstance(one.step, WaitStep) else ""
        text += f" {since}{_about(one.begins_at, forecast.now, tz)}"
    if one.times > 1:
        text += f", for {one.times} items"
    if one.due_at is not None:
        text += f", due {_day(one.due_at, forecast.now, tz)}"
    if one.depends_on:
        text += f"; whether it comes depends on {_hangs(one, forecast)}"
    return f"{text}."


def _side_by_side(coming: Sequence[Coming], depth: int, forecast: Forecast, tz: str) -> list[Line]:
    """What is to come, with what runs side by side told so; ``depth`` blocks are told already."""

    def block(one: Coming) -> BlockStep | None:
        around = _beside(one.step, forecast.tree)
        return around[depth] if len(around) > depth else None

    lines: list[Line] = []
    for around, group in groupby(coming, block):
        found = list(group)
        if around is None:
            lines += [Line(None, _coming(one, forecast, tz)) for one in found]
            continue
        branches = [
            (name, _side_by_side(own, depth + 1, forecast, tz))
            for name, own in _branches(around, found)
        ]
        if len(branches) == 1 and not isinstance(around, EachStep):
            lines += branches[0][1]  # the others are over, or are at their last step
        else:
            lines.append(Line(None, _heading(around, found, forecast), branches))
    return lines


def _branches(block: BlockStep, found: Sequence[Coming]) -> Iterator[tuple[str, list[Coming]]]:
    """What is to come in each branch where anything is; how often an item's step is the heading."""
    if isinstance(block, EachStep):
        yield "", [replace(one, times=1) for one in found]
        return
    for number, branch in enumerate(block.branches, 1):
        inside = {step.id for step in within(branch.steps)}
        if own := [one for one in found if one.step.id in inside]:
            yield branch.name or f"Branch {number}", own


def _beside(step: Step, tree: Definition) -> list[BlockStep]:
    """The blocks around a step whose branches run side by side, the outermost first."""
    blocks = tree.blocks_around(step.id)
    return [one for one in blocks if isinstance(one, ParallelStep | EachStep)]


def _heading(block: BlockStep, found: Sequence[Coming], forecast: Forecast) -> str:
    if isinstance(block, EachStep):
        item = block.item.replace("_", " ")
        times = max(one.times for one in found)
        many = f" ({times} of them)" if times > 1 else ""
        return f"“{forecast.names[block.id]}”, for each {item} side by side{many}:"
    finish = getattr(block, "finish", "all")
    until = {"all": "", "any": ", until one is done"}.get(finish, f", until {finish} are done")
    return f"“{forecast.names[block.id]}”, side by side{until}:"


def _about(at: datetime, now: datetime, tz: str) -> str:
    return f"about {_day(at, now, tz)}" if at > now else "now"


def _day(at: datetime, now: datetime, tz: str) -> str:
    """An expected moment; far off it is no more than a day."""
    is_near = at - now < _NEAR
    return words.moment(at, tz) if is_near else words.day(at.astimezone(words.zone(tz)).date())


def _does(step: Step, forecast: Forecast) -> str:
    if isinstance(step, PersonStep):
        return f"comes to {words.listed(_who(step, forecast))}"
    if isinstance(step, MessageStep):
        return f"is sent to {words.listed(_who(step, forecast))}"
    if isinstance(step, WaitStep):
        return f"waits for {_awaited(step)}"
    return _DOES[type(step)]


_DOES: dict[type[Step], str] = {
    CallStep: "calls another system",
    RunStep: "runs another process",
    SetStep: "is worked out",
}


def _awaited(step: WaitStep) -> str:
    if step.signal:
        return f"the signal “{step.signal}”"
    return str(step.span) if step.span else "its moment"


def _who(step: Step, forecast: Forecast) -> list[str]:
    roles = step.to if isinstance(step, MessageStep) else getattr(step, "assign", ())
    if isinstance(roles, AssignExpr):
        return [_somebody(roles)]
    return list(dict.fromkeys(forecast.people[role] for role in roles))


def _somebody(assign: AssignExpr) -> str:
    """Somebody whose address is computed; by name where that hangs on nothing to come."""
    if assign.email.names or (assign.name is not None and assign.name.names):
        return "somebody who is named by then"
    return str((assign.name or assign.email).evaluate({}))


_HANGS = {DATE: "the date", ITEM: "each item", ANSWERS: "earlier answers"}


def _hangs(one: Coming, forecast: Forecast) -> str:
    on = [_HANGS.get(name) or f"“{forecast.names[name]}”" for name in one.depends_on]
    return words.listed(on)


def _coming_shape(one: Coming, forecast: Forecast, tz: str) -> Shape:
    is_asked = isinstance(one.step, PersonStep | MessageStep)
    return {
        "step": one.step.id,
        "name": forecast.names[one.step.id],
        "kind": one.step.kind,
        "who": _who(one.step, forecast) if is_asked else [],
        "begins_at": one.begins_at and words.iso(one.begins_at),
        "due_at": one.due_at and words.iso(one.due_at),
        "depends_on": [name.strip("()") for name in one.depends_on],
        "items": one.times,
        "sentence": _coming(one, forecast, tz),
    }


# The end


def end(forecast: Forecast, tz: str) -> list[str]:
    """When it all ends, in one to three sentences, each of which says on what it rests."""
    when = forecast.outlook.end
    said = [_expected(forecast, when, tz)]
    is_before = when.expected is None or when.earliest < when.expected
    if when.earliest > forecast.now and is_before:
        before = _day(when.earliest, forecast.now, tz)
        said.append(f"It can’t end before {before}, however quickly everybody answers.")
    if forecast.if_done_now is not None:
        soon = _about(forecast.if_done_now, forecast.now, tz)
        said.append(f"Were it done now, it would end {soon}.")
    returns = [f"“{forecast.names[step]}”" for step in forecast.outlook.returns]
    if returns:
        said.append(f"Another round, should {words.listed(returns)} ask for one, is not counted.")
    return said


_BASES = {
    frozenset({"due"}): ", if everything is done when it is due",
    frozenset({"usual"}): ", if every step takes as long as it usually does",
    frozenset({"due", "usual"}): ", if steps take as long as they usually do or are done when due",
}
_WHY = {
    "no_due": "“{name}” has no due time",
    "late": "“{name}” is late already",
    "signal": "“{name}” waits for a signal from outside",
    "moment": "the time of “{name}” depends on an answer to come",
    "run": "“{name}” runs another process",
    "stuck": "an exception stands at “{name}”",
}


def _expected(forecast: Forecast, when: When, tz: str) -> str:
    if when.expected is None:
        why = _WHY[str(when.why)].format(name=forecast.names[str(when.step)])
        return f"When it ends can’t be told, because {why}."
    if when.expected <= forecast.now:
        return "Nobody has to do anything more before it ends."
    basis = _BASES.get(frozenset(forecast.outlook.bases), "")
    return f"It ends {_about(when.expected, forecast.now, tz)}{basis}."


def _end_shape(forecast: Forecast, tz: str) -> Shape:
    when = forecast.outlook.end
    because = {"step": when.step, "why": when.why} if when.expected is None else None
    return {
        "earliest_at": words.iso(when.earliest),
        "expected_at": when.expected and words.iso(when.expected),
        "based_on": sorted(forecast.outlook.bases),
        "because": because,
        "returns": list(forecast.outlook.returns),
        "sentence": " ".join(end(forecast, tz)),
    }
