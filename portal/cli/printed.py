"""Check 12: the pages of a trail print the events that it carries, and no other outcome.

The seal already says that nobody changed the pages; this says that they never told anything else
than the ledger beneath them. Compared are the facts that stand in the ledger word for word; the
sentences around them name steps and fields, which only the definition knows.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from portal.ledger import chain
from portal.ledger.findings import ALTERED, Report

_ROW = re.compile(r"#(\d+)\s+([0-9a-f]{16})(?![0-9a-f])")
_OUTCOMES = {
    "process.completed": "Completed on",
    "process.cancelled": "Cancelled on",
    "process.rejected": "Ended by a rejection on",
}
_RUNNING = "Still running when this trail was made."
_LONGEST_WORD = 40  # a longer one may be broken over two pages


def compare(report: Report, lines: Iterable[bytes], text: str) -> None:
    """Find where the text of the pages and the embedded ledger differ."""
    report.done.add(12)
    cover, printed = _taken_apart(text)
    embedded = dict(_events(lines))
    for number, start in sorted(embedded.keys() - printed.keys(), key=str):
        report.find(12, ALTERED, f"event {number} ({start}…) is embedded but not printed")
    for number, start in sorted(printed.keys() - embedded.keys()):
        report.find(12, ALTERED, f"event {number} ({start}…) is printed but not embedded")
    for key in sorted(printed.keys() & embedded.keys()):
        for fact in _facts(embedded[key]):
            if _plain(fact) not in printed[key]:
                report.find(12, ALTERED, f"event {key[0]} is printed without its “{fact}”")
    for fact in (_outcome(embedded.values()), report.log, report.head):
        if _plain(fact) not in cover:
            report.find(12, ALTERED, f"the cover does not say “{fact}”")


def _taken_apart(text: str) -> tuple[str, dict[tuple[int, str], str]]:
    """What stands before the first event, and what is printed of each, by number and hash."""
    rows = list(_ROW.finditer(text))
    ends = [*(row.start() for row in rows), len(text)][1:]
    printed: dict[tuple[int, str], str] = {}
    for row, end in zip(rows, ends, strict=True):
        key = int(row[1]), row[2]
        printed[key] = printed.get(key, "") + _plain(text[row.end() : end])
    return _plain(text[: rows[0].start()] if rows else text), printed


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


def _outcome(events: Iterable[dict[str, Any]]) -> str:
    ends = [event["type"] for event in events if event["type"] in _OUTCOMES]
    return _OUTCOMES[ends[-1]] if ends else _RUNNING


def _plain(text: str) -> str:
    """The text without spaces and line ends, which a page sets as it likes."""
    return "".join(text.split())
