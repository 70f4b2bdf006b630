"""One letter of each kind that somebody outside can get, in all its turns, with made-up facts."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from portal.readings.letters import Letter, Reader

NOW = datetime(2026, 11, 27, 16, tzinfo=UTC)
TO = Reader("vera@vendor.example", "Vera Vendor", "Europe/Berlin", None, "p1", "en")
_MINE = SimpleNamespace(name="Tax form", title="Onboard Sea", due_at=NOW, tz="UTC")
_LINK = ("ab" * 16, 1)
_ENTRY = SimpleNamespace(seq=7, hash="d4" * 32, at=NOW)
_ASKED = {"comment": "Mind the date", "is_again": False, "passed_by": None, "passed_why": None}


def file(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, size=2048, sha256="c3" * 32, arrived_at=NOW)


def task(**facts: Any) -> SimpleNamespace:
    about = {
        "id": "t1", "name": "Tax form", "kind": "form", "outcome": "completed", "answers": {},
        "due_at": NOW + timedelta(days=2), "done_at": NOW, "done_seq": 5, "done_hash": "e5" * 32,
        "participant_id": "p1",
    }  # fmt: skip
    return SimpleNamespace(**{**about, **facts})


def letter(template: str, facts: dict[str, Any], **about: Any) -> Letter:
    told = {"process": "Onboard Sea", "process_id": "pr1", "reference": "S-7", "task": task(),
            "owner": "Dana Diaz", **facts}  # fmt: skip
    return Letter(TO, template, "Europe/Berlin", told, **{"link": _LINK, **about})


def every() -> Iterator[Letter]:
    """All of them."""
    yield from _asking()
    yield from _answering()
    yield from _ending()


def _asking() -> Iterator[Letter]:
    late = task(due_at=NOW - timedelta(days=1))
    passed = {"passed_by": "Paul Partner", "passed_why": "He knows it"}
    yield letter("invite", _ASKED)
    yield letter("invite", {**_ASKED, **passed, "is_again": True, "task": task(due_at=None)})
    for label in ("1 day before", "2 business days after", "3 business hours before", "on due"):
        yield letter("reminder", {**_ASKED, "nth": 1, "label": label})
    for label in ("on the promised day", "asked for by staff", "2 days after the promised day"):
        yield letter("reminder", {**_ASKED, "nth": 12, "label": label, "task": late})
    alone = {"process": "Tax form", "reference": None}
    for is_again in (False, True):
        yield letter("invite", {**_ASKED, **alone, "is_again": is_again})
    yield letter("reminder", {**_ASKED, **alone, "nth": 3, "label": "on due"})
    yield letter("receipt", {**alone, "files": []}, link=None)
    yield letter("reminder", {**_ASKED, "nth": 2, "label": "on due", "task": task(due_at=None)})
    yield letter("renewal", {"expires_at": NOW})
    yield letter("renewal", {"expires_at": NOW, "task": task(due_at=None)})
    yield letter("renewal", {"expires_at": NOW, "task": None, "reference": None})
    yield letter("lost", {"waiting": [_MINE], "task": None})
    yield letter("lost", {"waiting": [SimpleNamespace(**{**vars(_MINE), "due_at": None})] * 2})
    yield letter("lost", {"waiting": [], "task": None})
    for n in (1, 2):
        yield letter("digest", {"waiting": [_MINE] * n, "task": None})
    yield letter("code", {"code_id": "c1", "expires_at": NOW}, link=None)
    yield letter("room_code", {"code_id": "c1", "expires_at": NOW, "owner": None}, link=None)
    room = {"purpose": "ISO 9001", "until": NOW, "room": ("0" * 32, 1), "owner": None}
    yield letter("room", room, link=None)
    for writer in ("Ann Okafor", None):
        more = {"number": 3, "text": "Yes, it was", "writer": writer}
        yield letter("room_answer", {**room, **more}, link=None)
    yield letter("own_code", {"code_id": "c1", "expires_at": NOW, "owner": None}, link=None)


def _answering() -> Iterator[Letter]:
    for is_block in (False, True):
        for writer in ("Ann Okafor", None):
            yield letter("answer", {"text": "Yes, do", "writer": writer, "is_block": is_block})
    late = task(due_at=NOW - timedelta(days=1))
    yield letter("answer", {"text": "Yes", "writer": None, "is_block": False, "task": late})
    yield letter("refusal", {"reason": "Only you can"})
    yield letter("refusal", {"reason": "Only you can", "task": task(due_at=None)}, link=None)
    whom = {"name": "Paul Partner", "email": "paul@partner.example"}
    yield letter("delegated", {"whom": whom, "reason": "He knows it", "entry": _ENTRY})
    yield letter("delegated", {"whom": {}, "reason": None, "entry": _ENTRY})
    yield letter("declined", {"entry": _ENTRY, "reason": "I moved on"})
    yield letter("declined", {"entry": _ENTRY, "reason": None})
    yield letter("asked_again", {"reason": "Please", "writer": "Ann Okafor"})
    again = {"reason": "Please", "writer": "Ann Okafor", "task": task(due_at=None)}
    yield letter("asked_again", again)
    for writer in ("Ann Okafor", None):
        yield letter("settled", {"text": "Gone", "answer": "True", "writer": writer}, link=None)
    yield letter("message", {"subject": "Good news", "body": "All is *well*."}, link=None)


def _ending() -> Iterator[Letter]:
    for kind in ("form", "upload", "approval", "sign", "task"):
        yield letter("receipt", {"task": task(kind=kind), "files": [file("w9.pdf")]}, link=None)
    signed = task(kind="sign", answers={"signature": "Vera Vendor", "sha256": "f6" * 32})
    yield letter("receipt", {"task": signed, "files": []}, link=None)
    declined = task(kind="sign", outcome="rejected")
    yield letter("receipt", {"task": declined, "files": []}, link=None)
    for why in ("decided", "cancelled", "rejected", "returned", "expired", "skipped", "finished"):
        yield letter("withdrawn", {"why": why}, link=None)
    yield letter("withdrawn", {"why": "other"}, link=None)
    yield letter("reassigned", {}, link=None)
    for people in ([], ["Vera Vendor"], ["Vera Vendor", "Paul Partner"]):
        yield letter("escalation", {"people": people}, link=None)
    yield letter("escalation", {"people": [], "task": task(due_at=None)}, link=None)


GIVEN = """
Vera Vendor Tax form Onboard Sea Dana Diaz https portal example w9 pdf kB Mind the date He knows it
Ann Okafor moved on
"""
"""Words of the made-up facts that stand in no message."""
