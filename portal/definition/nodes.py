"""YAML (and so JSON) to nodes that know their line. Aliases, tags and repeated keys are refused.

Plain words are read as in YAML 1.2: only `true` and `false` are booleans, so `NO` stays Norway.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from portal.definition import unreadable

LARGEST = 1_000_000
DEEPEST = 40
# Nobody reads more of them, and finding them all would take minutes.
MOST_FAULTS = 1000

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.ASCII)
_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
)
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NO_KEY = (
    "has a list, a mapping or an alias where a key stands, expected a word;"
    " a text that begins with {{ has to stand in quotes"
)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of a definition, at a line (from 1) and a key."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class DefinitionFaults(ValueError):
    """A definition that can't be taken; `faults` are all that is wrong with it, by line."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(slots=True)
class Faults:
    """The faults found so far in one file."""

    file: str
    _found: dict[Fault, tuple[int, str] | None] = field(default_factory=dict)
    _meant: set[tuple[int, str]] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, line: int, key: str, message: str) -> None:
        """Note a fault: what is wrong, what was expected. Raises DefinitionFaults at enough."""
        self._note(Fault(self.file, line, key, message), None)

    def add_missing(self, line: int, key: str, message: str, mapping: int) -> None:
        """Note that a key is missing in the mapping that is known by this number."""
        self._note(Fault(self.file, line, key, message), (mapping, key))

    def note_meant(self, mapping: int, key: str) -> None:
        """Note that an unknown key of a mapping seems to be a misspelling of this one."""
        self._meant.add((mapping, key))

    def told(self) -> list[Fault]:
        """All of them by line; a key that was misspelled is not missing as well."""
        return sorted(one for one, place in self._found.items() if place not in self._meant)

    def _note(self, fault: Fault, place: tuple[int, str] | None) -> None:
        self._found.setdefault(fault, place)
        if len(self._found) >= MOST_FAULTS:
            raise DefinitionFaults(self.told())


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its line. `value`: str, bool, Decimal, None, a list of nodes or a dict of Items.

    `is_plain` tells an unquoted word from a quoted text.
    """

    value: Any
    line: int
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One key of a mapping: the line of the key, and its value."""

    line: int
    node: Node


class _Unreadable(Exception):
    """Reading can't go on."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read(text: str, faults: Faults) -> Node | None:
    """The document, or None where it can't be read further; faults are noted."""
    if len(text) > LARGEST:
        faults.add(1, "document", f"is longer than {LARGEST} characters, expected a definition")
        return None
    try:
        return _Reader(_prepared(text), faults).document()
    except _Unreadable as stop:
        faults.add(stop.line, "document", stop.message)
    except yaml.MarkedYAMLError as error:
        line, sentence = unreadable.told(text, error)
        faults.add(line, "document", sentence)
    except (yaml.YAMLError, RecursionError):
        line = _line_of_unshowable(text)
        faults.add(line, "document", "holds characters that YAML does not allow, expected text")
    return None


def canonical(node: Node) -> str:
    """The parsed document as JSON without layout, keys in the order written."""
    value = node.value
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)}:{canonical(item.node)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 100 else str(value)
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f]", lambda sign: f"\\u{ord(sign[0]):04x}", escaped) + '"'


def _prepared(text: str) -> str:
    """JSON may be indented by tabs and write a character as two escapes; YAML takes neither.

    (A text of JSON can't hold a tab itself, so no text is changed.)
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] not in ("{", "["):
        return text
    return _PAIR.sub(_joined, text.replace("\t", " "))


def _joined(match: re.Match[str]) -> str:
    halves = chr(int(match[2], 16)) + chr(int(match[3], 16))
    return match[1] + halves.encode("utf-16", "surrogatepass").decode("utf-16")


def _line_of_unshowable(text: str) -> int:
    found = _UNSHOWABLE.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


class _Reader:
    """Turns the events of a YAML stream into nodes."""

    def __init__(self, text: str, faults: Faults) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self.faults = faults

    def document(self) -> Node | None:
        next(self.events)  # the stream's own start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _Unreadable(1, "is empty, expected key, name, owner and steps")
        node = self.node(next(self.events), 0)
        next(self.events)
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _Unreadable(_line(event), "holds a second document, expected one a file")
        return node

    def node(self, event: Any, depth: int) -> Node:
        line = _line(event)
        if depth > DEEPEST:
            sentence = f"is the {DEEPEST + 1}st list or mapping in another, expected {DEEPEST}"
            raise _Unreadable(line, f"{sentence} at the most: run another process from here")
        if isinstance(event, yaml.AliasEvent):
            raise _Unreadable(line, f"uses the alias *{event.anchor}, expected the value itself")
        if event.tag is not None:
            self.faults.add(line, "document", f"uses the tag {event.tag}, expected no tags")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self.sequence(depth), line)
        return Node(self.mapping(depth), line)

    def sequence(self, depth: int) -> list[Node]:
        nodes = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            nodes.append(self.node(event, depth + 1))
        return nodes

    def mapping(self, depth: int) -> dict[str, Item]:
        items: dict[str, Item] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.node(event, depth + 1)
                raise _Unreadable(line, _NO_KEY)
            key = self.scalar(event, line, is_key=True).value
            item = Item(line, self.node(next(self.events), depth + 1))
            if key in items:
                first = items[key].line
                self.faults.add(
                    line, key, f"is given twice (first on line {first}), expected it once"
                )
            else:
                items[key] = item
        return items

    def scalar(self, event: Any, line: int, *, is_key: bool = False) -> Node:
        text: str = event.value
        if _UNSHOWABLE.search(text):
            raise _Unreadable(line, "holds characters that can't be shown, expected text")
        is_plain = event.implicit[0] and not event.style
        if not is_plain or is_key:
            return Node(text, line)
        if text in _WORDS:
            return Node(_WORDS[text], line, is_plain=True)
        if text in ("", "~", "null", "Null", "NULL"):
            return Node(None, line, is_plain=True)
        if _NUMBER.fullmatch(text):
            return Node(Decimal(text), line, is_plain=True)
        return Node(text, line, is_plain=True)


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line
