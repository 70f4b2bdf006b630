"""Files on their way in, through WSGI: piece by piece as the page's script sends, and in a form.

Where a sample's memory grows with the file it ends there and then.
"""

import base64
import hashlib
import io
import os
import re
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tests import makers
from tests.bench import world
from tests.bench.world import Place

MOST_RISE = 16  # MiB
PIECE = 16 * 1024 * 1024
_TOKEN = re.compile(r'data-token="([^"]*)"')
_BOUNDARY = "between-the-parts"


def film(place: Place) -> Path:
    """A file of ``place.size`` MiB that nothing can be guessed of."""
    path = place.folder / "film.mp4"
    with path.open("wb") as file:
        file.write(b"\0\0\0\x18ftypisom")
        for _ in range(place.size):
            file.write(os.urandom(1024 * 1024))
    return path


class Pieces:
    """One file sent piece by piece, each with its digest, for one task after the other."""

    def __init__(self, place: Place) -> None:
        app = world.app_at(place)
        self._source = film(place)
        self._length = self._source.stat().st_size
        self._sums = list(_sums(self._source))
        makers.publish(world.LARGE)
        self._waiting = [
            world.guest_client(app, makers.start_again()) for _ in range(place.times + 1)
        ]

    def __call__(self) -> None:
        client, path = self._waiting.pop()
        token = _TOKEN.search(client.get(path).text)
        assert token is not None
        rise = _Rise()
        named = f"document {_b64(b'film')},filename {_b64(b'film.mp4')}"
        headers = {"X-CSRF-Token": token[1], "Upload-Length": str(self._length),
                   "Upload-Metadata": named}  # fmt: skip
        at = client.post(f"{path}/uploads", headers=headers).headers["Location"]
        for n, checksum in enumerate(self._sums):
            start = n * PIECE
            headers = {"X-CSRF-Token": token[1], "Upload-Offset": str(start),
                       "Upload-Checksum": f"sha256 {checksum}"}  # fmt: skip
            with self._source.open("rb") as source:
                source.seek(start)
                length = min(PIECE, self._length - start)
                answer = client.patch(
                    at, headers=headers, input_stream=_Body([source], length),
                    content_type="application/offset+octet-stream",
                )  # fmt: skip
            assert answer.status_code == 204, answer.text
        assert answer.headers["Upload-Result"] == "staged"
        rise.require_small()


class Form:
    """The same file in one form, as a browser without scripts sends it."""

    def __init__(self, place: Place) -> None:
        app = world.app_at(place)
        self._source = film(place)
        makers.publish(world.LARGE)
        self._waiting = [
            world.guest_client(app, makers.start_again()) for _ in range(place.times + 1)
        ]

    def __call__(self) -> None:
        client, path = self._waiting.pop()
        head = "".join(
            _part(f'name="{name}"', value) + "\r\n"
            for name, value in world.hidden(client.get(path).text).items()
        ) + _part('name="film"; filename="film.mp4"', "")
        rise = _Rise()
        with self._source.open("rb") as source:
            tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
            length = len(head.encode()) + self._source.stat().st_size + len(tail)
            body = _Body([io.BytesIO(head.encode()), source, io.BytesIO(tail)], length)
            answer = client.post(
                path, input_stream=body,
                content_type=f"multipart/form-data; boundary={_BOUNDARY}",
            )  # fmt: skip
        assert answer.status_code == 303, answer.text
        rise.require_small()


class _Body:
    """Files one after the other as a body of ``length`` bytes; werkzeug asks by ``seek`` for it."""

    def __init__(self, files: list[BinaryIO], length: int) -> None:
        self._files, self._left, self._length, self._is_at_end = files, length, length, False

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._is_at_end = whence == os.SEEK_END
        return self.tell()

    def tell(self) -> int:
        return self._length if self._is_at_end else 0

    def read(self, size: int = -1, /) -> bytes:
        while self._files and self._left:
            found = self._files[0].read(min(size, self._left) if size >= 0 else self._left)
            if found:
                self._left -= len(found)
                return found
            self._files.pop(0)
        return b""


class _Rise:
    """How far the peak of this process's memory rises from now on."""

    def __init__(self) -> None:
        self._before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def require_small(self) -> None:
        rise = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - self._before) / 1024
        assert rise <= MOST_RISE, f"memory rose by {rise:.0f} MiB"


def _part(about: str, value: str) -> str:
    return f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {about}\r\n\r\n{value}"


def _sums(source: Path) -> Iterator[str]:
    with source.open("rb") as file:
        while piece := file.read(PIECE):
            yield _b64(hashlib.sha256(piece).digest())


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
