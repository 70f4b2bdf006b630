"""A file that arrives piece by piece: appended in place, hashed on the way, whole in the end.

Two requests may bring pieces of one file at once, or one that was thought dead wakes up: so a
request begins under the file's lock, and only while it holds the file; what an earlier one left
behind is cut off then. From there on it appends, under the lock too, and lets go when the file does
not end where it left it. Nothing that is there is ever written over.

The digest of the whole is carried along from piece to piece where one web process takes them in
order; else the whole is read once, at the end.
"""

import fcntl
import hashlib
import io
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from portal import fault
from portal.delivery.storage import Store, Stored, making_room
from portal.errors import Conflict, Unknown
from portal.language import gettext as _
from portal.language import mark

if TYPE_CHECKING:
    from hashlib import _Hash

_MOST_DIGESTS = 256
_GONE = mark("What had arrived of this file is no longer here. Choose it again.")


class Overtaken(Conflict):
    """Another request goes on with this file."""

    code, title = "overtaken", mark("Another connection goes on with this file")

    def __init__(self) -> None:
        super().__init__(_("Another connection goes on with this file."))


class Growing:
    """One file that grows, by its storage id (32 hex, also its name once it is whole)."""

    def __init__(self, store: Store, storage_id: str) -> None:
        self._store, self.id = store, storage_id
        store.path(storage_id)  # raises Unknown for anything but such a name
        self._path: Path = store.root / "growing" / storage_id

    def begin(self) -> None:
        """Make the empty file. Raises StorageFull."""
        with making_room():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)

    @contextmanager
    def piece(self, start: int, holds: Callable[[], bool]) -> Iterator["Growth"]:
        """Append from ``start`` on; ``holds`` tells whether the request still may.

        What was written and never kept is cut off by the next piece. Raises Unknown where less than
        ``start`` bytes are here, StorageFull, and Overtaken at the first write too late.
        """
        try:
            fd = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            raise Unknown(_(_GONE)) from None
        growth = Growth(fd, self.id, start, holds)
        try:
            growth.begin()
            yield growth
        finally:
            os.close(fd)

    def open(self) -> io.BufferedReader:
        """What has arrived, to be judged. Raises Unknown."""
        with suppress(FileNotFoundError):
            return self._path.open("rb")
        return self._store.open(self.id)  # whole already, and its row was not written

    def finish(self, length: int) -> Stored:
        """Make the file one of the store's, with the digest of just its ``length`` bytes."""
        with self.open() as file, making_room():
            with suppress(FileNotFoundError):  # another request was quicker, or it was given up
                os.truncate(self._path, length)
                os.utime(self._path)  # strays are told by their age
                self._store.adopt(self._path, self.id)
            sha256 = _digest_of(self.id, length)
            whole = sha256.hexdigest() if sha256 else _read(file)
        _forget(self.id)
        fault.at("F10")
        return Stored(self.id, length, whole)

    def delete(self) -> None:
        """Let go of what has arrived."""
        _forget(self.id)
        self._path.unlink(missing_ok=True)


class Growth:
    """One piece on its way into a growing file."""

    def __init__(self, fd: int, id_: str, start: int, holds: Callable[[], bool]) -> None:
        self._fd, self._id, self._holds = fd, id_, holds
        self.start = self.at = start
        self._piece = hashlib.sha256()
        self._whole = _digest_of(id_, start)

    @property
    def sha256(self) -> bytes:
        """The digest of this piece so far, 32 bytes."""
        return self._piece.digest()

    def begin(self) -> None:
        """Cut off what an earlier request left behind. Raises Overtaken, Unknown."""
        with self._locked():
            if not self._holds():
                raise Overtaken
            if os.fstat(self._fd).st_size < self.start:
                raise Unknown(_(_GONE))
            os.ftruncate(self._fd, self.start)

    def write(self, data: bytes) -> None:
        """Append bytes. Raises Overtaken, StorageFull."""
        rest = memoryview(data)
        with self._locked(), making_room():
            found = os.fstat(self._fd)
            # A file that was given up has no name any more, and would fill the disk unseen.
            if found.st_size != self.at or found.st_nlink == 0:
                raise Overtaken
            while rest:
                written = os.pwrite(self._fd, rest, self.at)
                self.at, rest = self.at + written, rest[written:]
        self._piece.update(data)
        if self._whole is not None:
            self._whole.update(data)

    def keep(self) -> None:
        """Have the piece survive a power cut; its row comes after."""
        with making_room():
            os.fdatasync(self._fd)

    def remember(self) -> None:
        """Go on from here with the digest of the whole, now that the piece's row is written.

        Before that another request may have put other bytes in the place of these.
        """
        if self._whole is not None:
            _remember(self._id, self.at, self._whole)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)


# Digests of what has arrived, by file: how many bytes they cover, and their state.
_digests: "OrderedDict[str, tuple[int, _Hash]]" = OrderedDict()
_guard = threading.Lock()


def _digest_of(id_: str, length: int) -> "_Hash | None":
    """A digest that covers just so many bytes; ``None`` where this process has none."""
    if length == 0:
        return hashlib.sha256()
    with _guard:
        known = _digests.get(id_)
    return known[1].copy() if known is not None and known[0] == length else None


def _remember(id_: str, length: int, digest: "_Hash") -> None:
    with _guard:
        _digests[id_] = (length, digest.copy())
        _digests.move_to_end(id_)
        while len(_digests) > _MOST_DIGESTS:
            _digests.popitem(last=False)


def _forget(id_: str) -> None:
    with _guard:
        _digests.pop(id_, None)


def _read(file: io.BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()
