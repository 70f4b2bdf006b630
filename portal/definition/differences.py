"""What is different between two versions of a definition: said of its parts, and line by line."""

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from portal.definition.told_apart import PASSED_OVER, became, plain
from portal.definition.tree import Definition, Step

_CONTEXT = 3
_HEAD = {
    "name": "its name", "title": "the title of its processes", "owner": "its owner",
    "purpose": "its purpose", "runbook": "its runbook", "review_every": "how often it is reviewed",
    "calendar": "its calendar", "link_for": "how long links live",
    "retention": "how long personal data is kept",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different; ``step`` is its id where it is a step's."""

    text: str
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the two texts side by side: ``same``, ``gone``, ``new``, or a ``gap``."""

    kind: str
    before: int | None
    after: int | None
    text: str


def changes(before: Definition, after: Definition) -> list[Change]:
    """The differences in what the two say, head first and then the steps as they run."""
    return [*_head(before, after), *_roles(before, after), *_steps(before, after)]


def lines(before: str, after: str) -> list[Line]:
    """The texts line by line, what is the same only near what is not."""
    old, new = before.splitlines(), after.splitlines()
    found: list[Line] = []
    for group in _Compared(old, new).get_grouped_opcodes(_CONTEXT):
        if found or group[0][1]:
            found.append(Line("gap", None, None, ""))
        for tag, i, i_end, j, j_end in group:
            if tag == "equal":
                pairs = zip(range(i, i_end), range(j, j_end), strict=True)
                found += [Line("same", a + 1, b + 1, old[a]) for a, b in pairs]
                continue
            found += [Line("gone", n + 1, None, old[n]) for n in range(i, i_end)]
            found += [Line("new", None, n + 1, new[n]) for n in range(j, j_end)]
    return found


class _Compared(difflib.SequenceMatcher[str]):
    """Two texts as ``difflib`` groups their differences, which are found otherwise."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__()
        self._told: list[Any] = list(_opcodes(old, new))

    def get_opcodes(self) -> list[Any]:
        """What became of which lines."""
        return self._told


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """What became of which lines, in the words of ``difflib``."""
    a = b = 0
    same = sorted(_same(old, new))
    at = 0
    while at < len(same):
        first, at = same[at], at + 1
        if (a, b) != first:
            yield ("replace", a, first[0], b, first[1])
        a, b = first[0] + 1, first[1] + 1
        while at < len(same) and same[at] == (a, b):
            a, b, at = a + 1, b + 1, at + 1
        yield ("equal", first[0], a, first[1], b)
    if (a, b) != (len(old), len(new)):
        yield ("replace", a, len(old), b, len(new))


def _same(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Which lines are the same, in pairs, by what stands once in both (a "patience" diff).

    ``difflib`` alone takes half a minute for two texts of 2,000 lines that are much alike.
    """
    work = _PATIENCE * (len(old) + len(new))
    left = [(0, len(old), 0, len(new))]
    while left:
        a, a_end, b, b_end = left.pop()
        while a < a_end and b < b_end and old[a] == new[b]:
            yield (a, b)
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            yield (a_end, b_end)
        work -= a_end - a + b_end - b
        if (a_end - a) * (b_end - b) <= _SMALL:
            matcher = difflib.SequenceMatcher(None, old[a:a_end], new[b:b_end], autojunk=False)
            for block in matcher.get_matching_blocks():
                yield from ((a + block.a + n, b + block.b + n) for n in range(block.size))
        elif work > 0 and (anchors := _anchors(old, new, (a, a_end), (b, b_end))):
            yield from anchors
            for i, j in (*anchors, (a_end, b_end)):
                left.append((a, i, b, j))
                a, b = i + 1, j + 1


def _anchors(
    old: Sequence[str], new: Sequence[str], here: tuple[int, int], there: tuple[int, int]
) -> list[tuple[int, int]]:
    """As many as can be of the lines that stand once in both stretches, in the order of both."""
    mine, theirs = Counter(old[slice(*here)]), Counter(new[slice(*there)])
    where = {new[j]: j for j in range(*there) if theirs[new[j]] == 1}
    once = [(i, where[old[i]]) for i in range(*here) if mine[old[i]] == 1 and old[i] in where]
    ends: list[int] = []  # of the best row of each length, where it ends in the new text
    last: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(once):
        length = bisect_left(ends, j)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1], last[length : length + 1] = [j], [n]
    row, n = [], last[-1] if last else -1
    while n >= 0:
        row.append(once[n])
        n = before[n]
    return row[::-1]


_SMALL = 10_000  # pairs of lines that are compared one with the other
_PATIENCE = 50  # times that a line is looked at before the rest is told as other lines


def _head(before: Definition, after: Definition) -> Iterator[Change]:
    for name, called in _HEAD.items():
        old, new = getattr(before, name), getattr(after, name)
        if plain(old) != plain(new):
            yield Change(f"{became(called[0].upper() + called[1:], old, new)}.")
    yield from _named("input", _labels(before.inputs), _labels(after.inputs))
    same = {one.id: one for one in before.inputs}
    for one in after.inputs:
        if one.id in same and plain(same[one.id]) != plain(one):
            yield Change(f"The input “{one.label}” is asked otherwise.")


def _roles(before: Definition, after: Definition) -> Iterator[Change]:
    old = {one.id: one.name for one in before.roles.values()}
    new = {one.id: one.name for one in after.roles.values()}
    yield from _named("role", old, new)
    for id_, one in after.roles.items():
        if id_ in before.roles and plain(before.roles[id_]) != plain(one):
            yield Change(f"The role “{one.name}” is another one.")


def _named(what: str, old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for id_ in new.keys() - old.keys():
        yield Change(f"The {what} “{new[id_]}” is new.")
    for id_ in old.keys() - new.keys():
        yield Change(f"The {what} “{old[id_]}” is gone.")


def _steps(before: Definition, after: Definition) -> Iterator[Change]:
    old = {step.id: step for step in before.all_steps()}
    new = {step.id: step for step in after.all_steps()}
    moved = _moved([id_ for id_ in old if id_ in new], [id_ for id_ in new if id_ in old])
    for id_, step in new.items():
        if id_ not in old:
            yield Change(f"The step “{step.name}” ({step.kind}) is new.", id_)
        elif changed := _changed(old[id_], step):
            yield Change(f"“{step.name}”: {'; '.join(changed)}.", id_)
        if id_ in moved:
            yield Change(f"“{step.name}” stands at another place.", id_)
    for id_, step in old.items():
        if id_ not in new:
            yield Change(f"The step “{step.name}” ({step.kind}) is gone.", id_)


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Those that are not in the longest run that kept its order."""
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    kept = {old[n] for block in blocks for n in range(block.a, block.a + block.size)}
    return set(old) - kept


def _changed(old: Step, new: Step) -> list[str]:
    """What became of each key whose value differs; the kind alone where it is another one."""
    if old.kind != new.kind:
        return [f"kind changed from {old.kind} to {new.kind}"]
    values = [(one.name, getattr(old, one.name), getattr(new, one.name)) for one in fields(new)]
    return [
        became(name, before, after)
        for name, before, after in values
        if name not in PASSED_OVER and plain(before) != plain(after)
    ]


def _labels(inputs: Any) -> dict[str, str]:
    return {one.id: str(one.label) for one in inputs}
