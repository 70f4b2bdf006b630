"""The checks of LEDGER.md over an exported ledger, line by line.

Standard library only, no database, no network; `python3 -m portal.ledger` runs it on a file, and
`portal verify --bundle` packs it with the modules it needs into one. Its memory does not grow
with the ledger, but for the tasks it tells of.
"""

from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from portal.ledger import chain, ed25519, tree
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, SOUND, Report
from portal.ledger.keepsakes import NOTHING, Kept, Receipt, compare, trusted
from portal.ledger.replay import Replay
from portal.ledger.shapes import digest, number, opens, require_event

_RECORD = 32 + 27  # what is kept of an event: its hash and its time
_IN_MEMORY = 8 * 1024 * 1024  # of such records; more of them wait in a temporary file
_LONGEST = 16 * 1024 * 1024
_EVENT_LINE = frozenset(("seq", "hash", "body", "disclosed"))
_CHECKPOINT = frozenset(("note", "key", "seq", "index", "proof"))
_VALUE = frozenset(("salt", "value"))


def verify(
    lines: Iterable[bytes],
    *,
    key: bytes | None = None,
    receipts: Iterable[tuple[int, str]] = (),
    digests: Collection[str] | None = None,
    kept: Kept = NOTHING,
) -> Report:
    """Check an export, line by line.

    `key` is the raw 32-byte public key from outside, `receipts` are an event's number and the
    hash somebody was given then, `kept` is whatever else people kept (`keepsakes.read`),
    `digests` are the SHA-256 (hex) of the files at hand. Every fault of the file is a finding;
    nothing is raised for one.
    """
    with SpooledTemporaryFile(_IN_MEMORY) as trail:
        reader = _Reader(key, digests, kept, trail)
        for number, line in enumerate(lines, 1):
            if line.strip():
                reader.line(number, line)
        return reader.finish(receipts)


def lines_of(path: Path) -> Iterable[bytes]:
    """The lines of a file, without ever holding more than the longest allowed."""
    with path.open("rb") as file:
        yield from iter(lambda: file.readline(_LONGEST + 1), b"")


