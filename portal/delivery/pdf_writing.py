"""A PDF written object by object: pages taken over from other PDFs, files put in, nothing kept.

However long the document, what lies in memory is eight bytes an object: where it stands. Streams
stand for themselves, so that a file put in can be taken out with zlib alone; all else is packed
into object streams, a third of the size (ISO 32000-1, 7.5.7 and 7.5.8). What is written depends on
what is given alone, the file's own name for itself included.
"""

import hashlib
import re
import tempfile
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

import pikepdf

_PIECE = 256 * 1024
_PACKED_AT_ONCE = 200
_PACKED = 1 << 63  # not a place in the file but an object stream, and the place in it
_IN_STREAM = 20  # bits of that place
_WIDTHS = (1, 6, 3)  # bytes: the kind of an entry, a place or an object stream, the place in it
# A literal string, a string in hex, a name, or what is wanted: a reference. A string may hold
# what looks like one.
_TOKEN = re.compile(rb"\((?:[^\\()]|\\.)*\)|<[0-9A-Fa-f]*>|/[^\s/<>\[\]()]*|(\d+) (\d+) R\b", re.S)
_LENGTH = re.compile(rb"/Length \d+(?: \d+ R)? ")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file embedded in the document, and what it is to it.

    ``content`` may be the path of a file, which is read when the document is written and no
    sooner. ``relationship`` is one of PDF/A-3: ``Data`` is what the pages were made from,
    ``Supplement`` belongs with them.
    """

    name: str
    content: bytes | Path
    media_type: str
    description: str = ""
    relationship: Literal["Data", "Supplement"] = "Data"


class Writer:
    """A file being written: from its beginning, or behind a PDF that is there already.

    ``first`` is the first free number of an object, ``prev`` where the cross-reference of what is
    there begins (None: the file is empty).
    """

    def __init__(self, file: IO[bytes], *, first: int = 1, prev: int | None = None) -> None:
        self._file, self._first, self._prev = file, first, prev
        self._where = array("Q")
        self._waiting: list[tuple[int, bytes]] = []
        self._digest = hashlib.sha256()
        self._at = 0
        if prev is None:
            self._write(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")  # four bytes that are no ASCII: PDF/A
        else:
            file.seek(0)
            while piece := file.read(_PIECE):
                self._digest.update(piece)
                self._at += len(piece)

    def reserve(self) -> int:
        """A number for an object that is written later."""
        self._where.append(0)
        return self._first + len(self._where) - 1

    def put(self, number: int, body: bytes) -> None:
        """Write an object that is no stream."""
        self._waiting.append((number, body))
        if len(self._waiting) == _PACKED_AT_ONCE:
            self._pack()

    def stream(self, number: int, entries: bytes, size: int, pieces: Iterable[bytes]) -> None:
        """Write a stream of ``size`` bytes; ``entries`` are those of its dictionary but /Length."""
        self._where[number - self._first] = self._at
        self._write(b"%d 0 obj\n<< %s /Length %d >>\nstream\n" % (number, entries, size))
        for piece in pieces:
            self._write(piece)
        self._write(b"\nendstream\nendobj\n")

    def close(self, root: int, info: bytes, identifier: bytes) -> None:
        """End the file. ``info`` is the entry of the trailer; ``identifier`` stays for good."""
        self._pack()
        number, start = self.reserve(), self._at
        self._where[-1] = start
        name = self._digest.digest()[:16]
        entries = (
            b"/Type /XRef /Size %d /Index [ %d %d ] /W [ %d %d %d ] /Root %d 0 R %s "
            b"/ID [ <%s> <%s> ]%s /Filter /FlateDecode"
        ) % (
            number + 1, 0 if self._prev is None else self._first,
            len(self._where) + (self._prev is None), *_WIDTHS, root, info,
            identifier.hex().encode(), name.hex().encode(),
            b"" if self._prev is None else b" /Prev %d" % self._prev,
        )  # fmt: skip
        table = zlib.compress(self._table())
        self.stream(number, entries, len(table), [table])
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)

    def _pack(self) -> None:
        """Write what waits as one object stream."""
        if not self._waiting:
            return
        number, heads, place = self.reserve(), [], 0
        for index, (one, body) in enumerate(self._waiting):
            self._where[one - self._first] = _PACKED | number << _IN_STREAM | index
            heads.append(b"%d %d" % (one, place))
            place += len(body) + 1
        head = b" ".join(heads) + b"\n"
        data = zlib.compress(head + b"\n".join(body for _, body in self._waiting))
        told = (len(self._waiting), len(head))
        entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % told
        self._waiting = []
        self.stream(number, entries, len(data), [data])

    def _table(self) -> bytes:
        """The rows of the cross-reference; a file's own begin with the free object 0."""
        rows = bytearray() if self._prev is not None else bytearray(_row(0, 0, 65535))
        for where in self._where:
            if where & _PACKED:
                where ^= _PACKED
                rows += _row(2, where >> _IN_STREAM, where & ((1 << _IN_STREAM) - 1))
            else:
                rows += _row(1, where, 0)
        return bytes(rows)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self._at += len(data)


