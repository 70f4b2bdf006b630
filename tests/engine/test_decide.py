"""The walk by itself: whatever the tree and the history, it goes on, never twice, to an end."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.definition.expressions import ExpressionFailed
from portal.definition.text import Text
from portal.definition.tree import ApprovalStep, ReturnTo, SetStep, Step, TaskStep
from portal.engine.decide import (
    End,
    Open,
    Skip,
    Standing,
    Stuck,
    Verdict,
    after,
    decide,
    needed,
    verdict,
)

MOST_RETURNS = 4


def todo(id_: str) -> TaskStep:
    """A step that somebody does."""
    return TaskStep(id=id_, name=Text(id_), assign=("buyer",))


def approval(id_: str, **more: object) -> ApprovalStep:
    """A step that somebody decides."""
    fixed: dict[str, object] = {"id": id_, "name": Text(id_), "assign": ("a",)}
    return ApprovalStep(**{**fixed, "question": Text("Well?"), **more})  # type: ignore[arg-type]


@st.composite
def trees(draw: st.DrawFn) -> list[Step]:
    """Lists of steps of every kind, whose approvals lead back to any earlier step."""
    steps: list[Step] = []
    for n in range(draw(st.integers(1, 8))):
        id_, earlier = f"s{n}", [ReturnTo(step.id) for step in steps]
        kind = draw(st.sampled_from(["task", "set", "approval"]))
        if kind == "approval":
            back = draw(st.sampled_from([None, *earlier]))
            rejected = draw(st.sampled_from(["end", "continue", *earlier]))
            steps.append(approval(id_, on_changes=back, on_reject=rejected))
        elif kind == "set":
            steps.append(SetStep(id=id_, name=Text(id_), assignments=()))
        else:
            steps.append(todo(id_))
    return steps


@dataclass
class World:
    """A process on paper: how its steps stand, and how often each was opened."""

    steps: list[Step]
    standing: dict[str, Standing] = field(default_factory=dict)
    rounds: Counter[str] = field(default_factory=Counter)
    returns: int = 0

    def send_back(self, to: str, from_: str) -> None:
        """Everything from ``to`` up to ``from_`` runs again."""
        ids = [step.id for step in self.steps]
        for id_ in ids[ids.index(to) : ids.index(from_) + 1]:
            self.standing.pop(id_, None)
        self.returns += 1


@given(trees(), st.data())
def test_every_walk_ends_and_opens_no_step_twice_in_a_round(
    steps: list[Step], data: st.DataObject
) -> None:
    world = World(steps)
    for _ in range(2 * len(steps) * (MOST_RETURNS + 1) + 1):  # a turn to open, a turn to do
        decision = decide(steps, world.standing, lambda _: data.draw(st.booleans()))
        if decision is None:
            [step] = [one for one in steps if world.standing.get(one.id) == "open"]
            if _finish(world, step, data):
                return
        elif isinstance(decision, End):
            assert all(world.standing.get(step.id) in ("done", "skipped") for step in steps)
            return
        else:
            assert not isinstance(decision, Stuck)
            assert decision.step.id not in world.standing
            before = steps[: steps.index(decision.step)]
            assert all(world.standing[step.id] in ("done", "skipped") for step in before)
            is_system = isinstance(decision.step, SetStep)
            opened: Standing = "done" if is_system else "open"
            world.standing[decision.step.id] = "skipped" if isinstance(decision, Skip) else opened
            world.rounds[decision.step.id] += 1
            assert world.rounds[decision.step.id] <= world.returns + 1
    pytest.fail("the walk did not end")


def _finish(world: World, step: Step, data: st.DataObject) -> bool:
    """Do the open step in some way; whether that ended the process."""
    world.standing[step.id] = "done"
    if not isinstance(step, ApprovalStep):
        return False
    offered: list[Verdict] = ["approved"]
    if world.returns < MOST_RETURNS:
        offered += ["rejected", *(["changes_requested"] if step.on_changes else [])]  # type: ignore[list-item]
    way = after(step, data.draw(st.sampled_from(offered)))
    if isinstance(way, ReturnTo):
        world.send_back(way.step, step.id)
    return isinstance(way, End)


class _Condition:
    """Stands for an expression; only its presence matters here."""


def test_a_condition_decides_between_opening_and_skipping() -> None:
    conditional = TaskStep(id="a", name=Text("a"), assign=("b",), when=_Condition())  # type: ignore[arg-type]
    assert decide([conditional], {}, lambda _: True) == Open(conditional)
    assert decide([conditional], {}, lambda _: False) == Skip(conditional)

    def fails(_: Step) -> bool:
        raise ExpressionFailed("It can't be computed.")

    assert decide([conditional], {}, fails) == Stuck(conditional, "It can't be computed.")


def test_an_empty_list_is_at_its_end() -> None:
    assert decide([], {}, lambda _: True) == End("completed")


@given(
    st.sampled_from(["all", "any", 1, 2, 3]),
    st.integers(1, 5),
    st.lists(st.sampled_from(["approved", "rejected", "changes_requested"]), max_size=5),
)
def test_an_approval_is_decided_once_enough_have_spoken(
    needs: str | int, asked: int, votes: list[str]
) -> None:
    step, votes = approval("a", needs=needs), votes[:asked]
    wanted = needed(step, asked)
    found = verdict(step, asked, votes)
    if "changes_requested" in votes:
        assert found == "changes_requested"
    elif wanted <= asked and len(votes) == asked:
        assert found == ("approved" if votes.count("approved") >= wanted else "rejected")
    if found == "approved":
        assert votes.count("approved") >= wanted
    if needs == "all" and "rejected" in votes:
        assert found in ("rejected", "changes_requested")
