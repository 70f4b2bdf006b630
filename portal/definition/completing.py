"""What may be written at a place of a definition's text: keys, their values, roles and steps.

The text is one that somebody is in the middle of writing, so it need be neither whole nor sound.
Where a place lies is told by indentation, and within a line by its brackets; what may stand there
by the JSON Schema (`schema.py`), which is made of the tables that `check` reads.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.definition.schema import Schema, schema

ITEM = "[]"
"""What stands in a path for an item of a list."""
MOST = 40
_LINE = re.compile(r"(?P<indent> *)(?P<dashes>(?:- +)*-?)(?P<rest>.*)")
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w-]*)\s*:(?:\s|$)")
_BLOCK_TEXT = re.compile(r":\s*[|>][+-]?\d*\s*(?:#.*)?$")
_ROLES = re.compile(r"^roles:[ \t]*\n((?:[ \t]+.*\n?|[ \t]*\n)+)", re.MULTILINE)
_ROLE = re.compile(r"^([ \t]+)([a-z]\w*)[ \t]*:", re.MULTILINE)
_STEP = re.compile(r"^[ \t]*-[ \t]+(?:\{[ \t]*)?id:[ \t]*([a-z]\w*)", re.MULTILINE)
_TO_ROLES = {"assign", "to"}
_TO_STEPS = {"return_to", "show", "separate_from"}
_DURATIONS = ("4 hours", "1 day", "3 days", "2 business days", "5 business days", "2 weeks")
_RUNGS = ("1 day before", "on due", "1 day after", "every 2 days after")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may stand there: what is written, and what it means."""

    label: str
    insert: str
    detail: str = ""


@dataclass(slots=True)
class Spot:
    """Where a place lies: the keys around it, those beside it with their values, what is begun.

    ``key`` is the key whose value is written there; empty where a key is. In a text of several
    lines nothing is completed: ``is_free``.
    """

    path: list[str]
    beside: dict[str, str] = field(default_factory=dict)
    key: str = ""
    begun: str = ""
    is_free: bool = False


def complete(text: str, line: int, column: int) -> list[Suggestion]:
    """What may be written at a line and column, both counted from 0; nothing where it is text."""
    lines = text.split("\n")
    if not 0 <= line < len(lines) or not 0 <= column <= len(lines[line]):
        return []
    spot = spot_of(lines, line, column)
    if spot.is_free:
        return []
    found = _values(text, spot) if spot.key else [*_keys(spot), *_items(text, spot)]
    begun = spot.begun.lower()
    fitting = [one for one in found if one.label.lower().startswith(begun)]
    exact = len(fitting) == 1 and fitting[0].label == spot.begun
    return [] if exact else fitting[:MOST]


def spot_of(lines: Sequence[str], line: int, column: int) -> Spot:
    """Where a place lies."""
    whole = _LINE.fullmatch(lines[line])
    assert whole is not None
    before = lines[line][:column]
    if _is_comment(before):
        return Spot([], is_free=True)
    start = len(whole["indent"]) + len(whole["dashes"])
    is_blank = not lines[line].strip()
    indent = column if is_blank or column < start else start
    spot = _around(lines, line, indent, has_dash="-" in whole["dashes"])
    if spot.is_free:
        return spot
    _within(before[start:] if column >= start else "", spot)
    return spot


def _around(lines: Sequence[str], line: int, indent: int, *, has_dash: bool) -> Spot:
    """The path down to the mapping in which a line stands, and the keys beside it."""
    beside = {} if has_dash else dict(_below(lines, line, indent))
    climb = _Climb(_indent(lines[line]) if has_dash else indent, beside, is_in_item=has_dash)
    for text in reversed(lines[:line]):
        if text.strip() and not _is_comment(text):
            climb.take(text)
        if climb.is_free:
            break
    return Spot(climb.path[::-1], climb.beside, is_free=climb.is_free)


