"""Evidence packs: what is in one, and whether it is all there and unchanged.

A pack is one archive (``archive.py``) with the audit trail, the ledger and the files of each of
its processes, an index, and a manifest that the portal signs: whatever is missing from it, was
added to it or was changed in it shows. Standard library only, so that the verifier that lies in
each pack does the same as ``portal verify``. What a PDF prints is judged by the latter alone.
"""

import csv
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from portal.ledger import archive, chain, ed25519, tree
from portal.ledger.chain import Malformed
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, Judged, Report
from portal.ledger.judging import changes_in
from portal.ledger.keepsakes import NOTHING, Kept, trusted
from portal.ledger.verify import verify as check

README, INDEX, VERIFIER = "README.txt", "index.csv", "verify.pyz"
KEY, CERTIFICATE = "keys/portal-ledger.txt", "keys/seal-certificate.pem"
CHANGES = "keys/key-changes.txt"
MANIFEST, NOTE = "manifest.json", "manifest.note"
TRAIL, LEDGER, CHECKPOINT, FILES = "audit-trail.pdf", "ledger.jsonl", "checkpoint.txt", "files"
_ORIGIN = "portal-pack/v1"
_LARGEST_TEXT = 128 * 1024 * 1024
_LONGEST_LINE = 16 * 1024 * 1024 + 1
_CHUNK = 1024 * 1024
COLUMNS = ("number", "process", "title", "reference", "definition", "version", "state",
           "started_at", "ended_at", "owner", "folder", "events", "head", "files", "left_out",
           "fault")  # fmt: skip
_TEXTS = frozenset(COLUMNS) - {"number", "version", "events", "files", "left_out"}

JudgePdf = Callable[[BinaryIO, Kept], Report]


def folder(number: int, process_id: str) -> str:
    """Where the evidence of the process with that number lies."""
    return f"processes/{number:04d}-{process_id[-12:]}"


def manifest(
    processes: Sequence[Mapping[str, Any]], members: Sequence[Mapping[str, Any]], *, files: bool
) -> bytes:
    """The manifest: each process of the pack by ``COLUMNS``, each member with size and digest."""
    told: dict[str, Any] = {
        "v": 1,
        "files": files,
        "processes": [*processes],
        "members": [*members],
    }
    return chain.canonical(told) + b"\n"


def note_text(of: bytes, processes: int) -> str:
    """What the portal signs: that this is the manifest of a pack of so many processes."""
    return f"{_ORIGIN}\n{processes}\n{hashlib.sha256(of).hexdigest()}\n"


def index(processes: Iterable[Mapping[str, Any]]) -> bytes:
    """The same processes as a table; no cell of it is a formula."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for one in processes:
        table.writerow([_harmless(_cell(one[name])) for name in COLUMNS])
    return ("\ufeff" + text.getvalue()).encode()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(f"{one['name']}: {one['why']}" for one in value)
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """A spreadsheet computes what begins like a formula; an apostrophe makes it a text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell


# --- checking -----------------------------------------------------------------------------------


@dataclass
class PackReport(Judged):
    """What was checked of a pack, and what was found."""

    total: int = 0
    findings: list[str] = field(default_factory=list)
    sound: int = 0
    events: int = 0
    members: int = 0
    files: int = 0
    pdfs: int = 0  # of which the pages were compared, beside the ledger in them
    seals: int = 0  # of PDFs that were judged
    with_files: bool = False

    def find(self, verdict: int, text: str) -> None:
        """Note a fault; the verdict is that of the worst."""
        self.worsen(verdict)
        self.findings.append(text)

    def lines(self) -> Iterator[str]:
        """The whole report, the verdict last."""
        yield f"Evidence pack: {self.total} processes, {self.members} members, {self.events} events"
        yield f"{self.sound} of {self.total} processes are whole and as the portal recorded them"
        yield from self.whose()
        if self.with_files:
            yield f"{self.files} files have the digests that were recorded when they came"
        else:
            yield "The pack was made without the files that people sent: they were not checked"
        if self.seals:
            yield f"The seals of {self.seals} PDFs were judged"
        if self.pdfs < self.sound:
            yield "What the PDFs print was not checked: `portal verify` does that"
        yield from self.findings[:200]
        if len(self.findings) > 200:
            yield f"and {len(self.findings) - 200} faults more"
        first = "complete, nothing added, "
        yield self.in_a_line("the pack that the portal made", first=first)


def is_archive(path: Path) -> bool:
    """Whether a file begins as a pack does."""
    with path.open("rb") as file:
        return file.read(4) == archive.MAGIC


