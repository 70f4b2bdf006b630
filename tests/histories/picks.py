"""Who decides how a story goes on: always for the plainest, hypothesis, or dice."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Plain:
    """Decides for the plainest, always."""

    def one_of(self, choices: Sequence[T]) -> T:
        """One of these; the first is the plainest."""
        return choices[self.number(0, len(choices) - 1)]

    def number(self, least: int, most: int) -> int:
        """A number from ``least`` to ``most``; the least is the plainest."""
        return least

    def once_in(self, many: int) -> bool:
        """True about once in so many times; False is the plainest."""
        return self.number(0, many - 1) == many - 1 and many > 1


class Drawn(Plain):
    """Decided by hypothesis, which looks for the shortest story that fails."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def number(self, least: int, most: int) -> int:
        """A number as it is drawn."""
        return self._data.draw(st.integers(least, most))


class Rolled(Plain):
    """Decided by dice: each story is as long and as wild as it may be."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def number(self, least: int, most: int) -> int:
        """A number as it falls."""
        return self._random.randint(least, most)
