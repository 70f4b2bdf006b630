"""What a verification found, and how it is told to a person. Standard library only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SOUND, ALTERED, INCOMPLETE, OTHER_KEY = 0, 1, 2, 3
RANK = (SOUND, INCOMPLETE, OTHER_KEY, ALTERED)  # the worst decides
_KEPT = 50  # findings told one by one; the rest are counted

CHECKS = {
    1: "every line is strict JSON, every event in its one canonical spelling",
    2: "every event's bytes give the hash beside it",
    3: "events are numbered without a gap and belong to one process",
    4: "every event names the hash of the one before it, the first its definition",
    5: "time never runs backwards, nor past the checkpoint",
    6: "every value opens its commitment; none is missing without an erasure",
    7: "the files at hand are those recorded",
    8: "the last event is in the tree that the checkpoint signs",
    9: "the checkpoint is signed by the key",
    10: "the ledger still contains what receipts and older copies name",
    11: "no task ends before it opens, after it is closed, or twice; no dead link acts",
    12: "what the PDF prints of every event, and as its outcome, is what is embedded in it",
    13: "the PDF is, byte for byte, the file that the portal signed",
    14: "the PDF's own signature (PAdES) covers all of it, and its time stamp is of it",
}
_NOT_CHECKED = {
    7: "no files were given (--files DIRECTORY)",
    8: "the file holds no checkpoint that can be read",
    9: "the file holds no checkpoint that can be read",
    10: "nothing that somebody kept was given (--receipt, --older FILE)",
    12: "this is not a PDF",
    13: "this is not a PDF",
    14: "this file has none",
}


@dataclass(frozen=True)
class Finding:
    """One fault: which check, how bad (1 altered, 2 incomplete, 3 other key), and in words."""

    check: int
    verdict: int
    text: str


@dataclass
class Judged:
    """Whose it is and how that ended, of a ledger or a pack; `verdict` is the exit status."""

    key: str = ""
    key_given: bool = False
    key_vouched: bool = False  # not the key given, but one that the key given vouches for
    verdict: int = SOUND

    def worsen(self, verdict: int) -> None:
        """The worst fault decides."""
        self.verdict = max(self.verdict, verdict, key=RANK.index)

    def whose(self) -> Iterator[str]:
        """The key in a line, where there is one."""
        if self.key:
            how = "given" if self.key_given else "read in the file"
            yield f"Signing key {self.key} ({'vouched for' if self.key_vouched else how})"

    def told(self) -> Iterator[str]:
        """The report in plain lines, the verdict last.

        A line shows all it is: what stands in the file may name itself a verdict, and have a
        terminal hide the true one.
        """
        for line in self.lines():
            yield "".join(sign if sign.isprintable() else "\ufffd" for sign in line)

    def lines(self) -> Iterator[str]:
        """The same with whatever the file holds in it."""
        raise NotImplementedError

    def in_a_line(self, recorded: str, *, first: str = "", last: str = "") -> str:
        """The verdict: of what was ``recorded``, with what is said around a key that was given."""
        if self.verdict == ALTERED:
            return f"ALTERED: this is not {recorded}."
        if self.verdict == OTHER_KEY:
            return "SIGNED BY ANOTHER KEY than the one given."
        if self.verdict == INCOMPLETE:
            return "INCOMPLETE: something is missing, see above."
        if self.key_given:
            key = "a key that the key given vouches for" if self.key_vouched else "the key given"
            return f"SOUND: {first}signed by {key}{last}."
        return "sound, not anchored (nothing but a key from outside, --key, tells whose it is)"


@dataclass
class Report(Judged):
    """What was checked and what was found of a ledger."""

    events: int = 0
    log: str = ""
    head: str = ""
    anchored: int = 0  # events covered by a signed checkpoint
    signed_at: str = ""
    values: int = 0
    erased: int = 0
    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    notes: list[Any] = field(default_factory=list)  # its checkpoints that are sound
    done: set[int] = field(default_factory=set)
    why_not: dict[int, str] = field(default_factory=dict)  # a check could not be done here
    remarks: list[str] = field(default_factory=list)  # what a reader should know beside it

    def find(self, check: int, verdict: int, text: str) -> None:
        """Note a fault; the verdict is that of the worst."""
        self.done.add(check)
        self.worsen(verdict)
        if len(self.findings) < _KEPT:
            self.findings.append(Finding(check, verdict, text))
        else:
            self.more += 1

    def sentence(self) -> str:
        """The verdict in one line."""
        return self.in_a_line("what the portal recorded", last=f", {self.signed_at}")

    def lines(self) -> Iterator[str]:
        """The whole report, the verdict last."""
        yield f"Process {self.log or '(none)'}: {self.events} events, last hash {self.head or '-'}"
        yield f"{self.values} values opened, {self.erased} erased by the rules"
        yield from self.whose()
        failed = {found.check for found in self.findings}
        for number, text in CHECKS.items():
            yield f"{number:>3}  {self._state(number, failed):<12} {text}{self._why(number)}"
        yield from (f"Check {found.check}: {found.text}" for found in self.findings)
        if self.more:
            yield f"and {self.more} faults more"
        yield from self.remarks
        yield self.sentence()

    def _state(self, number: int, failed: set[int]) -> str:
        if number in failed:
            return "FAULT"
        return "ok" if number in self.done else "not checked"

    def _why(self, number: int) -> str:
        if number in self.done:
            return ""
        why = self.why_not.get(number) or _NOT_CHECKED.get(number, "there is no ledger")
        return f": {why}"
