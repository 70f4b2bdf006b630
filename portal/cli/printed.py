"""Check 12: the pages of a trail print the events that it carries, and no other outcome.

The seal already says that nobody changed the pages; this says that they never told anything else
than the ledger beneath them. Compared are the facts that stand in the ledger word for word; the
sentences around them name steps and fields, which only the definition knows, and are told in one
language of several. So the outcome is compared by `state=…`, which is the same in each: the words
of a translation may be bettered one day, and a trail of before must be true then, too. A trail in
English has the sentence as well, since those from before the other languages have it alone.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from portal.ledger import chain
from portal.ledger.findings import ALTERED, Report

_ROW = re.compile(r"#([0-9]{1,9})\s+([0-9a-f]{16})(?![0-9a-f])")
_Key = tuple[int, str]  # an event's number and how its hash begins
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
    embedded = dict(_events(lines))
    quoted = {key for event in embedded.values() for key in _quoted(event)}
    cover, printed = _taken_apart(text.translate(_DIRECTIONS), quoted)
    for number, start in sorted(embedded.keys() - printed.keys(), key=str):
        report.find(12, ALTERED, f"event {number} ({start}…) is embedded but not printed")
    for number, start in sorted(printed.keys() - embedded.keys() - quoted):
        report.find(12, ALTERED, f"event {number} ({start}…) is printed but not embedded")
    for key in sorted(printed.keys() & embedded.keys()):
        for fact in _facts(embedded[key]):
            if _plain(fact) not in printed[key]:
                report.find(12, ALTERED, f"event {key[0]} is printed without its “{fact}”")
    outcome = _outcome(cover, embedded.values(), spoken)
    for fact in (*outcome, report.log, report.head):
        if _plain(fact) not in cover:
            report.find(12, ALTERED, f"the cover does not say “{fact}”")


def _taken_apart(text: str, quoted: Collection[_Key]) -> tuple[str, dict[_Key, str]]:
    """What stands before the first event, and what is printed of each, by number and hash.

    What follows words of somebody's own that look like the row of an event belongs to whatever
    they stand in as well.
    """
    rows = [(row.start(), row.end(), (int(row[1]), row[2])) for row in _ROW.finditer(text)]
    sure = [*(start for start, _, key in rows if key not in quoted), len(text)]
    printed: dict[_Key, str] = {}
    for start, begins, key in rows:
        end = sure[bisect_right(sure, start)]
        printed[key] = printed.get(key, "") + _plain(text[begins:end])
    return _plain(text[: sure[0]]), printed


def _quoted(value: Any) -> Iterator[_Key]:
    """What looks like the row of an event in somebody's own words; pages print those, too."""
    if isinstance(value, str):
        yield from ((int(row[1]), row[2]) for row in _ROW.finditer(value.translate(_DIRECTIONS)))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _quoted(one)
    elif isinstance(value, list):
        for one in value:
            yield from _quoted(one)


def _events(lines: Iterable[bytes]) -> Iterator[tuple[tuple[Any, str], dict[str, Any]]]:
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


def _facts(event: dict[str, Any]) -> Iterator[str]:
    day, _, time = str(event["at"]).rstrip("Z").partition("T")
    yield from (str(event["type"]), day, time)
    for name in ("actor.name", "actor.ip"):
        yield from (word for word in str(event.get(name) or "").split() if _is_sure(word))


def _is_sure(word: str) -> bool:
    """Whether it can be read back from a page for certain: no shaping, no break within."""
    return word.isascii() and len(word) <= _LONGEST_WORD


def _outcome(cover: str, events: Iterable[dict[str, Any]], spoken: str) -> Iterator[str]:
    """What the cover has to say of how the process ended."""
    ends = [event["type"] for event in events if event["type"] in _STATES]
    state = _STATES[ends[-1]] if ends else "running"
    if spoken == "en":
        yield _IN_ENGLISH[state]
    if spoken != "en" or _STATE.search(cover):
        yield f"state={state}"


def _plain(text: str) -> str:
    """The text without spaces and line ends, which a page sets as it likes."""
    return "".join(text.split())
