"""Builds evidence packs: process by process, then the archive of all, streamed to its place."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import structlog
from cryptography.hazmat.primitives.serialization import Encoding

from portal import db, fault, installation, language
from portal.actions import messages, packs
from portal.delivery import certificate as certificates
from portal.delivery import handover
from portal.delivery.seal import Seal
from portal.delivery.storage import CHUNK, Sink, Store
from portal.errors import Conflict, PortalError, Unknown
from portal.ledger.outbox import Claimed
from portal.readings import binder, export
from portal.readings import packs as readings
from tasks import queues, sealing, typeset
from tasks.hold import holding, job_of
from tasks.job import house

MOST_ATTEMPTS = 8
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Build these processes of packs; what the house itself fails at is tried again later."""
    with holding(claimed, queues.TIME_LIMITS["slow"]) as held:
        for one in claimed:
            if not held.mine(one.id):
                continue
            pack_id, first, last = (one.ref[name] for name in ("pack", "first", "last"))
            try:
                if one.attempts > MOST_ATTEMPTS:  # it ended its worker each time
                    packs.give_up_parts(pack_id, first, last)
                _build(pack_id, first, last)
            except Exception as error:  # one that fails must not stop the others
                log.exception("pack.failed", outbox=one.id)
                if one.attempts < MOST_ATTEMPTS:
                    said = f"{type(error).__name__}: {error}"
                    messages.note_later(one.id, one.fence, one.attempts, said)
                    continue
                packs.give_up_parts(pack_id, first, last)
            packs.note_end(pack_id, one.id, one.fence)


def put_together(claimed: Sequence[Claimed]) -> None:
    """Make the archive of packs whose processes are all through."""
    with holding(claimed, queues.TIME_LIMITS["slow"]):
        for one in claimed:
            try:
                if one.attempts > MOST_ATTEMPTS:
                    raise Conflict("It ended its worker each time.")
                _close(one)
            except Exception as error:  # one that fails must not stop the others
                log.exception("pack.not_closed", outbox=one.id)
                _close_later(one, error)


def _build(pack_id: str, first: int, last: int) -> None:
    """Build each in turn; the first fault of the house's own is raised once all had their turn."""
    settings = house()
    seal, store = Seal.of(settings.data_dir), Store(settings.storage_dir)
    failed: Exception | None = None
    with db.reading() as conn:
        places = readings.ready(conn, pack_id, first, last)
    for n in places:
        try:
            seq = packs.take(pack_id, n, seal)
            if seq is None:  # built by somebody else meanwhile; the others are still to be
                continue
            _build_one(pack_id, n, seq, seal, store)
        except PortalError as refused:
            if refused.status < 500:
                packs.note_failed(pack_id, n, str(refused))
            else:
                failed = failed or refused
        except Exception as error:  # noqa: BLE001, RUF100 - the next one may do
            failed = failed or error
    if failed is not None:
        raise failed


def _build_one(pack_id: str, n: int, seq: int, seal: Seal, store: Store) -> None:
    with db.reading() as conn, store.sink(packs.MOST_BYTES) as sink:
        part = readings.part(conn, pack_id, n)
        writer = _Writer(sink, store, binder.FOLDER(n, part.process_id))
        events, head = writer.history(conn, part, seq, seal)
        if part.files:
            writer.files(readings.files(conn, part.process_id))
        stored = sink.keep()
    fault.at("F11")
    built = packs.Built(stored.id, stored.sha256, events, head, writer.members, writer.left_out)
    if not packs.note_built(pack_id, n, part.round, built):
        store.delete(stored.id)


