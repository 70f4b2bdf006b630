"""Brings what was set together: groups of pages into one document, files into a document.

Nothing is held as a whole: one group is open at a time, and goes into the file before the next.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pikepdf

from portal.delivery.pdf_writing import Copy, Enclosure, Writer, enclose

_PT_PER_PX = 72 / 96
_TAIL = 1024
_STARTS_AT = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_NOT_TAKEN = ("/Pages", "/Outlines", "/Names")  # of the first group: it knows its own pages alone


@dataclass(frozen=True, slots=True)
class Heading:
    """A bookmark: its words, its page counted from 0, and its place on the page in px."""

    words: str
    page: int
    left: float
    top: float


@dataclass(frozen=True, slots=True)
class Around:
    """What goes with the pages; ``identifier`` is the document's name for good."""

    identifier: bytes
    created: datetime
    enclosures: Sequence[Enclosure] = ()


def join(
    into: Path,
    groups: Sequence[Path],
    stamps: Iterable[Path],
    headings: Sequence[Heading],
    around: Around,
) -> None:
    """Write the pages of all groups, each with a page of ``stamps`` laid over it, in order."""
    with into.open("wb") as file:
        writer = Writer(file)
        tree = writer.reserve()
        overlays, pages, height = _overlays(writer, stamps), list[int](), 0.0
        for path in groups:
            with pikepdf.open(path) as group:
                height = float(group.pages[0].mediabox[3])
                pages += _take_pages(group, writer, tree, overlays)
        kids = b" ".join(b"%d 0 R" % one for one in pages)
        writer.put(tree, b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (len(pages), kids))
        outline = _write_outline(writer, headings, pages, height)
        related, named = enclose(writer, around.enclosures, around.created, into.parent)
        with pikepdf.open(groups[0]) as first:
            copy = Copy(first, writer)
            for key in _NOT_TAKEN:
                if key in first.Root:
                    del first.Root[key]
            tied = b" /Pages %d 0 R%s%s" % (tree, outline, _files(related, b"", named))
            root = writer.reserve()
            writer.put(root, copy.body(first.Root)[:-2] + tied.lstrip() + b" >>")
            info = b"/Info %d 0 R" % copy.of(first.trailer.Info)
            copy.finish()
        writer.close(root, info, around.identifier)


def add_files(path: Path, around: Around) -> None:
    """Put files into a document that is whole: one more revision behind it."""
    if not around.enclosures:
        return
    with pikepdf.open(path) as document:
        trailer, names = document.trailer, document.Root.get("/Names")
        first, info = int(trailer.Size), trailer.Info.unparse()
        identifier = bytes(trailer.ID[0])
        kept = b"" if names is None else names.unparse(resolved=True)[2:-2].strip()
        if names is not None:
            del document.Root["/Names"]
        root = document.Root.unparse(resolved=True)[:-2]
    with path.open("r+b") as file:
        writer = Writer(file, first=first, prev=_start_of_table(file))
        related, named = enclose(writer, around.enclosures, around.created, path.parent)
        number = writer.reserve()
        writer.put(number, root + _files(related, kept, named).lstrip() + b" >>")
        writer.close(number, b"/Info " + info, identifier)


def _take_pages(
    group: pikepdf.Pdf, writer: Writer, tree: int, overlays: Iterator[int]
) -> Iterator[int]:
    """Copy the pages of a group; their numbers in the new file."""
    copy = Copy(group, writer)
    numbers = [copy.of(page.obj) for page in group.pages]
    for number, page in zip(numbers, group.pages, strict=True):
        _lay_over(group, page, copy, number, next(overlays))
        del page.obj["/Parent"]
        page.obj.Parent = _stand_in(group, copy, tree)
    copy.finish()
    yield from numbers


def _lay_over(
    group: pikepdf.Pdf, page: pikepdf.Page, copy: Copy, number: int, overlay: int
) -> None:
    """Draw a form over a page.

    Its name has the page's number, since the pages of a group share their resources.
    """
    form = _stand_in(group, copy, overlay)
    name = page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name(f"/PortalStamp{number}"))
    page.contents_add(b"q", prepend=True)
    page.contents_add(f"Q q {name} Do Q".encode())


def _stand_in(group: pikepdf.Pdf, copy: Copy, number: int) -> pikepdf.Object:
    """What can be named in a group and has that number in the new file."""
    made = group.make_indirect(pikepdf.Stream(group, b""))
    copy.is_number(made, number)
    return made


def _overlays(writer: Writer, stamps: Iterable[Path]) -> Iterator[int]:
    """The pages of the stamps as forms, each written when it is asked for."""
    for path in stamps:
        with pikepdf.open(path) as stamp:
            copy = Copy(stamp, writer)
            for page in stamp.pages:
                number = copy.of(page.as_form_xobject())
                copy.finish()
                yield number


def _write_outline(
    writer: Writer, headings: Sequence[Heading], pages: Sequence[int], height: float
) -> bytes:
    """The headings as bookmarks; what the root says of them."""
    if not headings:
        return b""
    root, items = writer.reserve(), [writer.reserve() for _ in headings]
    for at, (number, heading) in enumerate(zip(items, headings, strict=True)):
        left, top = heading.left * _PT_PER_PX, height - heading.top * _PT_PER_PX
        beside = b"".join(
            b" /%s %d 0 R" % (word, items[other])
            for word, other in ((b"Prev", at - 1), (b"Next", at + 1))
            if 0 <= other < len(items)
        )
        place = b"[ %d 0 R /XYZ %.2f %.2f 0 ]" % (pages[heading.page], left, top)
        words = pikepdf.String(heading.words).unparse()
        body = b"<< /Title %s /Parent %d 0 R%s /Dest %s >>" % (words, root, beside, place)
        writer.put(number, body)
    told = (items[0], items[-1], len(items))
    writer.put(root, b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % told)
    return b" /Outlines %d 0 R" % root


def _files(related: bytes, kept: bytes, named: bytes) -> bytes:
    """What a root says of the files in its document; ``kept`` are its other names."""
    if not related:
        return b""
    names = b"<< %s /EmbeddedFiles << /Names [ %s ] >> >>" % (kept, named)
    return b" /AF [ %s ] /Names %s" % (related, names)


def _start_of_table(file: Any) -> int:
    """Where the newest cross-reference of a PDF begins."""
    file.seek(max(0, file.seek(0, 2) - _TAIL))
    found = _STARTS_AT.search(file.read())
    if found is None:
        raise ValueError("a PDF ends with the place of its cross-reference")
    return int(found[1])
