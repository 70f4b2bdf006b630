"""Files on disk: written once under a random name, hashed on the way, never in a second pass.

A file becomes visible by one rename, after its bytes reached the disk; whatever was cut off
before that stays in ``incoming/`` and is swept. Names people gave never touch the file system.
"""

import hashlib
import io
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from errno import EDQUOT, EFBIG, ENOSPC
from itertools import chain
from pathlib import Path
from typing import IO, Protocol

from portal import clock, fault
from portal.delivery.filetypes import (
    KINDS,
    TypeFault,
    content_disposition,
    judge,
    judge_name,
    safe_name,
)
from portal.errors import StorageFull, TooLarge, Unavailable, Unknown
from portal.language import gettext as _

__all__ = [
    "CHUNK", "KINDS", "Sink", "Store", "Stored", "TypeFault", "content_disposition", "judge",
    "judge_name", "safe_name",
]  # fmt: skip

CHUNK = 1024 * 1024
STRAY_AFTER = timedelta(hours=24)
_ID = re.compile(r"[0-9a-f]{32}")
_FULL = {ENOSPC, EDQUOT, EFBIG}


class Readable(Protocol):
    """Anything with a ``read(size)`` that gives bytes and ends with none."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is on disk: its random name (32 hex), bytes, and SHA-256 (64 hex)."""

    id: str
    size: int
    sha256: str


