"""Check an exported ledger offline: `python3 -m portal.ledger.verify FILE [PUBLICKEY]`.

`portal verify --bundle` packs this and the modules it needs into one file that does the same.
Standard library only, no database, no network. The checks are those of LEDGER.md. Memory grows
by 59 bytes an event and no more.
"""

import re
import sys
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from portal.ledger import chain, ed25519, tree
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, SOUND, Report
from portal.ledger.replay import Replay

_HEX = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
_RECORD = 32 + 27  # what is kept of an event: its hash and its time
_LONGEST = 16 * 1024 * 1024
_EVENT_LINE = frozenset(("seq", "hash", "body", "disclosed"))
_CHECKPOINT = frozenset(("note", "key", "seq", "index", "proof"))
_WRONG_USE = 64  # none of the verdicts: no file, no key, or the wrong words


def verify(
    lines: Iterable[bytes],
    *,
    key: bytes | None = None,
    receipts: Iterable[tuple[int, str]] = (),
    digests: Collection[str] | None = None,
) -> Report:
    """Check an export, line by line.

    `key` is the raw 32-byte public key from outside, `receipts` are an event's number and the
    hash somebody was given then, `digests` are the SHA-256 (hex) of the files at hand. Every
    fault of the file is a finding; nothing is raised for one.
    """
    reader = _Reader(key, digests)
    for number, line in enumerate(lines, 1):
        if line.strip():
            reader.line(number, line)
    return reader.finish(receipts)


def lines_of(path: Path) -> Iterable[bytes]:
    """The lines of a file, without ever holding more than the longest allowed."""
    with path.open("rb") as file:
        yield from iter(lambda: file.readline(_LONGEST + 1), b"")


class _Reader:
    def __init__(self, key: bytes | None, digests: Collection[str] | None) -> None:
        self.report = Report(key_given=key is not None)
        self.key = key
        self.digests = digests
        self.trail = bytearray()
        self.next_seq = 0
        self.at = ""
        self.missing: set[tuple[int, str]] = set()
        self.replay = Replay(self.report)
        self.notes = 0

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
        elif isinstance(item, dict) and set(item) >= _EVENT_LINE:
            self._only(item, _EVENT_LINE, f"the line of event {item['seq']}")
            self._event(item)
        else:
            raise chain.Malformed("neither an event nor a checkpoint of a ledger")

    def _only(self, item: dict[str, Any], known: Collection[str], where: str) -> None:
        """Find what nothing vouches for: no hash covers it, and a reader may take it for true."""
        if foreign := sorted(set(item) - set(known)):
            named = ", ".join(foreign)[:80]
            self.report.find(1, ALTERED, f"{where} holds what does not belong there: {named}")

    def _event(self, item: dict[str, Any]) -> None:
        if self.notes:
            raise chain.Malformed("an event stands after the checkpoint")
        if not (isinstance(item["body"], str) and isinstance(item["disclosed"], dict)):
            raise chain.Malformed("the event's body or values are not as LEDGER.md says")
        body: Any = chain.parse(item["body"])
        raw = chain.canonical(body)
        if raw != item["body"].encode():
            raise chain.Malformed("the event is not in its canonical spelling")
        _require_event(body)
        digest = chain.event_hash(raw)
        self._links(item, body, digest)
        self._values(body, item["disclosed"])
        self.replay.event(body)
        self.report.events += 1
        self.report.head = digest
        self.trail += bytes.fromhex(digest) + body["at"].encode()

    def _links(self, item: dict[str, Any], body: dict[str, Any], digest: str) -> None:
        report, seq = self.report, body["seq"]
        if item["hash"] != digest:
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
            elif not _opens(promised[name], name, shown):
                report.find(6, ALTERED, f"event {seq}: the value {name} was changed")
            else:
                self._only(shown, {"salt", "value"}, f"the value {name} of event {seq}")
                report.values += 1
                if name == "sha256" and body["type"] == "file.received":
                    self._file(seq, shown["value"])
        self.missing.update((seq, name) for name in promised if name not in disclosed)
        if body["type"] == "disclosure.erased" and isinstance(body["data"].get("fields"), list):
            gone = {(body["data"].get("seq"), str(name)) for name in body["data"]["fields"]}
            report.erased += len(self.missing & gone)
            self.missing -= gone

    def _file(self, seq: int, digest: Any) -> None:
        if self.digests is None:
            return
        self.report.done.add(7)
        if digest not in self.digests:
            text = f"event {seq}: no file given has the SHA-256 {digest}: it is missing or changed"
            self.report.find(7, INCOMPLETE, text)

    def _checkpoint(self, item: Any) -> None:
        self.notes += 1
        if isinstance(item, dict):
            self._only(item, _CHECKPOINT, "the checkpoint")
        try:
            note = tree.read_note(item["note"])
            seq, index = _number(item["seq"]), _number(item["index"])
            path = [_digest(text) for text in item["proof"]]
            key = self.key or ed25519.public_key(item["key"])
        except (KeyError, TypeError, AttributeError):
            raise chain.Malformed("the checkpoint is damaged") from None
        signed = self._is_signed(note, key)
        if self._contains(note, seq, index, path) and signed and seq >= self.report.anchored:
            self.report.anchored, self.report.signed_at = seq + 1, note.at

    def _is_signed(self, note: tree.Checkpoint, key: bytes) -> bool:
        self.report.done.add(9)
        self.report.key = key.hex()
        mine = [sig for name, kid, sig in note.signatures if kid == tree.key_id(name, key)]
        if not mine:
            self.report.find(9, OTHER_KEY, "the checkpoint bears no signature by this key")
        elif not all(ed25519.is_signature(key, note.text, signature) for signature in mine):
            self.report.find(9, ALTERED, "the checkpoint's signature does not fit its text")
            return False
        return bool(mine)

    def _contains(self, note: tree.Checkpoint, seq: int, index: int, path: list[bytes]) -> bool:
        report = self.report
        report.done.add(8)
        if seq >= report.events:
            text = f"the checkpoint knows event {seq}, but the file ends before it: cut off"
            report.find(8, INCOMPLETE, text)
            return False
        digest, at = self._kept(seq)
        try:
            leaf = tree.leaf(report.log, seq, digest)
            fits = tree.proven_root(index, note.size, leaf, path) == note.root
        except chain.Malformed:
            fits = False
        if not fits:
            report.find(8, ALTERED, f"event {seq} is not the one that the checkpoint signed")
        if at > note.at:
            report.find(5, ALTERED, f"event {seq} is later than the checkpoint that signs it")
        return fits

    def _kept(self, seq: int) -> tuple[str, str]:
        part = self.trail[seq * _RECORD : (seq + 1) * _RECORD]
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
        for seq, digest in receipts:
            self._receipt(seq, digest)
        if self.key and report.verdict == SOUND and report.anchored < report.events:
            text = f"no checkpoint signs event {report.anchored} and what follows; export again"
            report.find(8, INCOMPLETE, text)
        return report

    def _receipt(self, seq: int, digest: str) -> None:
        self.report.done.add(10)
        if not 0 <= seq < self.report.events:
            self.report.find(10, INCOMPLETE, f"event {seq}, which a receipt names, is cut off")
        elif self._kept(seq)[0] != digest:
            text = f"event {seq} is not the one that a receipt names: rewritten since"
            self.report.find(10, ALTERED, text)


