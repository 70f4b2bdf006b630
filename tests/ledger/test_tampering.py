"""G13: eleven kinds of tampering, at every position of ledgers that really were, all caught.

Each with the check that names it; and the ledgers themselves are sound.
"""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.ledger import chain
from portal.ledger.findings import SOUND, Report
from portal.ledger.verify import verify
from tests.ledger import goldens, vectors
from tests.ledger.vectors import KEY, STRANGER, Lines, Site

KEPT = sorted(path for path in goldens.FOLDER.glob("*.jsonl") if ".told" not in path.name)
SMALL = [path for path in KEPT if path.stat().st_size < 50_000]


def anchored(lines: Lines, key: vectors.Key = KEY) -> Lines:
    """The events, and a checkpoint over the last in a tree with others."""
    last, site = lines[-1], Site()
    log = json.loads(last["body"])["log"]
    site.add("another", 1, "00" * 32)
    place = site.add(log, last["seq"], last["hash"])
    site.add("yet another", 1, "11" * 32)
    line = site.line(place, last["seq"], 59, key)
    line["checkpoint"]["note"] = _later(line["checkpoint"]["note"], key)
    return [*lines, line]


def _later(note: str, key: vectors.Key) -> str:
    """The note as of a day after every kept ledger, signed anew."""
    head = note.split("\n\n")[0].replace("time 2026", "time 2099") + "\n"
    return f"{head}\n{key.line(head)}"


def read(path: Path) -> Lines:
    found = [json.loads(line) for line in path.read_text().split("\n") if line]
    return [line for line in found if "body" in line]


def judge(lines: Lines) -> Report:
    raw = vectors.as_lines(lines).split(b"\n")
    return verify([line + b"\n" for line in raw if line], key=KEY.raw)


def _body(lines: Lines, at: int, old: str, new: str) -> None:
    vectors.rehash(lines[at], old, new)


def edit(lines: Lines, at: int, other: Lines) -> None:
    lines[at]["body"] = lines[at]["body"].replace('"auth":"', '"auth":"x', 1)


def delete(lines: Lines, at: int, other: Lines) -> None:
    del lines[at]


def insert(lines: Lines, at: int, other: Lines) -> None:
    forged = copy.copy(lines[at])
    vectors.rehash(forged, '"type":"', '"type":"x')
    lines.insert(at, forged)


def swap(lines: Lines, at: int, other: Lines) -> None:
    later = at + 1 if at + 2 < len(lines) else at - 1
    lines[at], lines[later] = lines[later], lines[at]


def duplicate(lines: Lines, at: int, other: Lines) -> None:
    lines.insert(at, lines[at])


def splice(lines: Lines, at: int, other: Lines) -> None:
    lines[at] = other[at % len(other)]


def whitespace(lines: Lines, at: int, other: Lines) -> None:
    _body(lines, at, ":", ": ")


def disclosure(lines: Lines, at: int, other: Lines) -> None:
    held = lines[at]["disclosed"] = copy.deepcopy(lines[at]["disclosed"])
    if held:
        held[max(held)]["value"] = "forged"
    else:
        held["comment"] = {"salt": "00" * 32, "value": "forged"}


def retimed(lines: Lines, at: int, other: Lines) -> None:
    _body(lines, at, '"at":"2026', '"at":"2025')


def foreign_key(lines: Lines, at: int, other: Lines) -> None:
    """What was changed at that place, and signed by a key that calls itself the same."""
    _body(lines, at, '"auth":"', '"auth":"x')
    lines[:] = anchored(lines[:-1], STRANGER)


def resigned(lines: Lines, at: int, other: Lines) -> None:
    """Everything from that place on computed anew and signed by the forger."""
    _body(lines, at, '"auth":"', '"auth":"x')
    for later in range(at + 1, len(lines) - 1):
        body = json.loads(lines[later]["body"]) | {"prev": lines[later - 1]["hash"]}
        lines[later]["body"] = chain.canonical(body).decode()
        lines[later]["hash"] = chain.event_hash(lines[later]["body"].encode())
    lines[:] = anchored(lines[:-1], STRANGER)


TAMPERINGS: dict[Callable[[Lines, int, Lines], None], set[int]] = {
    edit: {2}, delete: {3, 4, 8}, insert: {3, 4, 8}, swap: {3, 4}, duplicate: {3, 4, 8},
    splice: {3, 4, 8}, whitespace: {1}, disclosure: {6}, retimed: {4, 5, 8}, foreign_key: {9},
    resigned: {9},
}  # fmt: skip


def tried(path: Path, tamper: Callable[[Lines, int, Lines], None]) -> None:
    """Each position of one ledger."""
    whole, other = anchored(read(path)), vectors.World().whole
    for at in range(len(whole) - 1):
        lines = [dict(line) for line in whole]
        tamper(lines, at, other)
        report = judge(lines)
        where = f"{tamper.__name__} at {at} of {path.name}"
        assert report.verdict != SOUND, where
        found = {one.check for one in report.findings}
        assert found & TAMPERINGS[tamper], f"{where}: {list(report.told())}"


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda one: one.__name__)
def test_g13_every_tampering_at_every_position_of_a_kept_ledger(
    tamper: Callable[[Lines, int, Lines], None],
) -> None:
    tried(min(SMALL, key=lambda path: path.stat().st_size), tamper)


@pytest.mark.slow
@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda one: one.__name__)
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_g13_every_tampering_at_every_position_of_all(
    path: Path, tamper: Callable[[Lines, int, Lines], None]
) -> None:
    tried(path, tamper)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_g13_no_true_ledger_is_refused(path: Path) -> None:
    report = judge(anchored(read(path)))
    assert report.verdict == SOUND, list(report.told())


def test_eleven() -> None:
    kinds: list[Any] = list(TAMPERINGS)
    assert len(kinds) == 11
