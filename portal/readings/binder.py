"""What binds the processes of a pack together: its README, index, verifier, key and manifest."""

import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from portal.ledger import archive, pack
from portal.ledger.bundle import bundle
from portal.readings import words

FOLDER, TRAIL, LEDGER, CHECKPOINT = pack.folder, pack.TRAIL, pack.LEDGER, pack.CHECKPOINT


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes of a stored file: from where, and how many."""

    storage_id: str
    start: int
    size: int


def file_path(number: int, name: str) -> str:
    """Where in its process's folder a file lies; its name leads nowhere and hides nothing."""
    plain = "".join("_" if sign in '\\/:*?"<>|' else sign for sign in name)
    path = f"{pack.FILES}/{number:03d}-{plain.strip(' .') or 'file'}"
    return path if archive.is_safe(path) else f"{pack.FILES}/{number:03d}"


def pieces(
    found: Any,
    parts: Sequence[Any],
    public_key: str,
    certificate: bytes | None,
    sign: Callable[[str], str],
    brand: str,
    changes: str,
) -> Iterator[bytes | Slice]:
    """The archive from its first byte to its last; what is stored already is named by a slice.

    The same trails, ledgers and files give the same bytes. ``sign`` makes a signed note of a text;
    ``certificate`` (PEM) is what the trails are sealed with, ``changes`` those of its keys.
    """
    processes = [_process(one) for one in parts]
    readme = _readme(found, processes, public_key, brand).encode()
    first = {pack.README: readme, pack.INDEX: pack.index(processes)}
    last = {pack.VERIFIER: _verifier(), pack.KEY: f"{public_key}\n".encode()}
    if certificate is not None:
        last[pack.CERTIFICATE] = certificate
    if changes:
        last[pack.CHANGES] = changes.encode()
    held = [(one, member) for one in parts for member in one.members]
    named = [*map(_of_bytes, first.items()), *(_of_part(member) for _, member in held)]
    named += map(_of_bytes, last.items())
    manifest = pack.manifest(processes, [told for told, _ in named], files=found.files)
    note = sign(pack.note_text(manifest, len(processes))).encode()
    ends = {pack.MANIFEST: manifest, pack.NOTE: note}
    members = [member for _, member in named]
    yield from _written(first)
    yield from _sliced(held)
    yield from _written({**last, **ends})
    yield from archive.directory([*members, *(_of_bytes(one)[1] for one in ends.items())])


def _written(texts: Mapping[str, bytes]) -> Iterator[bytes]:
    for path, raw in texts.items():
        yield archive.head(archive.Member(path, len(raw), zlib.crc32(raw))) + raw


def _sliced(held: Sequence[tuple[Any, Mapping[str, Any]]]) -> Iterator[bytes | Slice]:
    start, of = 0, None
    for one, member in held:
        start = start if of == one.n else 0
        of = one.n
        yield archive.head(_of_part(member)[1])
        yield Slice(one.storage_id, start, member["size"])
        start += member["size"]


def _of_bytes(one: tuple[str, bytes]) -> tuple[dict[str, Any], archive.Member]:
    path, raw = one
    told = {"path": path, "size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    return told, archive.Member(path, len(raw), zlib.crc32(raw))


def _of_part(member: Mapping[str, Any]) -> tuple[dict[str, Any], archive.Member]:
    told = {name: member[name] for name in ("path", "size", "sha256")}
    return told, archive.Member(member["path"], member["size"], member["crc"])


def _process(one: Any) -> dict[str, Any]:
    """A process as the index and the manifest tell it."""
    is_here = one.state == "built"
    where = pack.folder(one.n, one.process_id) if is_here else None
    prefix = f"{where}/{pack.FILES}/"
    return {
        "number": one.n, "process": one.process_id, "title": one.title,
        "reference": one.reference, "definition": one.key, "version": one.version or 0,
        "state": one.process_state,
        "started_at": words.iso(one.started_at) if one.started_at else None,
        "ended_at": words.iso(one.ended_at) if one.ended_at else None,
        "owner": one.owner, "folder": where, "events": one.events or 0, "head": one.head,
        "files": sum(member["path"].startswith(prefix) for member in one.members),
        "left_out": [*one.left_out], "fault": one.fault,
    }  # fmt: skip


@cache
def _verifier() -> bytes:
    return bundle()


def _readme(found: Any, processes: Sequence[Mapping[str, Any]], key: str, brand: str) -> str:
    missing = [one for one in processes if one["folder"] is None]
    left = [(one, file) for one in processes for file in one["left_out"]]
    lines = [
        f"Evidence pack of {brand}: {found.name}",
        "",
        f"It holds the evidence of {_processes(len(processes) - len(missing))}.",
        *_shortfalls(missing, left, found.files),
        "",
        "WHAT IS IN IT",
        "",
        "  index.csv         every process of the pack, in the order of their start",
        "  processes/…       one folder for each process:",
        "    audit-trail.pdf the whole history, to be read and printed; signed by the portal",
        "    ledger.jsonl    the same as data, each event chained to the one before it",
        "    checkpoint.txt  what the portal signed over the ledger's last event",
        "    files/          what people sent, byte for byte as it came",
        "  verify.pyz        checks all of this; one file that Python alone runs, offline",
        "  keys/             the portal's public key, the certificate of its seal, and, where keys",
        "                    were changed, what ties the older ones to it",
        "  manifest.json     every member with its SHA-256; manifest.note signs it",
        "",
        "HOW TO CHECK IT",
        "",
        "With Python 3.11 or newer, and without unpacking more than verify.pyz:",
        "",
        "  python3 verify.pyz PACK.zip KEY",
        "",
        "KEY is the portal's public key. Take it from the portal's own page",
        "/.well-known/portal-ledger, or from a document that you got earlier, and not only from",
        "this pack: whoever forges a pack forges the key in it. The key in this pack is",
        "",
        f"  {key}",
        "",
        "It ends with 0 sound, 1 altered, 2 incomplete, 3 signed by another key. What the PDFs",
        "print is compared with the ledger by `portal verify PACK.zip --key KEY`.",
        "",
        "WHAT IT DOES NOT PROVE",
        "",
        "That what people said is true; that nothing happened outside the portal; that the pack",
        "holds all processes there are: it holds those that index.csv names. Values that were",
        "erased by the rules are gone, and the ledger says that they were erased.",
        "",
    ]
    return "\n".join(lines)


def _shortfalls(
    missing: Sequence[Mapping[str, Any]],
    left: Sequence[tuple[Mapping[str, Any], Mapping[str, str]]],
    files: bool,
) -> Iterator[str]:
    if not files:
        yield "It was made without the files that people sent."
    if missing:
        yield f"\nNOT IN IT, although asked for: {_processes(len(missing))}:"
    for one in missing:
        yield f"  {one['number']}  {one['process']}: {one['fault']}"
    if left:
        yield "\nFiles that are left out:"
    for one, file in left:
        yield f"  of process {one['number']}: {file['name']}: {file['why']}"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count:,} processes"