def _require_event(body: Any) -> None:
    """Raise Malformed unless the parts of an event have their kinds."""
    if not isinstance(body, dict) or set(body) != chain.EVENT_KEYS or body["v"] != 1:
        raise chain.Malformed("the event does not have the parts of version 1")
    texts = all(isinstance(body[part], str) for part in ("log", "prev", "at", "type"))
    objects = all(isinstance(body[part], dict) for part in ("actor", "data", "priv"))
    if not texts or not objects or type(body["seq"]) is not int:
        raise chain.Malformed("a part of the event is of the wrong kind")
    if not _MOMENT.fullmatch(body["at"]) or not _HEX.fullmatch(body["prev"]):
        raise chain.Malformed("the event's time or predecessor is not in its form")


def _opens(commitment: Any, name: str, shown: Any) -> bool:
    try:
        return bool(chain.commit(_digest(shown["salt"]), name, shown["value"]) == commitment)
    except (KeyError, TypeError, chain.Malformed):
        return False


def _digest(text: Any) -> bytes:
    if not (isinstance(text, str) and _HEX.fullmatch(text)):
        raise chain.Malformed("32 bytes in lower-case hex were expected")
    return bytes.fromhex(text)


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise chain.Malformed("a place in the checkpoint is not a number")
    return value


def main(arguments: list[str]) -> int:
    """The verdict as an exit code; 64 where there was nothing to judge."""
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return _WRONG_USE
    try:
        key = ed25519.public_key(arguments[1]) if len(arguments) == 2 else None
        found = verify(lines_of(Path(arguments[0])), key=key)
    except (chain.Malformed, OSError) as fault:
        print(f"This could not be checked: {fault}", file=sys.stderr)
        return _WRONG_USE
    print(*found.told(), sep="\n")
    return found.verdict


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
