"""What of a stored file is shown on a page: pictures of its pages, or its text; never its bytes.

They lie beside the files, in ``pictures/`` under the file's own storage id, and go with it:
``Store.delete`` and the sweep of strays take both, so that erasing a file leaves no picture of it.
A folder appears by one rename, whole or not at all; of two builders the first has made it.
``about.json`` in it tells what was made from which bytes (their SHA-256), with the SHA-256 of each
picture, under a MAC by the portal's secret key: whoever can write to the disk alone can't put
another document before a signer. A picture that is not the one that was made is not shown.
"""

import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from portal.delivery import storage
from portal.delivery.storage import Store
from portal.errors import Unknown
from portal.language import gettext as _

KINDS = {
    "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif",
    "image/webp": "webp", "image/tiff": "tiff", "text/plain": "text", "text/csv": "text",
}  # fmt: skip
"""The media types that are shown at all, in the words of the painter."""
LARGEST = 200_000_000
"""Bytes of a file that is looked into; what is larger can only be downloaded."""
_PAINTER = Path(__file__).with_name("painter.py")
_PATIENCE = 420.0  # seconds; the painter ends itself before that
_CONTEXT = b"portal-rendition/v1\0"


@dataclass(frozen=True, slots=True)
class Page:
    """One page's picture: how large it is to be read, and in full."""

    width: int
    height: int
    full_width: int
    full_height: int
    sha256: str
    full_sha256: str


@dataclass(frozen=True, slots=True)
class Rendition:
    """What is shown of a file, whose digest is ``sha256``.

    ``kind``: ``pages``, ``text`` or ``none``, then with ``why``: ``broken``, ``locked``,
    ``large`` or ``empty``. ``total`` is how many pages the file has; ``pages`` are those that
    are shown. ``size`` and ``touched`` (nanoseconds) are those of the stored file when it was
    made: while they stand, nobody wrote to it.
    """

    sha256: str
    kind: str
    why: str
    total: int
    pages: tuple[Page, ...]
    size: int
    touched: int
    text_sha256: str = ""

    @property
    def digest(self) -> str:
        """What stands for all that is shown: SHA-256 of the digests of its pictures, or text."""
        parts = [self.text_sha256] if self.kind == "text" else []
        parts += [digest for one in self.pages for digest in (one.sha256, one.full_sha256)]
        return hashlib.sha256("".join(f"{one}\n" for one in parts).encode()).hexdigest()


