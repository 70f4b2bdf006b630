"""Check 12: the pages of a trail print the events that it carries, and no other outcome.

The seal already says that nobody changed the pages; this says that they never told anything else
than the ledger beneath them. Compared are the facts that stand in the ledger word for word; the
sentences around them name steps and fields, which only the definition knows, and are told in one
language of several. So the outcome is compared by `state=…`, which is the same in each: the words
of a translation may be bettered one day, and a trail of before must be true then, too. A trail in
English has the sentence as well, since those from before the other languages have it alone.

What people wrote may look like the row of an event, or be a copy of one. The rows of the ledger are
therefore looked for from the last back: no text of an event can hold the hash of that event or of
a later one, so before the row of one event the last place that reads like the row of the event
before it is that row. Whatever else reads like one within the list is a fault, unless it was
written in that event or before it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from portal.ledger import chain
from portal.ledger.findings import ALTERED, Report

_ROW = re.compile(r"#([0-9]{1,9})\s+([0-9a-f]{16})(?![0-9a-f])")
# On a page from right to left the number of one line may stand before the digits of the next.
_DIGITS = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")
_TYPE = re.compile(r"\s*[a-z]+\.[a-z]")  # what comes after the hash in each row that is one
_Key = tuple[Any, str]  # an event's number and the first digits of its hash
_STATES = {
    "process.completed": "completed",
    "process.cancelled": "cancelled",
    "process.rejected": "rejected",
}
_IN_ENGLISH = {
    "completed": "Completed on",
    "cancelled": "Cancelled on",
    "rejected": "Ended by a rejection on",
    "running": "Still running when this trail was made.",
}
_STATE = re.compile(r"state=(completed|cancelled|rejected|running)")
# What keeps the parts of a line in their own direction and has no sign of its own.
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u2066\u2067\u2068\u2069")
_LONGEST_WORD = 40  # a longer one may be broken over two pages


def compare(report: Report, lines: Iterable[bytes], text: str, spoken: str = "en") -> None:
    """Find where the text of the pages, in that language, and the embedded ledger differ."""
    report.done.add(12)
    text, embedded = text.translate(_DIRECTIONS), dict(_events(lines))
    written = [list(_written(event)) for event in embedded.values()]
    cover, printed, others = _taken_apart(text, list(embedded), written)
    for number, start in sorted(embedded.keys() - printed.keys(), key=str):
        report.find(12, ALTERED, f"event {number} ({start}…) is embedded but not printed")
    for number, start in sorted(others):
        how = "twice" if (number, start) in embedded else "but not embedded"
        report.find(12, ALTERED, f"event {number} ({start}…) is printed {how}")
    for key in sorted(printed.keys(), key=str):
        for fact in _facts(embedded[key]):
            if _plain(fact) not in printed[key]:
                report.find(12, ALTERED, f"event {key[0]} is printed without its “{fact}”")
    everything = [word for words in written for word in words]
    outcome = _outcome(cover, embedded.values(), spoken, everything)
    for fact in (*outcome, report.log, report.head):
        if _plain(fact) not in cover:
            report.find(12, ALTERED, f"the cover does not say “{fact}”")


def _taken_apart(
    text: str, embedded: list[_Key], written: list[list[str]]
) -> tuple[str, dict[_Key, str], set[_Key]]:
    """What stands before the list, what is printed of each event, and rows that are none of them.

    ``embedded`` are the events in their order, ``written`` all that people wrote in each.
    """
    places: dict[_Key, list[re.Match[str]]] = {}
    for match in _ROW.finditer(text):
        places.setdefault(_key(match), []).append(match)
    printed: dict[_Key, str] = {}
    starts: list[tuple[int, int]] = []  # of each row in the list, the last first, with its index
    end = len(text)
    for index, key in reversed(list(enumerate(embedded))):
        row = next((one for one in reversed(places.get(key, [])) if one.end() <= end), None)
        if row is not None:
            printed[key] = _plain(text[row.end() : end])
            end = row.start()
            starts.append((end, index))
    first: dict[str, int] = {}  # the first event in which somebody wrote such digits
    for index, words in enumerate(written):
        for word in words:
            for digits in _DIGITS.findall(word):
                first.setdefault(digits, index)
    known, starts = frozenset(embedded), starts[::-1]
    others = {
        key
        for key, matches in places.items()
        for one in matches
        if key in known or _TYPE.match(text, one.end())
        if _is_strange(one.start(), starts, first.get(key[1], len(embedded)))
    }
    return _plain(text[:end] if starts else text), printed, others


def _is_strange(place: int, starts: list[tuple[int, int]], written: int) -> bool:
    """Whether a row in the list is neither that of its event nor written in or before it."""
    at = bisect_right(starts, (place, len(starts) + written)) - 1
    return at >= 0 and starts[at][0] != place and starts[at][1] < written


def _key(row: re.Match[str]) -> _Key:
    return int(row[1]), row[2]


def _events(lines: Iterable[bytes]) -> Iterator[tuple[_Key, dict[str, Any]]]:
    """Every event that can be read, with its disclosed values, by number and hash."""
    for line in lines:
        try:
            item: Any = chain.parse(line.decode())
            body: Any = chain.parse(item["body"])
            values = {name: shown["value"] for name, shown in item["disclosed"].items()}
            event = {"type": body["type"], "at": body["at"], "actor": body["actor"], **values}
            yield (item["seq"], str(item["hash"])[:16]), event
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # a checkpoint, or told by check 1 already


def _written(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value.translate(_DIRECTIONS)
    elif isinstance(value, dict):
        for name, held in value.items():
            yield str(name)
            yield from _written(held)
    elif isinstance(value, (list, tuple)):
        for held in value:
            yield from _written(held)


def _facts(event: dict[str, Any]) -> Iterator[str]:
    day, _, time = str(event["at"]).rstrip("Z").partition("T")
    yield from (str(event["type"]), day, time)
    for name in ("actor.name", "actor.ip"):
        yield from (word for word in str(event.get(name) or "").split() if _is_sure(word))


def _is_sure(word: str) -> bool:
    """Whether it can be read back from a page for certain: no shaping, no break within."""
    return word.isascii() and len(word) <= _LONGEST_WORD


def _outcome(
    cover: str, events: Iterable[dict[str, Any]], spoken: str, written: list[str]
) -> Iterator[str]:
    """What the cover has to say of how the process ended."""
    ends = [event["type"] for event in events if event["type"] in _STATES]
    state = _STATES[ends[-1]] if ends else "running"
    if spoken == "en":
        yield _IN_ENGLISH[state]
    copied = {found for word in written for found in _STATE.findall(_plain(word))}
    if spoken != "en" or set(_STATE.findall(cover)) - copied:
        yield f"state={state}"


def _plain(text: str) -> str:
    """The text without spaces and line ends, which a page sets as it likes."""
    return "".join(text.split())
