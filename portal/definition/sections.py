"""The parts of a long form: from each field with `section` to the one before the next."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from portal.definition.text import Text
from portal.definition.tree import Field


class Section(NamedTuple):
    """Some fields in order, with their heading; `None` for what stands before the first one."""

    heading: Text | None
    fields: tuple[Field, ...]


def of(fields: Sequence[Field]) -> list[Section]:
    """The parts of a form; one without a heading where nothing is divided."""
    numbered = zip(_numbers(fields), fields, strict=True)
    parts = [tuple(field for _n, field in group) for _n, group in groupby(numbered, _number)]
    return [Section(part[0].section, part) for part in parts]


def _numbers(fields: Sequence[Field]) -> Iterator[int]:
    number = 0
    for field in fields:
        number += field.section is not None
        yield number


def _number(pair: tuple[int, Field]) -> int:
    return pair[0]