class _Climb:
    """The way up from a line: what is less indented is around it."""

    def __init__(self, limit: int, beside: dict[str, str], *, is_in_item: bool) -> None:
        self.path: list[str] = [ITEM] if is_in_item else []
        self.beside = beside
        self.is_free = False
        self._limit = limit
        self._is_in_item = is_in_item

    def take(self, text: str) -> None:
        """The next line above."""
        found = _LINE.fullmatch(text)
        assert found is not None
        dash, inner = len(found["indent"]), len(found["indent"]) + len(found["dashes"])
        key = _KEY.match(found["rest"])
        value = found["rest"][key.end() :].strip() if key else ""
        if found["dashes"]:
            if dash < self._limit:
                self._item(dash, inner, key and key["key"], value, text)
        elif key and (inner < self._limit or (self._is_in_item and inner == self._limit)):
            self._enter(key["key"], text)
            self._limit, self._is_in_item = inner, False
        elif key and inner == self._limit and not self.path:
            self.beside.setdefault(key["key"], value)

    def _item(self, dash: int, inner: int, key: str | None, value: str, text: str) -> None:
        if key and inner < self._limit:
            self._enter(key, text)
        elif key and not self.path:
            self.beside.setdefault(key, value)
        self.path.append(ITEM)
        self._limit, self._is_in_item = dash, True

    def _enter(self, key: str, text: str) -> None:
        self.is_free = self.is_free or _BLOCK_TEXT.search(text) is not None
        self.path.append(key)


def _below(lines: Sequence[str], line: int, indent: int) -> Iterator[tuple[str, str]]:
    """The keys of the same mapping that stand below."""
    for text in lines[line + 1 :]:
        if not text.strip():
            continue
        found = _LINE.fullmatch(text)
        if found is None or len(found["indent"]) < indent or found["dashes"]:
            return
        key = _KEY.match(found["rest"])
        if key and len(found["indent"]) == indent:
            yield key["key"], found["rest"][key.end() :].strip()


def _within(written: str, spot: Spot) -> None:
    """Go on through what is written of the line itself: its key, and its brackets."""
    walk = _Walk(spot)
    for sign in f"{written}\0":
        walk.take(sign)
    spot.begun = walk.token.lstrip()
    if spot.key == ITEM:
        spot.path.pop()
    spot.is_free = spot.begun.startswith(("|", ">", "#", "&", "*"))


class _Walk:
    """The way through a line, sign by sign: into brackets and out of them again."""

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.token = ""
        self._quote = ""
        self._stack: list[tuple[str, int, dict[str, str], str]] = []

    def take(self, sign: str) -> None:
        """The next sign; NUL is the end."""
        if self._quote:
            self._quote = "" if sign == self._quote else self._quote
            self.token += sign.strip("\0")
        elif sign in "\"'" and not self.token.strip():
            self._quote, self.token = sign, self.token + sign
        elif sign in "{[":
            self._open(sign)
        elif sign in "}]" and self._stack:
            _bracket, length, self.spot.beside, self.spot.key = self._stack.pop()
            del self.spot.path[length:]
            self.token = ""
        elif sign == "," and self._stack:
            self._next()
        elif sign in " \0" and self.token.endswith(":") and self.spot.key in ("", ITEM):
            self.spot.key, self.token = self.token[:-1].strip(), ""
        else:
            self.token += sign.strip("\0")

    def _open(self, bracket: str) -> None:
        spot = self.spot
        self._stack.append((bracket, len(spot.path), spot.beside, spot.key))
        spot.path += [spot.key] if spot.key not in ("", ITEM) else []
        spot.path += [ITEM] if bracket == "[" else []
        spot.beside, spot.key = {}, ITEM if bracket == "[" else ""
        self.token = ""

    def _next(self) -> None:
        spot = self.spot
        if spot.key not in ("", ITEM):
            spot.beside[spot.key] = self.token.strip().strip("\"'")
        spot.key, self.token = ITEM if self._stack[-1][0] == "[" else "", ""