class Shelf:
    """The renditions of a store's files. ``keys``: the newest signs, all of them are believed."""

    def __init__(self, store: Store, keys: Sequence[str]) -> None:
        self._store = store
        self._keys = keys

    def find(self, storage_id: str, sha256: str) -> Rendition | None:
        """What was made of the file with that digest; ``None`` where nothing is, or not by us."""
        try:
            data = (self._store.pictures(storage_id) / "about.json").read_bytes()
        except (OSError, Unknown):
            return None
        about, _end, mac = data.rpartition(b"\n")
        if not any(hmac.compare_digest(mac, self._mac(about, key)) for key in self._keys):
            return None
        told = json.loads(about)
        pages = tuple(Page(**page) for page in told.pop("pages"))
        found = Rendition(**told, pages=pages)
        return found if found.sha256 == sha256 else None

    def is_untouched(self, storage_id: str, rendition: Rendition) -> bool:
        """Whether nobody wrote to the file since, as far as the disk itself tells."""
        try:
            stat = self._store.path(storage_id).stat()
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (rendition.size, rendition.touched)

    def picture(self, storage_id: str, rendition: Rendition, number: int, *, full: bool) -> bytes:
        """The picture of a page (from 1), in WebP; Unknown where it is not as it was made."""
        if not 1 <= number <= len(rendition.pages):
            raise Unknown(_("This file has no such page here."))
        page = rendition.pages[number - 1]
        name = f"{number}-full.webp" if full else f"{number}.webp"
        return self._read(storage_id, name, page.full_sha256 if full else page.sha256)

    def text(self, storage_id: str, rendition: Rendition) -> str:
        """The text of a file, as far as it is shown; Unknown as for pictures."""
        return self._read(storage_id, "text.txt", rendition.text_sha256).decode()

    def _read(self, storage_id: str, name: str, sha256: str) -> bytes:
        with suppress(OSError):
            data = (self._store.pictures(storage_id) / name).read_bytes()
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
            # Nobody is shown what we did not make; the night shift makes it anew.
            self.drop(storage_id)
        raise Unknown(_("This picture is no longer here."), _("It is made again soon."))

    def build(self, storage_id: str, media_type: str, sha256: str) -> Rendition | None:
        """Make what is shown of a file, once; ``None`` where its bytes are not those of ``sha256``.

        The painter is a process of its own, which may crash, hang or run out of memory.
        """
        found = self.find(storage_id, sha256)
        if found is not None:
            return found
        path = self._store.path(storage_id)
        if not self._store.verify(storage_id, sha256):
            return None
        stat = path.stat()
        with storage.making_room():
            self._store.drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._store.drafts) as draft:
                out = Path(draft) / storage_id
                out.mkdir(mode=0o700)
                told = _painted(path, media_type, stat.st_size, out)
                made = _made(told, sha256, stat, out)
                if not self._store.verify(storage_id, sha256):
                    return None
                self._keep(storage_id, made, out)
        return self.find(storage_id, sha256)

    def _keep(self, storage_id: str, made: Rendition, out: Path) -> None:
        about = json.dumps(asdict(made), sort_keys=True).encode()
        (out / "about.json").write_bytes(about + b"\n" + self._mac(about, self._keys[0]))
        target = self._store.pictures(storage_id)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            out.rename(target)
        except OSError:  # one stands there: made meanwhile, or signed by a key that was retired
            if self.find(storage_id, made.sha256) is None:
                self.drop(storage_id)
                with suppress(OSError):
                    out.rename(target)
        if not self._store.path(storage_id).exists():
            self.drop(storage_id)  # erased while this was made

    def drop(self, storage_id: str) -> None:
        """Let go of what is shown of a file; the file itself stays."""
        shutil.rmtree(self._store.pictures(storage_id), ignore_errors=True)

    @staticmethod
    def _mac(about: bytes, key: str) -> bytes:
        return hmac.digest(key.encode(), _CONTEXT + about, "sha256").hex().encode()


def _painted(path: Path, media_type: str, size: int, out: Path) -> dict[str, Any]:
    """What the painter says that it made; one that did not come to its end made nothing."""
    kind = KINDS.get(media_type)
    if kind is None or (size > LARGEST and kind != "text"):
        return _nothing("large")
    try:
        with path.open("rb") as file:
            ended = subprocess.run(
                [sys.executable, "-I", str(_PAINTER), kind, str(out)],
                stdin=file, capture_output=True, timeout=_PATIENCE, check=True,
                env={"PATH": os.defpath}, cwd=out,
            )  # fmt: skip
        told: dict[str, Any] = json.loads(ended.stdout)
    except (subprocess.SubprocessError, ValueError):
        return _nothing("broken")
    return told


def _nothing(why: str) -> dict[str, Any]:
    return {"kind": "none", "why": why, "total": 0, "pages": []}


def _made(told: dict[str, Any], sha256: str, stat: os.stat_result, out: Path) -> Rendition:
    pages = tuple(
        _page(sizes, out / f"{number}.webp", out / f"{number}-full.webp")
        for number, sizes in enumerate(told["pages"], start=1)
    )
    return Rendition(
        sha256=sha256,
        kind=told["kind"],
        why=told["why"],
        total=told["total"],
        pages=pages,
        size=stat.st_size,
        touched=stat.st_mtime_ns,
        text_sha256=_digest(out / "text.txt") if told["kind"] == "text" else "",
    )


def _page(sizes: Sequence[int], small: Path, full: Path) -> Page:
    width, height, full_width, full_height = sizes
    return Page(width, height, full_width, full_height, _digest(small), _digest(full))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
