"""Check 7 for a trail that carries the uploaded files: each is the one that its event received.

The seal says that nobody changed them since the portal signed; this says that the portal never
put in anything else. What the trail does not carry is named, and is no fault: it may be kept no
longer, and the page of the documents says why.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from portal.ledger import chain
from portal.ledger.findings import ALTERED, Report

_NAME = re.compile(r"event-(\d{1,18})-.")


@dataclass(frozen=True, slots=True)
class _Received:
    """What an event says of its file; an erased value is None."""

    name: str | None
    sha256: str | None


def compare(report: Report, lines: Iterable[bytes], carried: Iterable[tuple[str, bytes]]) -> None:
    """Judge what a trail carries beside its ledger, (name, content) each; nothing where none."""
    files = list(carried)
    if not files:
        return
    report.done.add(7)
    received, told = dict(_received(lines)), set()
    for name, content in files:
        match = _NAME.match(name)
        number = int(match[1]) if match else -1
        if number not in received:
            report.find(7, ALTERED, f"the carried file “{name}” is none that the ledger names")
        elif number in told:
            report.find(7, ALTERED, f"there are two carried files of event {number}")
        else:
            told.add(number)
            _judge(report, name, content, received[number].sha256)
    for number in sorted(received.keys() - told):
        known = received[number]
        report.remarks.append(
            f"Not carried: event {number}, {_quoted(known.name)}, "
            f"SHA-256 {known.sha256 or '(erased)'}"
        )


def _judge(report: Report, name: str, content: bytes, recorded: str | None) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if recorded is None:
        report.remarks.append(f"Carried, its digest erased from the ledger: {name}")
    elif digest != recorded:
        report.find(7, ALTERED, f"the carried file “{name}” is not the one that was received: its "
                                f"SHA-256 is {digest}, recorded is {recorded}")  # fmt: skip
    else:
        report.remarks.append(f"Carried, as it was received: {name}")


def _received(lines: Iterable[bytes]) -> Iterator[tuple[int, _Received]]:
    """Every file that the ledger says came, by the number of its event."""
    for line in lines:
        try:
            item: Any = chain.parse(line.decode())
            body: Any = chain.parse(item["body"])
            if body["type"] == "file.received":
                told = {name: shown["value"] for name, shown in item["disclosed"].items()}
                yield int(item["seq"]), _Received(_text(told, "file_name"), _text(told, "sha256"))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # a checkpoint, or told by check 1 already


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return None if value is None else str(value)


def _quoted(name: str | None) -> str:
    """A name that somebody else chose, on one line and without what steers a terminal."""
    if name is None:
        return "a file whose name was erased"
    return "“" + "".join(sign if sign.isprintable() else "\ufffd" for sign in name) + "”"