class Store:
    """A folder of files, two levels deep, so that no folder grows past what is listed quickly."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._incoming = root / "incoming"

    def put(self, stream: Readable, *, max_bytes: int) -> Stored:
        """Store a stream read in 1 MiB pieces; raises TooLarge at the first byte too many.

        Raises StorageFull where the disk is. Either way nothing is left behind.
        """
        with self.sink(max_bytes) as sink:
            while piece := stream.read(CHUNK):
                sink.write(piece)
            return sink.keep()

    def sink(self, max_bytes: int) -> "Sink":
        """A file to write into, which hashes as it goes; ``keep()`` makes it a stored file."""
        with making_room():
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Sink(self, max_bytes)

    def open(self, file_id: str) -> io.BufferedReader:
        """The stored bytes, to read; raises Unknown where there are none under this name."""
        try:
            return self.path(file_id).open("rb")
        except FileNotFoundError:
            raise Unknown(_("This file is no longer here.")) from None

    def delete(self, file_id: str) -> None:
        """Remove a file and what was shown of it; one that is gone already is no fault."""
        # The pictures first: where this is cut short, the file's name still leads to them.
        shutil.rmtree(self.pictures(file_id), ignore_errors=True)
        self.path(file_id).unlink(missing_ok=True)

    @staticmethod
    def remove(path: Path) -> None:
        """Remove what ``strays`` found: a file, or a folder of pictures."""
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def pack(
        self, into: IO[bytes], texts: dict[str, str], files: Iterable[tuple[str, str]]
    ) -> None:
        """Write a ZIP archive of texts and stored files, each by its path in it.

        ``files`` are paths with storage ids; of one whose bytes are lost an empty ``PATH.missing``
        says so.
        """
        with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, text in texts.items():
                archive.writestr(path, text)
            for path, file_id in files:
                try:
                    file = self.open(file_id)
                except Unknown:
                    archive.writestr(f"{path}.missing", "")
                    continue
                with file, archive.open(path, "w") as there:
                    shutil.copyfileobj(file, there, CHUNK)

    def verify(self, file_id: str, sha256: str) -> bool:
        """Whether the file is there with just the bytes that were stored."""
        try:
            with self.open(file_id) as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except Unknown:
            return False

    def path(self, file_id: str) -> Path:
        """Where a file lies; raises Unknown for anything but a name this store gives."""
        if not _ID.fullmatch(file_id):
            raise Unknown(_("This file is no longer here."))
        return self.root / file_id[:2] / file_id

    def pictures(self, file_id: str) -> Path:
        """The folder of what is shown of a file (``renditions``); it goes with the file."""
        return self.root / "pictures" / self.path(file_id).relative_to(self.root)

    @property
    def drafts(self) -> Path:
        """Where pictures are made, until they are whole."""
        return self._incoming / "pictures"

    def strays(self, known: Collection[str]) -> Iterator[Path]:
        """Files that no row speaks of, and halves of uploads, once both are a day old.

        Folders of pictures are among them: of files that are gone, and half made.
        The day's grace leaves alone what is being written or whose row is not committed yet.
        """
        before = (clock.now() - STRAY_AFTER).timestamp()
        shown = self.root.glob("pictures/*/*")
        halves = self.drafts.glob("*")
        # What comes piece by piece is known by a row.
        for path in chain(self.root.glob("*/*"), shown, halves):
            if path == self.drafts:
                continue
            half = path.parent in (self._incoming, self.drafts)
            if half or (_ID.fullmatch(path.name) and path.name not in known):
                with suppress(FileNotFoundError):
                    if path.stat().st_mtime < before:
                        yield path

    def probe(self) -> None:
        """Write, read and remove a small file; raises Unavailable with the reason."""
        try:
            stored = self.put(io.BytesIO(b"probe"), max_bytes=5)
            sound = self.verify(stored.id, stored.sha256)
            self.delete(stored.id)
        except (OSError, StorageFull) as error:
            raise Unavailable(f"Files can't be stored in {self.root}: {error}.") from error
        if not sound:
            raise Unavailable(f"What is stored in {self.root} does not read back the same.")

    def room(self) -> int:
        """How many bytes are free where files are stored."""
        with making_room():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    def adopt(self, draft: Path, file_id: str) -> None:
        """Give a finished file its name, and make the rename itself durable."""
        target = self.path(file_id)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(target)
        for folder in (target.parent, self.root):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


class Sink(io.RawIOBase):
    """One incoming file: write to it, judge it, then keep it or let it go.

    Fits werkzeug's ``stream_factory``: the multipart parser writes straight into it, so an
    upload is written once and hashed on the way. Closing it unkept removes its bytes.
    """

    def __init__(self, store: Store, max_bytes: int) -> None:
        super().__init__()
        self.id = secrets.token_hex(16)
        self.size = 0
        self._store, self._max = store, max_bytes
        self._digest = hashlib.sha256()
        self._draft = store.root / "incoming" / f"{self.id}.part"
        with making_room():
            self._file = self._draft.open("xb+", buffering=0)

    @property
    def sha256(self) -> str:
        """The digest of what was written so far, 64 hex."""
        return self._digest.hexdigest()

    def write(self, data: object, /) -> int:
        """Append bytes; raises TooLarge past the limit, StorageFull when the disk is full."""
        piece = memoryview(data).cast("B")  # type: ignore[arg-type]
        if self.size + len(piece) > self._max:
            raise TooLarge(
                _("Use a file up to %(most)s. This one is larger.", most=in_words(self._max))
            )
        # Appending by position: a reader that moved the file's place must not tear the bytes.
        self._file.seek(self.size)
        rest = piece
        with making_room():
            while rest:
                rest = rest[self._file.write(rest) :]
        self._digest.update(piece)
        self.size += len(piece)
        return len(piece)

    def readinto(self, buffer: object, /) -> int:
        """Read what was written, from the place last sought."""
        return self._file.readinto(buffer)  # type: ignore[arg-type]

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the place that is read next; writing always appends."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place that is read next."""
        return self._file.tell()

    def readable(self) -> bool:
        """Always, while it is open."""
        return True

    def writable(self) -> bool:
        """Always, while it is open."""
        return True

    def seekable(self) -> bool:
        """Always, while it is open."""
        return True

    def judge(self, claimed_name: str, accept: tuple[str, ...]) -> str:
        """The media type of what was written; raises TypeFault with the sentence."""
        return judge(self, claimed_name, accept)

    def keep(self) -> Stored:
        """Bring the bytes to disk under their own name; the row that names them comes after."""
        with making_room():
            os.fsync(self._file.fileno())
            self._store.adopt(self._draft, self.id)
        fault.at("F10")
        return Stored(self.id, self.size, self.sha256)

    def close(self) -> None:
        """Let go; what was not kept is removed."""
        if not self.closed:
            self._file.close()
            self._draft.unlink(missing_ok=True)
        super().close()


def in_words(size: int) -> str:
    """A number of bytes as people say it: ``2 MB``, ``3.1 MB``, ``640 kB``."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= step:
            return f"{size / step:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"


@contextmanager
def making_room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            _("The portal has no room left for this file; nothing was recorded."),
            _("Tell the person who asked you, and send it again later."),
        ) from error