def _keys(spot: Spot) -> list[Suggestion]:
    """The keys that are not there yet, those that are needed first."""
    records = _narrowed(_at(spot.path), spot.beside)
    needed = {key for one in records for key in one.get("required", ())}
    always = needed.intersection(*(one.get("required", ()) for one in records))
    found: dict[str, Suggestion] = {}
    for one in records:
        for key, told in one.get("properties", {}).items():
            if key not in spot.beside and key not in found:
                found[key] = Suggestion(key, f"{key}: ", told.get("description", ""))
    return sorted(found.values(), key=lambda one: one.label not in always)


def _narrowed(found: Iterable[Schema], beside: Mapping[str, str]) -> list[Schema]:
    """The records that have the keys that are there, with the values that are."""
    records = [one for one in found if "properties" in one]
    fitting = [one for one in records if all(_fits(one, *pair) for pair in beside.items())]
    return fitting or records


def _fits(record: Schema, key: str, value: str) -> bool:
    told = record["properties"].get(key)
    if told is None:
        return False
    return "const" not in told or not value or str(told["const"]) == value.strip("\"' ")


def _values(text: str, spot: Spot) -> list[Suggestion]:
    """What the value of a key may be, as far as there are words for it."""
    last = next((key for key in (spot.key, *reversed(spot.path)) if key != ITEM), "")
    named = _named(text, last)
    if spot.key == ITEM:
        options = _at([*spot.path, ITEM])
    else:
        records = _narrowed(_at(spot.path), spot.beside)
        options = [found for one in records for found in _step(one, spot.key)]
    words = [*named, *(word for one in options for word in _words(one))]
    return [Suggestion(word, word) for word in dict.fromkeys(words)]


def _items(text: str, spot: Spot) -> list[Suggestion]:
    """What an item of a list may be that stands on a line of its own."""
    if spot.path[-1:] != [ITEM]:
        return []
    return _values(text, Spot(spot.path[:-1], key=ITEM))


def _named(text: str, key: str) -> list[str]:
    """The roles or steps that the text itself names."""
    if key in _TO_ROLES:
        return roles(text)
    if key in _TO_STEPS:
        steps = list(dict.fromkeys(_STEP.findall(text)))
        return ["starter", *steps] if key == "separate_from" else steps
    return []


def roles(text: str) -> list[str]:
    """The ids of the roles of a text, as far as it can be read."""
    block = _ROLES.search(f"{text}\n")
    found = _ROLE.findall(block[1]) if block else []
    least = min((len(indent) for indent, _ in found), default=0)
    return [name for indent, name in found if len(indent) == least]


def _words(one: Schema) -> list[str]:
    if "enum" in one:
        return [_spelled(word) for word in one["enum"]]
    if "const" in one:
        return [_spelled(one["const"])]
    if one.get("type") == "boolean":
        return ["true", "false"]
    if one == _defs()["duration"]:
        return list(_DURATIONS)
    if "before|after" in str(one.get("pattern", "")):
        return list(_RUNGS)
    return []


def _spelled(word: object) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)


@functools.cache
def _whole() -> Schema:
    return schema()


def _defs() -> dict[str, Schema]:
    found: dict[str, Schema] = _whole()["$defs"]
    return found


def _at(path: Sequence[str]) -> list[Schema]:
    """The schemas of what stands at a path, each without references."""
    found = list(_plain(_whole()))
    for key in path:
        found = [inner for one in found for inner in _step(one, key)]
    return found


def _step(one: Schema, key: str) -> Iterator[Schema]:
    inner: Any = one.get("items") if key == ITEM else one.get("properties", {}).get(key)
    if inner is None and key != ITEM and isinstance(one.get("additionalProperties"), dict):
        inner = one["additionalProperties"]
    if inner is not None:
        yield from _plain(inner)


def _plain(one: Schema) -> Iterator[Schema]:
    """A schema's alternatives, with what they refer to in their place."""
    if "$ref" in one:
        yield from _plain(_defs()[one["$ref"].rpartition("/")[2]])
        return
    choices = [*one.get("anyOf", ()), *one.get("oneOf", ())]
    if "properties" in one or "items" in one or not choices:
        yield one
        return
    for choice in choices:
        yield from _plain(choice)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_comment(text: str) -> bool:
    return text.lstrip().startswith("#")
