"""The one spelling of an archive: ZIP (APPNOTE 6.3.10), everything stored, nothing beside it.

Members lie one behind the other without gaps, uncompressed, under one fixed date, with UTF-8
names, no comments and no extra fields but ZIP64 where a number needs it. So the same members
always give the same bytes, a reader knows beforehand how large everything is, and whatever
stands in such a file without belonging to it is found. Standard library only.
"""

import io
import os
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from portal.ledger.chain import Malformed

_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"
_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_UTF_8 = 0x0800
_DATE = (1980 - 1980) << 9 | 1 << 5 | 1
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_MOST_DIRECTORY = 64 * 1024 * 1024
_LONGEST_NAME = 400
_END_SIZE, _LOCATOR_SIZE, _END_64_SIZE = 22, 20, 56
_HEAD_SIZE = 46
MAGIC = _LOCAL


@dataclass(frozen=True)
class Member:
    """One file in an archive: its path with ``/``, its bytes' number and their CRC-32."""

    path: str
    size: int
    crc: int


def head(member: Member) -> bytes:
    """What stands before the bytes of a member."""
    name = member.path.encode()
    extra, size = b"", member.size
    if member.size >= _FULL_32:
        extra, size = struct.pack("<HHQQ", 1, 16, member.size, member.size), _FULL_32
    version = 45 if extra else 20
    fixed = (version, _UTF_8, 0, 0, _DATE, member.crc, size, size, len(name), len(extra))
    return _LOCAL + struct.pack("<HHHHHIIIHH", *fixed) + name + extra


def directory(members: Sequence[Member]) -> Iterator[bytes]:
    """What stands behind the bytes of the last member."""
    offset = 0
    places = []
    for member in members:
        places.append(_entry(member, offset))
        offset += len(head(member)) + member.size
    yield from places
    yield _end(len(members), sum(map(len, places)), offset)


def _entry(member: Member, offset: int) -> bytes:
    name = member.path.encode()
    large = [number for number in (member.size, member.size, offset) if number >= _FULL_32]
    extra = struct.pack(f"<HH{len(large)}Q", 1, 8 * len(large), *large) if large else b""
    size, place = min(member.size, _FULL_32), min(offset, _FULL_32)
    version = 45 if extra else 20
    fixed = (version, version, _UTF_8, 0, 0, _DATE, member.crc, size, size)
    rest = (len(name), len(extra), 0, 0, 0, 0, place)
    return _CENTRAL + struct.pack("<HHHHHHIIIHHHHHII", *fixed, *rest) + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    short = (min(count, _FULL_16), min(size, _FULL_32), min(offset, _FULL_32))
    plain = _END + struct.pack("<HHHHIIH", 0, 0, short[0], short[0], short[1], short[2], 0)
    if short == (count, size, offset) and count < _FULL_16 and offset < _FULL_32:
        return plain
    whole = struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)
    return _END_64 + whole + _LOCATOR_64 + struct.pack("<IQI", 0, offset + size, 1) + plain


# --- reading ------------------------------------------------------------------------------------


def read(file: BinaryIO) -> list[tuple[Member, int]]:
    """The members and where the bytes of each begin; nothing of them is read.

    Raises Malformed for anything that ``head`` and ``directory`` would not have written just so:
    compressed or encrypted members, gaps, comments, extra data, names that lead elsewhere.
    """
    offset, size = _bounds(file)
    members = list(_members(_at(file, offset, size)))
    _require_names([member.path for member in members])
    found, place = [], 0
    for member in members:
        expected = head(member)
        if _at(file, place, len(expected)) != expected:
            raise Malformed(f"the archive holds something else than {member.path} in its place")
        found.append((member, place + len(expected)))
        place += len(expected) + member.size
    rest = b"".join(directory(members))
    whole = file.seek(0, os.SEEK_END)
    if place != offset or whole != place + len(rest) or _at(file, place, len(rest)) != rest:
        raise Malformed("the archive holds more, or less, than its members")
    return found


def part(file: BinaryIO, place: int, size: int) -> io.BufferedReader:
    """The bytes of one member, to be read as a file."""
    return io.BufferedReader(_Part(file, place, size))


class _Part(io.RawIOBase):
    def __init__(self, file: BinaryIO, place: int, size: int) -> None:
        super().__init__()
        self._file, self._place, self._left = file, place, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        self._file.seek(self._place)
        piece = self._file.read(min(len(view), self._left))
        view[: len(piece)] = piece
        self._place += len(piece)
        self._left -= len(piece)
        return len(piece)


def _bounds(file: BinaryIO) -> tuple[int, int]:
    """Where the directory begins, and its size."""
    whole = file.seek(0, os.SEEK_END)
    if whole < _END_SIZE:
        raise Malformed("the archive is cut off")
    last = _at(file, whole - _END_SIZE, _END_SIZE)
    if last[:4] != _END:
        raise Malformed("the archive does not end as one: it is cut off, or something was added")
    count, _, size, offset, _ = struct.unpack("<HHIIH", last[8:])
    if count == _FULL_16 or offset == _FULL_32 or size == _FULL_32:
        start = whole - _END_SIZE - _LOCATOR_SIZE - _END_64_SIZE
        large = _at(file, start, _END_64_SIZE) if start >= 0 else b""
        if large[:4] != _END_64:
            raise Malformed("the archive's directory can't be found")
        size, offset = struct.unpack("<QQ", large[40:])
    if size > _MOST_DIRECTORY or offset + size > whole:
        raise Malformed("the archive's directory is larger than any")
    return offset, size


def _members(raw: bytes) -> Iterator[Member]:
    place = 0
    while place < len(raw):
        fixed = raw[place : place + _HEAD_SIZE]
        if len(fixed) < _HEAD_SIZE or fixed[:4] != _CENTRAL:
            raise Malformed("the archive's directory is damaged")
        method, crc, size, long = struct.unpack("<10xH4xI4xIH16x", fixed)
        if method != 0:
            raise Malformed("the archive holds something compressed: no pack of the portal does")
        extra_size = struct.unpack("<H", fixed[30:32])[0]
        name = raw[place + _HEAD_SIZE : place + _HEAD_SIZE + long]
        extra = raw[place + _HEAD_SIZE + long : place + _HEAD_SIZE + long + extra_size]
        if size == _FULL_32 and len(extra) >= 12:
            size = struct.unpack("<Q", extra[4:12])[0]
        try:
            yield Member(name.decode(), size, crc)
        except UnicodeDecodeError:
            raise Malformed("a name in the archive is not UTF-8") from None
        place += _HEAD_SIZE + long + extra_size + struct.unpack("<H", fixed[32:34])[0]


def _require_names(paths: Sequence[str]) -> None:
    """Refuse names that lead out of a folder, hide something, or fall together on some disk."""
    seen = set()
    for path in paths:
        same = unicodedata.normalize("NFC", path).casefold()
        if same in seen:
            raise Malformed(f"the archive holds {path!r} twice")
        seen.add(same)
        if not is_safe(path):
            raise Malformed(f"the archive holds a name that leads elsewhere: {path[:80]!r}")


def is_safe(path: str) -> bool:
    """Whether a path stays in the folder into which somebody unpacks it, and shows all it is."""
    parts = path.split("/")
    hidden = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in path)
    is_odd = any(part in ("", ".", "..") or part != part.strip(" .") for part in parts)
    return not (hidden or is_odd or "\\" in path or ":" in path or len(path) > _LONGEST_NAME)


def _at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
