"""Ledgers kept from earlier days still verify, and still come to what they came to then.

They are the ledgers that stand in installations and in the drawers of auditors. Where a test here
fails, the format has moved under them, and the change is wrong, not the file:

- A field that an event now says as well: give it ``None`` as default; nothing here moves.
- A field that means something else, or goes: leave the class as it can read what stands, count its
  ``VERSION`` on, and turn the old fields into the new ones where ``catalogue.read`` makes the event
  (the upcast). What it says may then differ from what is kept here; what came of it may not.
- A type is never renamed and never taken out.

Then keep ledgers of the new form beside the old: ``python -m tests.ledger.goldens NAME``.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from portal.ledger import findings
from portal.ledger.catalogue import CATALOGUE
from portal.ledger.verify import verify
from tests.ledger import goldens

KEPT = sorted(path for path in goldens.FOLDER.glob("*.jsonl") if ".told" not in path.name)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def told(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What came of a ledger on the day it was kept: the state, and the events as they were read."""
    first, *events = map(json.loads, lines(path.with_suffix(".told.jsonl")))
    return first["state"], events


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_ledger_still_verifies(path: Path) -> None:
    report = verify(path.read_bytes().splitlines(keepends=True))
    assert report.verdict == findings.SOUND, report.told()


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_ledger_still_comes_to_what_it_came_to(path: Path) -> None:
    state, _ = told(path)
    assert goldens.state(goldens.events(lines(path))) == state


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_every_event_of_it_still_says_what_it_said(path: Path) -> None:
    _, kept = told(path)
    read = [goldens.as_json(event) for event in goldens.events(lines(path))]
    assert [one["type"] for one in read] == [one["type"] for one in kept]
    for now, then in zip(json.loads(json.dumps(read)), kept, strict=True):
        if now["version"] == then["version"]:
            assert now == then


def test_each_is_whole_and_between_them_they_tell_of_every_type_of_their_day() -> None:
    types = {event["type"] for path in KEPT for event in told(path)[1]}
    assert len(types) >= 67
    assert types <= set(CATALOGUE), "a type that stands in ledgers is never taken out"


def test_one_that_is_kept_is_never_written_again(tmp_path: Path) -> None:
    goldens.keep("once", lines(KEPT[0]), tmp_path)
    with pytest.raises(FileExistsError):
        goldens.keep("once", lines(KEPT[1]), tmp_path)
    assert (tmp_path / "once.jsonl").read_text() == KEPT[0].read_text()
