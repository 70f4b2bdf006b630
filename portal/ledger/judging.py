"""Files as people hand them in: judged, or taken as what somebody kept. Standard library only.

`judge` takes an export, or a PDF that carries one, beside the files that were uploaded; `kept_in`
takes whatever is older, or was told to somebody else: an export, an audit trail, a receipt as a
text or as a mail, a checkpoint, a proof from one checkpoint to another, a change of keys.
"""

import email
import email.policy
import hashlib
import re
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from portal.ledger import chain, keepsakes, pades, seals
from portal.ledger.findings import ALTERED, INCOMPLETE, Report
from portal.ledger.keepsakes import NOTHING, Kept, Receipt
from portal.ledger.verify import lines_of, verify

_FIRST_LINE = re.compile(rb'\s*\{"(?:seq|hash|body|disclosed|checkpoint)"')
_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_LARGEST = 1 << 29  # of all that a PDF carries, unpacked: a ledger of some 400,000 events
_PAGES = "portal verify reads what a PDF prints, this program its ledger and its seal"
CHANGES = "key-changes.txt"  # in a trail
_MOST_CHANGES = 256 * 1024  # of changes of keys: some hundred of them
_TEXT = 4 * 1024 * 1024  # of a receipt or a page; a mail has pictures at times


def judge(
    path: Path,
    *,
    key: bytes | None = None,
    kept: Kept = NOTHING,
    files: Iterable[Path] | None = None,
    certificate: str | None = None,
) -> Report:
    """Check one file: a ledger export, or a PDF that carries one.

    `key` is the raw public key from outside; `files` are folders and files that were uploaded
    (`None`: not at hand); `certificate` is the SHA-256 (hex) of the one that a PDF must be sealed
    with. Raises OSError for what can't be read.
    """
    digests = None if files is None else digests_of(files)
    if not is_pdf(path):
        return verify(lines_of(path), key=key, kept=kept, digests=digests)
    return judge_pdf(path.read_bytes(), key, kept, digests, certificate)


def judge_pdf(
    raw: bytes,
    key: bytes | None,
    kept: Kept,
    digests: Collection[str] | None = None,
    certificate: str | None = None,
) -> Report:
    """Check the ledger in a PDF, and its seal; what its pages print is not looked at."""
    report = Report(key_given=key is not None)
    try:
        found = _own(raw)
    except chain.Malformed as fault:
        report.find(1, ALTERED, str(fault))
        return report
    if len(found) != 1:
        many = "There is more than one ledger inside this PDF."
        none = "There is no ledger inside this PDF: it is not an audit trail."
        report.find(1, ALTERED if found else INCOMPLETE, many if found else none)
        if seals.is_sealed(raw):  # what was damaged may be the very ledger
            seals.check(report, raw, key, kept)
        return report
    lines = found.pop().splitlines(keepends=True)
    held = kept + changes_in(_streams(raw, keepsakes.is_change))
    report = verify(lines, key=key, kept=held, digests=digests)
    seal = seals.check(report, raw, key, held)
    if seal is not None:
        pades.check(report, raw, seal, certificate)
    report.why_not[12] = _PAGES
    return report


def kept_in(path: Path) -> Kept:
    """What a file holds that somebody kept. Raises Malformed where it is nothing of that kind."""
    with path.open("rb") as opened:
        start = opened.read(1024)
    if is_pdf(path):
        found = _own(path.read_bytes())
        if not found:
            raise chain.Malformed(f"there is no ledger inside {path.name}")
        return sum((_older(raw.splitlines(keepends=True), path.name) for raw in found), NOTHING)
    if _FIRST_LINE.match(start):
        return _older(lines_of(path), path.name)
    with path.open("rb") as opened:
        raw = opened.read(_TEXT)
    return keepsakes.of_text(_text_of(raw), path.name)


def is_pdf(path: Path) -> bool:
    """Whether a file says that it is a PDF."""
    with path.open("rb") as opened:
        return b"%PDF-" in opened.read(1024)


def is_ledger(raw: bytes) -> bool:
    """Whether a text begins as an export does."""
    return _FIRST_LINE.match(raw) is not None


def carried(raw: bytes) -> Iterator[bytes]:
    """The ledgers that a PDF carries, found without reading it as a PDF."""
    return _streams(raw, is_ledger)


def changes_in(texts: Iterable[bytes]) -> Kept:
    """The changes of keys among texts that a file carries.

    Both keys sign a change, so it is proof wherever it lies; what they did not sign vouches for
    nothing.
    """
    found = NOTHING
    for raw in texts:
        try:
            if keepsakes.is_change(raw) and len(raw) <= _MOST_CHANGES:
                found += Kept(successions=keepsakes.of_text(raw.decode()).successions)
        except ValueError:
            continue
    return found


def _streams(raw: bytes, is_wanted: Callable[[bytes], bool]) -> Iterator[bytes]:
    """Those that are wanted, unpacked. Malformed where they come to more than any trail holds."""
    left = _LARGEST
    for packed in seals.streams(raw):
        try:
            if is_wanted(zlib.decompressobj().decompress(packed, 64)):
                found = zlib.decompressobj().decompress(packed, left + 1)
                left -= len(found)
                if left < 0:
                    raise chain.Malformed("this PDF unpacks to more than any audit trail holds")
                yield found
        except zlib.error:
            if is_wanted(packed):
                yield packed


def _own(raw: bytes) -> set[bytes]:
    """The ledgers that a PDF carries, without those that another names as uploaded files.

    People upload ledgers, too, and a trail carries what was uploaded; its own has their digests.
    """
    found = {hashlib.sha256(one).hexdigest().encode(): one for one in carried(raw)}
    if len(found) < 2:
        return set(found.values())
    # In one walk over each: a hostile file may carry any number of them.
    named = {hit[0] for one in found.values() for hit in _DIGEST.finditer(one) if hit[0] in found}
    return {one for digest, one in found.items() if digest not in named}


def digests_of(places: Iterable[Path]) -> Collection[str]:
    """The SHA-256 of files, and of all that lies in folders."""
    found = set()
    for place in places:
        for path in place.rglob("*") if place.is_dir() else (place,):
            if path.is_file():
                with path.open("rb") as file:
                    found.add(hashlib.file_digest(file, "sha256").hexdigest())
    return found


def _older(lines: Iterable[bytes], whence: str) -> Kept:
    """The last event of an older export, which its chain ties to all before, and its checkpoint."""
    report = verify(lines)
    if not report.events:
        raise chain.Malformed(f"there is no ledger in {whence}")
    if report.verdict == ALTERED:
        raise chain.Malformed(f"{whence} is altered itself: {report.findings[0].text}")
    last = Receipt(report.events - 1, report.head, report.log, whence)
    notes = tuple(keepsakes.Note(note, whence, needs_proof=False) for note in report.notes)
    return Kept(receipts=(last,), notes=notes)


def _text_of(raw: bytes) -> str:
    """A text as it is, of a mail what it says; Malformed where it is not text."""
    if _MAIL.match(raw):
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        body = letter.get_body(("plain", "html"))
        if body is not None:
            return _TAG.sub(" ", str(body.get_content()))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise chain.Malformed("this is no text, and no file that the portal makes") from None


_MAIL = re.compile(rb"(?:From |[A-Za-z][A-Za-z0-9-]*:[ \t])")
_TAG = re.compile(r"<[^>]*>")
