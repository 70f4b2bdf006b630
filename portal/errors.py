"""Refusals: what a person is told when something can't be done, and what they can do instead.

Rooms raise these; the doors translate them once, to a page (``web/errors.py``) or to a
problem document (RFC 9457).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from portal.language import mark


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in what was sent: ``at`` a field id or ``LINE: key``, and its sentence."""

    at: str
    message: str


class PortalError(Exception):
    """A refusal with the sentence for the person and, where there is one, the way out."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    title: ClassVar[str] = mark("This could not be done")

    def __init__(self, sentence: str, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


def _in_a_row(said: Sequence[str]) -> str:
    """Several faults as one text: sentences as they are, what is none parted by semicolons."""
    return " ".join(
        one if one.endswith((".", "!", "?", "؟")) or at == len(said) else f"{one};"
        for at, one in enumerate(said, start=1)
    )


class Faulty(PortalError):
    """What was sent has faults, each with its place; nothing was recorded."""

    status, code, title = 422, "faulty", mark("Some entries need another look")

    def __init__(self, faults: list[Fault], sentence: str = "") -> None:
        super().__init__(sentence or _in_a_row([fault.message for fault in faults]))
        self.faults = faults

    @classmethod
    def one(cls, at: str, message: str) -> "Faulty":
        """The refusal of a single entry."""
        return cls([Fault(at, message)])


def wrong_cursor() -> Faulty:
    """The refusal of a cursor that is none of the list it was sent to."""
    return Faulty.one(
        "cursor", "This is not a cursor of this list. Take `next` of the page before."
    )


def together(*judgements: Callable[[], Any]) -> list[Any]:
    """What each gives; a Faulty with what all of them find, so that nobody mends one by one."""
    given: list[Any] = []
    faults: list[Fault] = []
    for judge in judgements:
        try:
            given.append(judge())
        except Faulty as error:
            faults += error.faults
    if faults:
        raise Faulty(faults)
    return given


class NotSignedIn(PortalError):
    """Nobody is signed in, or the token is unknown."""

    status, code, title = 401, "not-signed-in", mark("Sign in first")


class CodeWanted(PortalError):
    """The password is right, and a code is asked beside it; ``step`` names the sign-in."""

    status, code, title = 401, "code-wanted", "A code is asked, too"

    def __init__(self, step: str) -> None:
        super().__init__("Type the code that your authenticator app shows.")
        self.step = step


class NotProved(PortalError):
    """Signed in, but not asked for long who sits there: what opens the door stays as it is."""

    status, code, title = 403, "not-proved", "Show first that it is you"


class NotYours(PortalError):
    """Known, but not this person's to do."""

    status, code, title = 403, "not-yours", mark("This is not yours to do")


class FormTooOld(PortalError):
    """A form came without the page's own hidden fields, from elsewhere, or after its session."""

    status, code, title = 403, "form-too-old", mark("This page has been open too long")


class Unknown(PortalError):
    """Unknown, or not this person's to see: the two are not told apart."""

    status, code, title = 404, "unknown", mark("Nothing is here")


class Conflict(PortalError):
    """Too late, or in conflict with what has happened meanwhile."""

    status, code, title = 409, "conflict", mark("Something else happened first")


class TaskDone(Conflict):
    """The task was done before."""

    code, title = "task-done", mark("This is already done")


class ProcessEnded(Conflict):
    """The process has ended."""

    code, title = "process-ended", mark("This process has ended")


class AlreadyRecorded(Conflict):
    """The ledger's own constraint found the same thing recorded before."""

    code, title = "already-recorded", mark("This is already recorded")


class Gone(PortalError):
    """It was there and is no longer open to anybody."""

    status, code, title = 410, "gone", mark("This is no longer open")


class TaskWithdrawn(Gone):
    """The task is no longer needed or was handed to somebody else."""

    code, title = "task-withdrawn", mark("This is no longer needed")


class TaskExpired(Gone):
    """The task's time ran out."""

    code, title = "task-expired", mark("The time for this has passed")


class LinkExpired(Gone):
    """The link is past its last day; a fresh one can be had."""

    code, title = "link-expired", mark("This link has expired")


class LinkRevoked(Gone):
    """The link was withdrawn by staff, or replaced when the task changed hands."""

    code, title = "link-revoked", mark("This link was withdrawn")


class TooLarge(PortalError):
    """More was sent than is taken."""

    status, code, title = 413, "too-large", mark("This is too large")


class TooFast(PortalError):
    """Too many attempts; ``retry_after`` in seconds."""

    status, code, title = 429, "too-fast", mark("Too many attempts")

    def __init__(self, sentence: str, retry_after: int = 60) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class Unavailable(PortalError):
    """A part that is needed does not answer just now; nothing was recorded."""

    status, code, title = 503, "unavailable", mark("The portal can't answer just now")


class StorageFull(PortalError):
    """There is no room left for files; nothing was half-written."""

    status, code, title = 507, "storage-full", mark("There is no room for this file")
