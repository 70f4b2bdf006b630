"""What a process should do next, from its tree and how its steps stand. Pure: no database.

A list of steps runs in order: a step without a current round is begun, one that is open holds
its list. A block holds further lists; it is finished when enough of them have come to their end.
A tree of such lists cannot deadlock, and a step is never begun while an earlier one of its list
is still to be done.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    ChooseStep,
    EachStep,
    Finish,
    ParallelStep,
    ReturnTo,
    Step,
)

Standing = Literal["open", "done", "skipped", "stuck"]
Verdict = Literal["approved", "changes_requested", "rejected"]


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a round of the step, or skip it where its condition does not hold."""

    step: Step
    scope: str


@dataclass(frozen=True, slots=True)
class EndItem:
    """All steps of one item of an ``each`` are done; ``scope`` is the item's."""

    step: EachStep
    scope: str


@dataclass(frozen=True, slots=True)
class Close:
    """Enough of a block is done: it is finished, and what is open inside it is withdrawn."""

    step: BlockStep
    scope: str


@dataclass(frozen=True, slots=True)
class End:
    """The process ends in ``state``."""

    state: Literal["completed", "rejected"]


Decision = Begin | EndItem | Close | End


class View(Protocol):
    """How a process stands, as the walk asks it. ``scope`` is the path of items, ``""`` outside."""

    def standing(self, step: str, scope: str) -> Standing | None:
        """The step's current round; ``None`` where it has none, ``stuck`` where it can't begin."""

    def chosen(self, step: ChooseStep, scope: str) -> int | None:
        """The place of the branch that an open ``choose`` took; ``None``: none of them."""

    def open_items(self, step: EachStep, scope: str) -> Iterable[str]:
        """The scopes of the items of an open ``each`` that are at hand and not yet done."""

    def tally(self, step: EachStep, scope: str) -> tuple[int, int]:
        """How many items an open ``each`` has, and how many of them are done."""


def walk(steps: Sequence[Step], view: View) -> Iterator[Decision]:
    """Everything there is to do now, in order, in one pass.

    Each decision has to be carried out before the next one is asked for: the walk sees what came
    of it. Whatever is open, or could not be begun, holds its list alone.
    """
    is_at_end = yield from _list(steps, "", view)
    if is_at_end:
        yield End("completed")


def _list(steps: Sequence[Step], scope: str, view: View) -> Generator[Decision, None, bool]:
    """Whether the list has come to its end."""
    for step in steps:
        if view.standing(step.id, scope) is None:
            yield Begin(step, scope)
        if isinstance(step, BlockStep) and view.standing(step.id, scope) == "open":
            is_enough = yield from _block(step, scope, view)
            if is_enough:
                yield Close(step, scope)
        if view.standing(step.id, scope) not in ("done", "skipped"):
            return False
    return True


def _block(step: BlockStep, scope: str, view: View) -> Generator[Decision, None, bool]:
    """Whether enough of the block is done."""
    if isinstance(step, ParallelStep):
        return (yield from _branches(step, scope, view))
    if isinstance(step, EachStep):
        return (yield from _items(step, scope, view))
    assert isinstance(step, ChooseStep)
    chosen = view.chosen(step, scope)
    return True if chosen is None else (yield from _list(step.branches[chosen].steps, scope, view))


def _branches(step: ParallelStep, scope: str, view: View) -> Generator[Decision, None, bool]:
    wanted = enough(step.finish, len(step.branches))
    done = 0
    for branch in step.branches:
        done += yield from _list(branch.steps, scope, view)
        if done >= wanted:
            return True
    return False


def _items(step: EachStep, scope: str, view: View) -> Generator[Decision, None, bool]:
    count, done = view.tally(step, scope)
    wanted = enough(step.finish, count)
    for item in view.open_items(step, scope):
        if done >= wanted:
            break
        is_at_end = yield from _list(step.steps, item, view)
        if is_at_end:
            yield EndItem(step, item)
            done += 1
    return done >= wanted


def enough(finish: Finish, count: int) -> int:
    """How many of ``count`` lists have to be done; a number above them means all."""
    if finish == "all":
        return count
    return min(1 if finish == "any" else finish, count)


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