def verify(
    path: Path,
    *,
    key: bytes | None = None,
    judge: JudgePdf | None = None,
    step: Callable[[int], object] = lambda _total: None,
    kept: Kept = NOTHING,
) -> PackReport:
    """Check a pack whole.

    Of what people ``kept``, changes of keys and receipts that name a process of the pack are held
    against it; Malformed where a receipt names none, or is a checkpoint: these are of one ledger.
    ``judge`` checks a PDF, given the changes of keys at hand; ``step`` is told after each how many
    there are.

    Every fault of the file is a finding; nothing is raised for one.
    """
    if kept.notes or kept.proofs or not all(one.log for one in kept.receipts):
        raise Malformed(
            "a checkpoint, or a receipt that names no process, is of one ledger: unpack that"
        )
    report = PackReport(key_given=key is not None)
    with path.open("rb") as file:
        try:
            _Checking(file, report, key, judge, step, kept).all()
        except Malformed as fault:
            report.find(ALTERED, f"The pack: {fault}")
    return report


class _Checking:
    def __init__(
        self,
        file: BinaryIO,
        report: PackReport,
        key: bytes | None,
        judge: JudgePdf | None,
        step: Callable[[int], object],
        kept: Kept,
    ) -> None:
        self.file, self.report, self.key, self.judge, self.step = file, report, key, judge, step
        self.kept = kept
        self.places = {member.path: (place, member) for member, place in archive.read(file)}
        self.digests: dict[str, str] = {}

    def all(self) -> None:
        report = self.report
        report.members = len(self.places)
        if CHANGES in self.places:
            self.kept += changes_in([self._text(CHANGES)])
        told = self._manifest()
        report.total, report.with_files = len(told["processes"]), told["files"]
        self._members(told)
        if index(told["processes"]) != self._text(INDEX):
            report.find(ALTERED, f"{INDEX} does not list the processes that the manifest lists")
        for one in told["processes"]:
            self._process(one)
            self.step(report.total)

    def _manifest(self) -> dict[str, Any]:
        raw = self._text(MANIFEST)
        told: Any = chain.parse(raw.decode("utf-8", "replace"))
        _require_manifest(told)
        if chain.canonical(told) + b"\n" != raw:
            raise Malformed("the manifest is not in its canonical spelling")
        self._signature(raw, len(told["processes"]))
        return dict(told)

    def _signature(self, raw: bytes, processes: int) -> None:
        report = self.report
        head, _, tail = self._text(NOTE).decode("utf-8", "replace").rpartition("\n\n")
        match = re.fullmatch(r"— (\S+) (\S+)\n", tail)
        if match is None:
            raise Malformed("the manifest's signature can't be read")
        name, packed = match[1], tree.unbase64(match[2])
        inside = ed25519.public_key(self._text(KEY).decode("ascii", "replace"))
        keys = trusted(self.key or inside, self.kept.successions)
        found = [one for one in keys if packed[:4] == tree.key_id(name, one)]
        key = found[0] if found else self.key or inside
        report.key, report.key_vouched = key.hex(), key != (self.key or inside)
        if not found:
            report.find(OTHER_KEY, "The manifest bears no signature by this key")
        elif keys[key]:
            # Nothing in a pack tells when it was signed, and whoever holds that key still may.
            report.find(OTHER_KEY, f"The manifest is signed by a key that was given up {keys[key]}")
        elif not ed25519.is_signature(key, f"{head}\n".encode(), packed[4:]):
            report.find(ALTERED, "The manifest's signature does not fit its text")
        if f"{head}\n" != note_text(raw, processes):
            report.find(ALTERED, "The manifest is not the one that was signed")

    def _members(self, told: Mapping[str, Any]) -> None:
        """Each member by the manifest's digest; in order, none missing and none added."""
        known = {one["path"]: one for one in told["members"]}
        for path in self.places:
            if path in known:
                self._digest(path, known[path])
            elif path not in (MANIFEST, NOTE):
                self.report.find(ALTERED, f"{path} does not belong to the pack")
        for path in known:
            if path not in self.places:
                self.report.find(ALTERED, f"{path} is missing from the pack")
        if list(self.places) != [*(one["path"] for one in told["members"]), MANIFEST, NOTE]:
            self.report.find(ALTERED, "The members do not lie in the manifest's order")

    def _digest(self, path: str, known: Mapping[str, Any]) -> None:
        place, member = self.places[path]
        digest, crc = hashlib.sha256(), 0
        with archive.part(self.file, place, member.size) as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
                crc = zlib.crc32(piece, crc)
        self.digests[path] = digest.hexdigest()
        if (self.digests[path], member.size) != (known["sha256"], known["size"]):
            self.report.find(ALTERED, f"{path} was changed")
        elif crc != member.crc:
            self.report.find(ALTERED, f"{path} has another checksum than the archive says")

    def _process(self, one: Mapping[str, Any]) -> None:
        number, id_, where = one["number"], one["process"], one["folder"]
        named = f"Process {number} ({id_})"
        if where is None:
            self.report.find(INCOMPLETE, f"{named} is not in the pack: {one['fault']}")
            return
        faults = list(self._faults(one))
        for left in one["left_out"]:
            faults.append((INCOMPLETE, f"the file “{left['name']}” is left out: {left['why']}"))
        for verdict, text in faults:
            self.report.find(verdict, f"{named}: {text}")
        self.report.sound += not faults

    def _faults(self, one: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
        where = one["folder"]
        if where != folder(one["number"], one["process"]):
            yield ALTERED, "its folder has another name"
        prefix = f"{where}/{FILES}/"
        held = {digest for path, digest in self.digests.items() if path.startswith(prefix)}
        files = sum(path.startswith(prefix) for path in self.digests)
        if files != one["files"]:
            yield ALTERED, "it has another number of files than the index says"
        ledger = f"{where}/{LEDGER}"
        if ledger not in self.places:
            yield INCOMPLETE, "its ledger is missing"
            return
        receipts = tuple(each for each in self.kept.receipts if each.log == one["process"])
        kept = Kept(receipts=receipts, successions=self.kept.successions)
        found = self._ledger(ledger, held, kept)
        self.report.events += found.events
        self.report.files += files
        yield from ((fault.verdict, fault.text) for fault in found.findings)
        if (found.log, found.events, found.head) != (one["process"], one["events"], one["head"]):
            yield ALTERED, "its ledger is not the one that the index names"
        yield from self._pdf(f"{where}/{TRAIL}", found)

    def _ledger(self, path: str, held: set[str], kept: Kept) -> Report:
        place, member = self.places[path]
        with archive.part(self.file, place, member.size) as stream:
            lines = iter(lambda: stream.readline(_LONGEST_LINE), b"")
            digests = held if self.report.with_files else None
            return check(lines, key=self.key, digests=digests, kept=kept)

    def _pdf(self, path: str, ledger: Report) -> Iterator[tuple[int, str]]:
        if path not in self.places:
            yield INCOMPLETE, "its audit trail is missing"
        elif self.judge is not None:
            place, member = self.places[path]
            with archive.part(self.file, place, member.size) as stream:
                found = self.judge(stream, Kept(successions=self.kept.successions))
            yield from ((fault.verdict, f"its PDF: {fault.text}") for fault in found.findings)
            if (found.log, found.head) != (ledger.log, ledger.head):
                yield ALTERED, "its PDF and its ledger are not of the same moment"
            self.report.seals += 1
            self.report.pdfs += 12 not in found.why_not

    def _text(self, path: str) -> bytes:
        if path not in self.places:
            raise Malformed(f"{path} is missing")
        place, member = self.places[path]
        if member.size > _LARGEST_TEXT:
            raise Malformed(f"{path} is larger than any")
        with archive.part(self.file, place, member.size) as stream:
            return stream.read()


def _require_manifest(told: Any) -> None:
    """Raise Malformed unless the manifest has its shape."""
    if not isinstance(told, dict) or set(told) != {"v", "files", "processes", "members"}:
        raise Malformed("the manifest does not have the parts of version 1")
    lists = isinstance(told["processes"], list) and isinstance(told["members"], list)
    if told["v"] != 1 or type(told["files"]) is not bool or not lists:
        raise Malformed("the manifest does not have the parts of version 1")
    if not all(map(_is_member, told["members"])):
        raise Malformed("the manifest does not name its members as it should")
    numbers = range(1, len(told["processes"]) + 1)
    if not all(map(_is_process, told["processes"], numbers)):
        raise Malformed("the manifest does not name its processes as it should")
    if len({one["process"] for one in told["processes"]}) != len(told["processes"]):
        raise Malformed("the manifest names a process twice")


def _is_member(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and set(one) == {"path", "size", "sha256"}
        and isinstance(one["path"], str)
        and type(one["size"]) is int
        and isinstance(one["sha256"], str)
    )


def _is_process(one: Any, number: int) -> bool:
    if not isinstance(one, dict) or set(one) != set(COLUMNS) or one["number"] != number:
        return False
    texts = all(one[name] is None or isinstance(one[name], str) for name in _TEXTS)
    counts = all(type(one[name]) is int for name in ("version", "events", "files"))
    left = one["left_out"]
    is_list = isinstance(left, list) and all(
        isinstance(each, dict) and set(each) == {"name", "why"} for each in left
    )
    return texts and counts and is_list and isinstance(one["process"], str)