class Copy:
    """Objects of another PDF, each written once however often it is named."""

    def __init__(self, pdf: pikepdf.Pdf, writer: Writer) -> None:
        self._pdf, self._writer = pdf, writer
        self._numbers: dict[tuple[int, int], int] = {}
        self._named: list[tuple[int, int]] = []

    def is_number(self, item: pikepdf.Object, number: int) -> None:
        """Say which number an object has in the new file, so that it is not copied."""
        self._numbers[item.objgen] = number

    def of(self, item: pikepdf.Object) -> int:
        """The number of the object in the new file."""
        return self._number(item.objgen)

    def body(self, item: pikepdf.Object) -> bytes:
        """The text of a dictionary, its references as they are in the new file."""
        return self._translated(item.unparse(resolved=True))

    def finish(self) -> None:
        """Write whatever was named."""
        while self._named:
            place = self._named.pop()
            self._take(self._pdf.get_object(place), self._numbers[place])

    def _take(self, item: Any, number: int) -> None:
        if not isinstance(item, pikepdf.Stream):
            self._writer.put(number, self.body(item))
            return
        data, text = item.read_raw_bytes(), item.stream_dict.unparse(resolved=True)
        entries = _LENGTH.sub(b"", text[2:-2], count=1)
        if "/Filter" not in item.stream_dict:
            data, entries = zlib.compress(data), entries + b"/Filter /FlateDecode "
        self._writer.stream(number, self._translated(entries.strip()), len(data), [data])

    def _translated(self, text: bytes) -> bytes:
        return _TOKEN.sub(self._renumbered, text)

    def _renumbered(self, match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            return match[0]
        return b"%d 0 R" % self._number((int(match[1]), int(match[2])))

    def _number(self, place: tuple[int, int]) -> int:
        known = self._numbers.get(place)
        if known is None:
            known = self._numbers[place] = self._writer.reserve()
            self._named.append(place)
        return known


def enclose(
    writer: Writer, enclosures: Iterable[Enclosure], created: datetime, folder: Path
) -> tuple[bytes, bytes]:
    """Put files in; the references to them in their order, and by name as a name tree has them."""
    named: list[tuple[bytes, bytes]] = []
    for item in enclosures:
        number, name = writer.reserve(), pikepdf.String(item.name).unparse()
        file = _embed(writer, item, created, folder)
        told = pikepdf.String(item.description).unparse()
        writer.put(
            number,
            b"<< /Type /Filespec /F %s /UF %s /Desc %s /AFRelationship /%s "
            b"/EF << /F %d 0 R /UF %d 0 R >> >>"
            % (name, name, told, item.relationship.encode(), file, file),
        )
        named.append((name, b"%d 0 R" % number))
    in_order = b" ".join(reference for _, reference in named)
    return in_order, b" ".join(b"%s %s" % one for one in sorted(named))


def _embed(writer: Writer, item: Enclosure, created: datetime, folder: Path) -> int:
    """Write the bytes of one file; packed in a file first, since their count goes before them."""
    number, packer = writer.reserve(), zlib.compressobj()
    size, digest = 0, hashlib.md5(usedforsecurity=False)  # as the standard has it
    with tempfile.TemporaryFile(dir=folder) as packed:
        for piece in _pieces(item.content):
            size += len(piece)
            digest.update(piece)
            packed.write(packer.compress(piece))
        packed.write(packer.flush())
        length = packed.tell()
        packed.seek(0)
        at = created.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ").encode()
        entries = (
            b"/Type /EmbeddedFile /Subtype %s /Params << /Size %d /CheckSum <%s> "
            b"/CreationDate (%s) /ModDate (%s) >> /Filter /FlateDecode"
        ) % (_name(item.media_type), size, digest.hexdigest().encode(), at, at)
        writer.stream(number, entries, length, iter(lambda: packed.read(_PIECE), b""))
    return number


def _pieces(content: bytes | Path) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _name(text: str) -> bytes:
    return pikepdf.Name(f"/{text}").unparse()


def _row(*fields: int) -> bytes:
    return b"".join(one.to_bytes(width, "big") for one, width in zip(fields, _WIDTHS, strict=True))
