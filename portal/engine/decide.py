"""What a process should do next, from its tree and how its steps stand. Pure: no database.

A list of steps runs in order. The first step without a current round is the one to open or to
skip; a step that is open holds the list; a list without either is at its end. A tree of such
lists cannot deadlock, and a step is never opened while an earlier one is still to be done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import ApprovalStep, ReturnTo, Step

Standing = Literal["open", "done", "skipped"]
Verdict = Literal["approved", "changes_requested", "rejected"]


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a round of the step."""

    step: Step


@dataclass(frozen=True, slots=True)
class Skip:
    """The step's condition does not hold: the list goes on without it."""

    step: Step


@dataclass(frozen=True, slots=True)
class Stuck:
    """The step's condition could not be computed; ``sentence`` says why."""

    step: Step
    sentence: str


@dataclass(frozen=True, slots=True)
class End:
    """The process ends in ``state``."""

    state: Literal["completed", "rejected"]


Decision = Open | Skip | Stuck | End


def decide(
    steps: Sequence[Step],
    standing: Mapping[str, Standing],
    holds: Callable[[Step], bool],
) -> Decision | None:
    """The next thing to do; ``None`` while a step is open.

    ``standing`` has the current round of each step that has one. ``holds`` judges a step's
    condition and raises ExpressionFailed where it can't.
    """
    for step in steps:
        stands = standing.get(step.id)
        if stands == "open":
            return None
        if stands is None:
            return _begin(step, holds)
    return End("completed")


def _begin(step: Step, holds: Callable[[Step], bool]) -> Decision:
    if step.when is None:
        return Open(step)
    try:
        return Open(step) if holds(step) else Skip(step)
    except ExpressionFailed as failed:
        return Stuck(step, failed.sentence)


def needed(step: ApprovalStep, asked: int) -> int:
    """How many of those asked must approve."""
    if step.needs == "all":
        return asked
    return 1 if step.needs == "any" else step.needs


def verdict(step: ApprovalStep, asked: int, votes: Sequence[str]) -> Verdict | None:
    """What an approval by ``asked`` people has come to; ``None`` while it is undecided.

    The first request for changes decides. With ``needs: all`` the first rejection decides,
    otherwise a rejection does once the approvals needed can't be reached.
    """
    if "changes_requested" in votes:
        return "changes_requested"
    wanted = needed(step, asked)
    if votes.count("approved") >= wanted:
        return "approved"
    if asked - votes.count("rejected") < wanted:
        return "rejected"
    return None


def after(step: ApprovalStep, outcome: Verdict) -> ReturnTo | End | None:
    """Where an outcome leads: back, to the end, or (``None``) on."""
    if outcome == "changes_requested":
        return step.on_changes
    if outcome == "approved" or step.on_reject == "continue":
        return None
    return End("rejected") if step.on_reject == "end" else step.on_reject
