"""The walk by itself: whatever the tree and the history, it goes on, never twice, to an end."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.definition import scopes, ways
from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    Branch,
    ChooseStep,
    Definition,
    EachStep,
    Owner,
    ParallelStep,
    ReturnTo,
    SetStep,
    Step,
    TaskStep,
)
from portal.engine.decide import (
    Begin,
    Close,
    End,
    EndItem,
    Standing,
    Verdict,
    after,
    enough,
    needed,
    verdict,
    walk,
)

MOST_RETURNS = 4
MOST_TURNS = 3_000


def todo(id_: str) -> TaskStep:
    """A step that somebody does."""
    return TaskStep(id=id_, name=Text(id_), assign=("buyer",))


def approval(id_: str, **more: object) -> ApprovalStep:
    """A step that somebody decides."""
    fixed: dict[str, object] = {"id": id_, "name": Text(id_), "assign": ("a",)}
    return ApprovalStep(**{**fixed, "question": Text("Well?"), **more})  # type: ignore[arg-type]


def definition(steps: tuple[Step, ...]) -> Definition:
    """A definition of these steps and nothing else."""
    return Definition("demo", "Demo", Text("Demo"), Owner("a@b.example"), {}, (), steps, "", "")


@st.composite
def trees(draw: st.DrawFn) -> Definition:
    """Trees of steps of every kind, whose approvals lead back to any step that they may name."""
    numbers = count()

    def steps(depth: int, earlier: list[ReturnTo]) -> tuple[Step, ...]:
        found: list[Step] = []
        for _ in range(draw(st.integers(0 if depth else 1, 4))):
            found.append(step(f"s{next(numbers)}", depth, [*earlier, *_ways(found)]))
        return tuple(found)

    def step(id_: str, depth: int, earlier: list[ReturnTo]) -> Step:
        kinds = ["task", "set", "approval", *(["parallel", "choose", "each"] * (depth < 3))]
        kind = draw(st.sampled_from(kinds))
        if kind == "approval":
            back = draw(st.sampled_from([None, *earlier]))
            rejected = draw(st.sampled_from(["end", "continue", *earlier]))
            return approval(id_, on_changes=back, on_reject=rejected)
        if kind in ("task", "set"):
            fixed = {"id": id_, "name": Text(id_)}
            return todo(id_) if kind == "task" else SetStep(**fixed, assignments=())  # type: ignore[arg-type]
        lists = 1 if kind == "each" else draw(st.integers(1, 3))
        branches = tuple(Branch(steps(depth + 1, earlier)) for _ in range(lists))
        return block(kind, id_, branches)

    def block(kind: str, id_: str, branches: tuple[Branch, ...]) -> BlockStep:
        finish = draw(st.sampled_from(["all", "any", 1, 2]))
        fixed = {"id": id_, "name": Text(id_), "branches": branches}
        if kind == "parallel":
            most = len(branches)
            finish = min(finish, most) if isinstance(finish, int) else finish
            return ParallelStep(**fixed, finish=finish)  # type: ignore[arg-type]
        if kind == "choose":
            return ChooseStep(**fixed)  # type: ignore[arg-type]
        return EachStep(**fixed, items=None, item="one", finish=finish)  # type: ignore[arg-type]

    return definition(steps(0, []))


def _ways(steps: list[Step]) -> list[ReturnTo]:
    return [ReturnTo(step.id) for step in steps]


Place = tuple[str, str]


@dataclass
class World:
    """A process on paper: how its steps stand in each scope, and how often each was begun."""

    tree: Definition
    data: st.DataObject
    stands: dict[Place, Standing] = field(default_factory=dict)
    counts: dict[Place, int] = field(default_factory=dict)
    chose: dict[Place, int | None] = field(default_factory=dict)
    begun: Counter[Place] = field(default_factory=Counter)
    closed: Counter[Place] = field(default_factory=Counter)
    returns: int = 0
    is_over: bool = False

    def standing(self, step: str, scope: str) -> Standing | None:
        return self.stands.get((step, scope))

    def chosen(self, step: ChooseStep, scope: str) -> int | None:
        return self.chose[step.id, scope]

    def open_items(self, step: EachStep, scope: str) -> list[str]:
        items = [scopes.item(scope, step.id, n) for n in range(self.counts[step.id, scope])]
        return [one for one in items if self.stands[step.id, one] == "open"]

    def tally(self, step: EachStep, scope: str) -> tuple[int, int]:
        many = self.counts[step.id, scope]
        return many, many - len(self.open_items(step, scope))

    def advance(self) -> None:
        """Carry out all that the walk decides."""
        for decision in walk(self.tree.steps, self):
            assert not self.is_over
            match decision:
                case Begin(step, scope):
                    self.begin(step, scope)
                case EndItem(step, scope):
                    assert self.stands[step.id, scope] == "open"
                    self.stands[step.id, scope] = "done"
                case Close(step, scope):
                    self.close(step, scope)
                case End(_):
                    assert not self.open_steps()
                    self.is_over = True

    def begin(self, step: Step, scope: str) -> None:
        place = (step.id, scope)
        assert place not in self.stands, "begun while it stands"
        for one in self.tree.enclosing_list(step.id):
            if one is step:
                break
            assert self.stands[one.id, scope] in ("done", "skipped")
        self.begun[place] += 1
        assert self.begun[place] <= self.returns + 1
        if self.data.draw(st.integers(0, 9)) == 0:
            self.stands[place] = "skipped"
            return
        self.stands[place] = "done" if isinstance(step, SetStep) else "open"
        if isinstance(step, ChooseStep):
            self.chose[place] = self.data.draw(st.sampled_from([None, *range(len(step.branches))]))
        if isinstance(step, EachStep):
            self.counts[place] = self.data.draw(st.integers(0, 3))
            for n in range(self.counts[place]):
                self.stands[step.id, scopes.item(scope, step.id, n)] = "open"

    def close(self, step: BlockStep, scope: str) -> None:
        """A block is finished once; what is open inside it is withdrawn."""
        place = (step.id, scope)
        assert self.stands[place] == "open"
        self.closed[place] += 1
        assert self.closed[place] <= self.begun[place]
        if isinstance(step, EachStep):
            many, done = self.tally(step, scope)
            assert done >= enough(step.finish, many)
        inside = {one.id for branch in step.branches for one in _all(branch.steps)} | {step.id}
        for id_, within in list(self.stands):
            is_inside = id_ in inside and scopes.is_within(within, scope) and (id_, within) != place
            if is_inside and self.stands[id_, within] == "open":
                self.stands[id_, within] = "done"  # withdrawn: nobody asks it again
        self.stands[place] = "done"

    def open_steps(self) -> list[Place]:
        """What somebody has to act on."""
        return [
            place
            for place, stands in self.stands.items()
            if stands == "open" and not isinstance(self.tree.step(place[0]), BlockStep)
        ]

    def finish(self, place: Place) -> None:
        """Do an open step in some way."""
        step = self.tree.step(place[0])
        self.stands[place] = "done"
        if not isinstance(step, ApprovalStep):
            return
        offered: list[Verdict] = ["approved"]
        if self.returns < MOST_RETURNS:
            offered += ["rejected", *(["changes_requested"] if step.on_changes else [])]  # type: ignore[list-item]
        way = after(step, self.data.draw(st.sampled_from(offered)))
        if isinstance(way, ReturnTo):
            self.send_back(way.step, place)
        self.is_over = isinstance(way, End)

    def send_back(self, to: str, place: Place) -> None:
        """Everything from ``to`` up to the asking step, or the block it is in, runs again."""
        around = scopes.outer(place[1], len(self.tree.eaches_around(to)))
        again = {step.id for step in ways.region(self.tree, to, place[0])}
        for id_, scope in list(self.stands):
            if id_ in again and scopes.is_within(scope, around):
                del self.stands[id_, scope]
        self.returns += 1


def _all(steps: tuple[Step, ...]) -> list[Step]:
    return list(definition(steps).all_steps()) if steps else []


@settings(max_examples=300, deadline=None)
@given(trees(), st.data())
def test_every_tree_comes_to_its_end_and_begins_no_step_twice_in_a_round(
    tree: Definition, data: st.DataObject
) -> None:
    world = World(tree, data)
    for _ in range(MOST_TURNS):
        if not world.is_over:
            world.advance()
        if world.is_over:
            return
        waiting = world.open_steps()
        assert waiting, "nobody can act, and it has not ended"
        world.finish(data.draw(st.sampled_from(waiting)))
    pytest.fail("the walk did not end")


def test_an_empty_list_is_at_its_end() -> None:
    assert list(walk([], World(definition(()), None))) == [End("completed")]  # type: ignore[arg-type]


@given(st.sampled_from(["all", "any", 1, 2, 9]), st.integers(0, 6))
def test_enough_is_never_more_than_there_are(finish: str | int, count: int) -> None:
    wanted = enough(finish, count)  # type: ignore[arg-type]
    assert 0 <= wanted <= count
    assert (wanted == count) or finish != "all"


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