class _Writer:
    """Writes the members of one process one behind the other."""

    def __init__(self, sink: Sink, store: Store, folder: str) -> None:
        self._sink, self._store, self._folder = sink, store, folder
        self.members: list[dict[str, Any]] = []
        self.left_out: list[dict[str, str]] = []

    def history(self, conn: Any, part: Any, seq: int, seal: Seal) -> tuple[int, str]:
        """The audit trail, the ledger and its checkpoint; how many events, and the last's hash."""
        self._member(binder.TRAIL, self._trail(conn, part, seq, seal))
        last = export.Last()
        lines = last.noted(export.lines(conn, part.process_id, upto=seq))
        self._member(binder.LEDGER, (f"{line}\n".encode() for line in lines))
        self._member(binder.CHECKPOINT, iter([last.note.encode()]))
        return last.events, last.head

    def files(self, rows: Sequence[Any]) -> None:
        """What people sent, each with the very bytes that came; else it is named, with the why."""
        for number, row in enumerate(rows, 1):
            why = readings.unfit(row)
            if why is None and not self._store.verify(row.storage_id, row.sha256):
                why = readings.CHANGED
            if why is not None:
                self.left_out.append({"name": row.name, "why": why})
                continue
            path = binder.file_path(number, row.name)
            with self._store.open(row.storage_id) as stream:
                self._member(path, _pieces(stream))

    def _trail(self, conn: Any, part: Any, seq: int, seal: Seal) -> Iterator[bytes]:
        kept = readings.trail_at(conn, part, seq)
        if kept is not None and self._store.verify(kept.storage_id, kept.sha256):
            with self._store.open(kept.storage_id) as stream:
                yield from _pieces(stream)
            return
        settings = house()

        def pages(told: sealing.Told, path: Path) -> None:
            typeset.trail(
                conn, part.process_id, seq, path, brand=installation.current.brand.name,
                tz=installation.current.timezone, public_key=str(seal.public_key), told=told,
                spoken=part.language, paper=part.paper, zone=part.zone,
                changes=handover.notes(settings.data_dir),
            )  # fmt: skip

        with TemporaryDirectory(prefix="portal-trail-") as folder:
            path = Path(folder) / "trail.pdf"
            with language.speaking(part.language):
                sealing.made(settings, seal, pages, path)
            with path.open("rb") as made:
                yield from _pieces(made)

    def _member(self, path: str, pieces: Iterator[bytes]) -> None:
        digest, crc, size = hashlib.sha256(), 0, 0
        for piece in pieces:
            self._sink.write(piece)
            digest.update(piece)
            crc, size = zlib.crc32(piece, crc), size + len(piece)
        told = {"path": f"{self._folder}/{path}", "size": size, "crc": crc}
        self.members.append({**told, "sha256": digest.hexdigest()})


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(CHUNK), b"")


def _close(one: Claimed) -> None:
    settings, pack_id = house(), one.ref["pack"]
    store, seal = Store(settings.storage_dir), Seal.of(settings.data_dir)
    with db.reading() as conn:
        work = readings.to_close(conn, pack_id)
    if work is None or not _are_whole(work[1], pack_id, store):
        messages.note_needless(one.id, one.fence)
        return
    found, parts = work
    key, brand = str(seal.public_key), installation.current.brand.name
    certificate = certificates.known(settings)
    pem = certificate.public.public_bytes(Encoding.PEM) if certificate else None
    with store.sink(2 * packs.MOST_BYTES) as sink:
        for piece in binder.pieces(
            found, parts, key, pem, seal.sign_note, brand, handover.notes(settings.data_dir)
        ):
            _copy(piece, store, sink)
        stored = sink.keep()
    gone = packs.note_closed(pack_id, found.round, stored, outbox_id=one.id, fence=one.fence)
    for id_ in [stored.id] if gone is None else gone:
        store.delete(id_)


def _are_whole(parts: Sequence[Any], pack_id: str, store: Store) -> bool:
    """Whether what was kept of each process is there as it was; else those are built anew."""
    lost = [one.n for one in parts
            if one.state == "built" and not store.verify(one.storage_id, one.sha256)]  # fmt: skip
    for n in lost:
        packs.build_again(pack_id, n)
    return not lost


def _copy(piece: Any, store: Store, sink: Sink) -> None:
    if isinstance(piece, bytes):
        sink.write(piece)
        return
    with store.open(piece.storage_id) as stream:
        stream.seek(piece.start)
        left = piece.size
        while left:
            some = stream.read(min(CHUNK, left))
            if not some:
                raise Unknown("What was kept of a process is cut off.")
            sink.write(some)
            left -= len(some)


def _close_later(one: Claimed, error: Exception) -> None:
    said = str(error) if isinstance(error, PortalError) else type(error).__name__
    if one.attempts >= MOST_ATTEMPTS:
        packs.give_up(one.ref["pack"], one.id, one.fence, said)
    else:
        messages.note_later(one.id, one.fence, one.attempts, said)


build, close = job_of(carry_out), job_of(put_together)