class _Reader:
    def __init__(
        self, key: bytes | None, digests: Collection[str] | None, kept: Kept, trail: Any
    ) -> None:
        self.report = Report(key_given=key is not None)
        self.key, self.digests, self.kept, self.trail = key, digests, kept, trail
        self.trusted = {} if key is None else trusted(key, kept.successions)
        self.next_seq, self.at = 0, ""
        self.missing: set[tuple[int, str]] = set()
        self.replay = Replay(self.report)
        self.ended = False

    def line(self, number: int, line: bytes) -> None:
        try:
            if len(line) > _LONGEST:
                raise chain.Malformed("longer than any event")
            self._read(chain.parse(line.decode()))
        except (chain.Malformed, UnicodeDecodeError) as fault:
            why = fault if isinstance(fault, chain.Malformed) else "not UTF-8 text"
            cut = not line.endswith((b"\n", b"}"))
            self.report.find(1, INCOMPLETE if cut else ALTERED, f"line {number}: {why}")

    def _read(self, item: Any) -> None:
        if isinstance(item, dict) and "checkpoint" in item:
            self._only(item, {"checkpoint"}, "the checkpoint's line")
            self._checkpoint(item["checkpoint"])
        elif isinstance(item, dict) and item.keys() >= _EVENT_LINE:
            self._only(item, _EVENT_LINE, "the line of event {}", item["seq"])
            self._event(item)
        else:
            raise chain.Malformed("neither an event nor a checkpoint of a ledger")

    def _only(self, item: dict[str, Any], known: Collection[str], where: str, *at: Any) -> None:
        """Find what nothing vouches for: no hash covers it, and a reader may take it for true."""
        if item.keys() != known and (foreign := sorted(item.keys() - known)):
            named = ", ".join(foreign)[:80]
            text = f"{where.format(*at)} holds what does not belong there: {named}"
            self.report.find(1, ALTERED, text)

    def _event(self, item: dict[str, Any]) -> None:
        if self.ended:
            raise chain.Malformed("an event stands after the checkpoint")
        if not (isinstance(item["body"], str) and isinstance(item["disclosed"], dict)):
            raise chain.Malformed("the event's body or values are not as LEDGER.md says")
        body: Any
        body, raw = chain.parse_canonical(item["body"])
        require_event(body)
        hash_ = chain.event_hash(raw)
        self._links(item, body, hash_)
        self._values(body, item["disclosed"])
        self.replay.event(body)
        self.report.events += 1
        self.report.head = hash_
        self.trail.write(bytes.fromhex(hash_) + body["at"].encode())

    def _links(self, item: dict[str, Any], body: dict[str, Any], hash_: str) -> None:
        report, seq = self.report, body["seq"]
        if item["hash"] != hash_:
            report.find(2, ALTERED, f"event {seq}: its bytes do not give its hash")
        expected = report.head
        if not report.events:
            report.log = body["log"]
            expected = chain.genesis(report.log, str(body["data"].get("digest")))
        if (body["log"], seq, item["seq"]) != (report.log, self.next_seq, self.next_seq):
            report.find(3, ALTERED, f"event {seq} stands where event {self.next_seq} belongs")
        if body["prev"] != expected:
            report.find(4, ALTERED, f"event {seq} does not follow the one before it")
        if body["at"] < self.at:
            report.find(5, ALTERED, f"event {seq} is earlier than the one before it")
        self.next_seq, self.at = seq + 1, max(self.at, body["at"])

    def _values(self, body: dict[str, Any], disclosed: dict[str, Any]) -> None:
        report, seq, promised = self.report, body["seq"], body["priv"]
        for name, shown in disclosed.items():
            if name not in promised:
                report.find(6, ALTERED, f"event {seq} never held a value named {name}")
            elif not opens(promised[name], name, shown):
                report.find(6, ALTERED, f"event {seq}: the value {name} was changed")
            else:
                self._only(shown, _VALUE, "the value {} of event {}", name, seq)
                report.values += 1
                if name == "sha256" and body["type"] == "file.received":
                    self._file(seq, shown["value"])
        if promised.keys() != disclosed.keys():
            self.missing.update((seq, name) for name in promised if name not in disclosed)
        if body["type"] == "disclosure.erased" and isinstance(body["data"].get("fields"), list):
            gone = chain.erased(body["data"])
            report.erased += len(self.missing & gone)
            self.missing -= gone

    def _file(self, seq: int, sha256: Any) -> None:
        if self.digests is None:
            return
        self.report.done.add(7)
        if sha256 not in self.digests:
            text = f"event {seq}: no file given has the SHA-256 {sha256}: it is missing or changed"
            self.report.find(7, INCOMPLETE, text)

    def _checkpoint(self, item: Any) -> None:
        self.ended = True
        if isinstance(item, dict):
            self._only(item, _CHECKPOINT, "the checkpoint")
        try:
            note = tree.read_note(item["note"])
            seq, index = number(item["seq"]), number(item["index"])
            path = [digest(text) for text in item["proof"]]
            own = ed25519.public_key(item["key"]) if self.key is None else self.key
        except (KeyError, TypeError, AttributeError):
            raise chain.Malformed("the checkpoint is damaged") from None
        signed = self._is_signed(note, self.trusted or {own: ""})
        fits = self._contains(note, seq, index, path)
        if signed and fits:
            self.report.notes.append(note)
            if seq >= self.report.anchored:
                self.report.anchored, self.report.signed_at = seq + 1, note.at

    def _is_signed(self, note: tree.Checkpoint, keys: dict[bytes, str]) -> bool:
        """Whether one of the keys signed it: the one given, or one that it vouches for."""
        report = self.report
        report.done.add(9)
        report.key = next(iter(keys)).hex()
        found = tree.signers(note, keys)
        if not found:
            report.find(9, OTHER_KEY, "the checkpoint bears no signature by this key")
        elif not all(ed25519.is_signature(key, note.text, signed) for key, signed in found):
            report.find(9, ALTERED, "the checkpoint's signature does not fit its text")
        else:
            key = found[0][0]
            report.key, report.key_vouched = key.hex(), key != next(iter(keys))
            if not keys[key] or note.at <= keys[key]:
                return True
            text = f"the checkpoint is signed by a key that was given up before, {keys[key]}"
            report.find(9, OTHER_KEY, text)
        return False

    def _contains(self, note: tree.Checkpoint, seq: int, index: int, path: list[bytes]) -> bool:
        report = self.report
        report.done.add(8)
        if seq >= report.events:
            text = f"the checkpoint knows event {seq}, but the file ends before it: cut off"
            report.find(8, INCOMPLETE, text)
            return False
        hash_, at = self._record(seq)
        try:
            leaf = tree.leaf(report.log, seq, hash_)
            fits = tree.proven_root(index, note.size, leaf, path) == note.root
        except chain.Malformed:
            fits = False
        if not fits:
            report.find(8, ALTERED, f"event {seq} is not the one that the checkpoint signed")
        if at > note.at:
            report.find(5, ALTERED, f"event {seq} is later than the checkpoint that signs it")
        return fits

    def _record(self, seq: int) -> tuple[str, str]:
        self.trail.seek(seq * _RECORD)
        part = self.trail.read(_RECORD)
        return part[:32].hex(), part[32:].decode()

    def finish(self, receipts: Iterable[tuple[int, str]]) -> Report:
        report = self.report
        if not report.events:
            empty = Report(key_given=report.key_given, done={1})
            empty.find(1, INCOMPLETE, "there is no ledger in this file")
            return empty
        report.done |= {1, 2, 3, 4, 5, 6, 11}
        for seq, name in islice(sorted(self.missing), 50):
            text = f"event {seq}: the value {name} is WITHHELD (missing, no erasure recorded)"
            report.find(6, INCOMPLETE, text)
        for receipt in (*(Receipt(*one) for one in receipts), *self.kept.receipts):
            self._receipt(receipt)
        compare(report, report.notes, self.kept, self.trusted)
        if self.key and report.verdict == SOUND and report.anchored < report.events:
            text = f"no checkpoint signs event {report.anchored} and what follows; export again"
            report.find(8, INCOMPLETE, text)
        return report

    def _receipt(self, kept: Receipt) -> None:
        report = self.report
        report.done.add(10)
        if kept.log and kept.log != report.log:
            text = f"{kept.whence} is of process {kept.log}, which this file does not hold"
            report.find(10, INCOMPLETE, text)
        elif not 0 <= kept.seq < report.events:
            text = f"event {kept.seq}, which {kept.whence} names, is cut off"
            report.find(10, INCOMPLETE, text)
        elif self._record(kept.seq)[0] != kept.hash:
            text = f"event {kept.seq} is not the one that {kept.whence} names: rewritten since"
            report.find(10, ALTERED, text)
