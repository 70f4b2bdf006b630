"""HTML blocks in, a PDF for the file out: PDF/A-3, the same bytes for the same input.

A document of usual length is laid out in one piece and tagged. A long one is laid out in groups
of some 15 pages and joined, because layout keeps every page of a document in memory; its pages
then get their header and "page x of y" as an overlay, when y is known. A group hands the blocks
of its last, half-full page on to the next group, so that nobody can see where groups met.

Nothing is fetched: only ``data:`` addresses and ``asset:NAME`` for files handed in.
"""

import gc
import io
import logging
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from portal.delivery.pdf_joining import Around, Heading, add_files, join
from portal.delivery.pdf_writing import Enclosure
from portal.errors import PortalError

__all__ = ["PANGO_LINE", "Enclosure", "PdfUnavailable", "Sheet", "probe", "render"]

PANGO_LINE = (
    "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
)
WHOLE_CHARACTERS = 300_000  # up to here in one piece, tagged: a page of events takes some 3,000
GROUP_CHARACTERS = 25_000  # of the first group; the others have as many as make
GROUP_PAGES = 15
_STAMPED_AT_ONCE = 50
_MARGIN_MM = 24
_PX_PER_MM = 96 / 25.4
_MEDIA_TYPES = {".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf", ".png": "image/png"}


class PdfUnavailable(PortalError):
    """The libraries that set the pages are not installed."""

    status, code, title = 503, "pdf-unavailable", "PDFs can't be made here yet"


@dataclass(frozen=True)
class Sheet:
    """What holds for the whole document.

    ``created`` goes into the metadata in place of the clock, and ``identifier`` makes the file's
    name for itself, so that the same input gives the same bytes. ``header`` stands at the top of
    every page, ``numbering`` beside it with ``{page}`` and ``{pages}`` filled in; with the
    ``direction`` ``rtl`` they change sides, as all of the page does. ``css`` may name fonts as
    ``url(asset:NAME)``: a file of ``fonts_dir`` or of ``assets``. A document of more than
    ``tagged_up_to`` characters of HTML is set in groups, and says so by the block ``in_parts``
    behind its first one.
    """

    title: str
    created: datetime
    identifier: bytes
    css: str = ""
    header: str = ""
    numbering: str = "Page {page} of {pages}"
    lang: str = "en"
    direction: Literal["ltr", "rtl"] = "ltr"
    paper: Literal["A4", "Letter"] = "A4"
    enclosures: tuple[Enclosure, ...] = ()
    fonts_dir: Path | None = None
    tagged_up_to: int = WHOLE_CHARACTERS
    in_parts: str = ""
    assets: Mapping[str, bytes] = field(default_factory=dict)


def render(blocks: Iterable[str], sheet: Sheet, into: Path) -> None:
    """Set the blocks one below the other in a new file, temporary files beside it.

    Raises PdfUnavailable where Pango is missing.

    Each block is a piece of escaped HTML that stays on one page where it can: one paragraph, one
    event, a heading with what follows it. They are taken as they come, so a generator keeps a
    long trail out of memory.
    """
    rest = iter(blocks)
    first, size = [], 0
    for block in rest:
        first.append(block)
        size += len(block)
        if size > sheet.tagged_up_to:
            told = [sheet.in_parts] if sheet.in_parts else []
            _in_groups(chain(first[:1], told, first[1:], rest), sheet, into)
            return
    document = _lay_out(first, sheet, header=_running_header(sheet))
    _write(document, sheet, "pdf/a-3a", into)
    add_files(into, _around(sheet))


def probe() -> str:
    """The version of the engine, once it has loaded; raises PdfUnavailable with the remedy."""
    return f"WeasyPrint {_engine().__version__}"


def _engine() -> Any:
    """WeasyPrint, imported here alone: it costs every process that never makes a PDF 30 MiB."""
    # Cut fonts bear the moment of their cutting, which must not depend on the clock.
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    try:
        with redirect_stdout(io.StringIO()):  # it prints a page of advice of its own
            import weasyprint
    except OSError as error:
        raise PdfUnavailable(
            "The libraries that set PDF pages (Pango) are not installed.",
            f"Install them as root: {PANGO_LINE}",
        ) from error
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return weasyprint


def _in_groups(blocks: Iterator[str], sheet: Sheet, into: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="portal-pdf-", dir=into.parent) as folder:
        headings: list[Heading] = []
        paths, total = list[Path](), 0
        for path, count in _groups(blocks, sheet, Path(folder), headings):
            paths.append(path)
            total += count
        join(into, paths, _stamps(total, sheet, Path(folder)), headings, _around(sheet))


def _groups(
    blocks: Iterator[str], sheet: Sheet, folder: Path, headings: list[Heading]
) -> Iterator[tuple[Path, int]]:
    """Lay out some 15 pages at a time, each group to a file; the half-full page is carried on.

    How many characters that takes, each group tells for the next: a page of answers has half as
    many as one of events. Gives each file and how many pages it has, and notes the headings of
    the first rank with the page that each stands on.
    """
    waiting: list[str] = []
    number, pages, ended, size = 0, 0, False, GROUP_CHARACTERS
    while not ended:
        ended = _fill(waiting, blocks, size)
        document = _lay_out(waiting, sheet, named=True)
        kept = len(waiting) if ended else _blocks_on_full_pages(document, len(waiting))
        if kept < len(waiting):
            document = document.copy(document.pages[:-1])
        path = folder / f"group-{number}.pdf"
        _write(document, sheet, "pdf/a-3u", path)
        count = len(document.pages)
        size = sum(map(len, waiting[:kept])) * GROUP_PAGES // count
        for on, page in enumerate(document.pages, pages):
            headings += [
                Heading(told, on, *at) for level, told, at, _state in page.bookmarks if level == 1
            ]
        pages += count
        del document, page, waiting[:kept]
        gc.collect()  # pages refer to each other in circles: they would lie beside the next ones
        number += 1
        yield path, count


def _fill(waiting: list[str], blocks: Iterator[str], wanted: int) -> bool:
    """Top up to that many characters; whether the blocks have come to their end."""
    size = sum(map(len, waiting))
    for block in blocks:
        waiting.append(block)
        size += len(block)
        if size > wanted:
            return False
    return True


def _blocks_on_full_pages(document: Any, count: int) -> int:
    """How many blocks end before the last page; all, where one of them runs on into it."""
    last = document.pages[-1]
    starts = {
        int(name[1:]): box[1] for name, box in last.anchors.items() if re.fullmatch(r"b\d+", name)
    }
    if not starts or len(document.pages) == 1:
        return count
    first = min(starts)
    at_the_top = starts[first] <= _MARGIN_MM * _PX_PER_MM + 1
    return first if at_the_top else count


def _lay_out(
    blocks: Iterable[str],
    sheet: Sheet,
    *,
    header: str = "",
    first: int = 1,
    named: bool = False,
) -> Any:
    """The blocks as pages; ``header`` is the CSS of the page margins, ``first`` the first number.

    The blocks are ``named`` where it matters later on which page each begins.

    The number has to be set by the page itself: an element's counter comes too late for its
    page's margins.
    """
    weasyprint = _engine()
    body = "".join(_marked(block, f' id="b{i}"' if named else "") for i, block in enumerate(blocks))
    page = _PAGE.format(paper=sheet.paper, margin=_MARGIN_MM, header=header, first=first)
    moment = sheet.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    html = (
        f'<!doctype html><html lang="{escape(sheet.lang)}" dir="{sheet.direction}">'
        '<head><meta charset="utf-8">'
        f"<title>{escape(sheet.title)}</title>"
        f'<meta name="dcterms.created" content="{moment}">'
        f'<meta name="dcterms.modified" content="{moment}">'
        f"<style>{page}{sheet.css}</style></head><body>{body}</body></html>"
    )
    return weasyprint.HTML(string=html, url_fetcher=_fetcher(sheet)).render()


def _marked(block: str, name: str) -> str:
    """The block with its name and kept on one page; a lone paragraph needs no box around it.

    Boxes are what the engine's time goes into: without it a trail of events takes half.
    """
    alone = _PARAGRAPH.fullmatch(block)
    if alone is None or "<p" in alone[2]:
        return f'<div class="block"{name}>{block}</div>'
    return f'<p class="block {alone[1]}"{name}>{alone[2]}</p>'


# A paragraph with a class and nothing else to say of itself.
_PARAGRAPH = re.compile(r'\s*<p class="([\w -]+)">(.*)</p>\s*', re.DOTALL)


_PAGE = """
@page {{ size: {paper}; margin: {margin}mm; {header} }}
@page:first {{ counter-reset: page {first}; }}
html {{ font-family: Inter, "DejaVu Sans", sans-serif; font-size: 9.5pt; line-height: 1.45; }}
body {{ margin: 0; }}
table {{ table-layout: fixed; width: 100%; }}
.block {{ break-inside: avoid; }}
"""


def _running_header(sheet: Sheet, *, total: int | None = None) -> str:
    """The page margins' CSS; pages count themselves where the total is not given."""
    pages = "counter(pages)" if total is None else _quoted(str(total))
    words = re.split(r"(\{pages?\})", sheet.numbering)
    counters = {"{page}": "counter(page)", "{pages}": pages}
    numbering = " ".join(counters.get(word) or _quoted(word) for word in words if word)
    look = "font-size: 8pt; color: #444; vertical-align: bottom; padding-bottom: 7mm;"
    look = f"direction: {sheet.direction}; {look}"
    begin, end = ("left", "right") if sheet.direction == "ltr" else ("right", "left")
    return (
        f"@top-{begin} {{ content: {_quoted(sheet.header or sheet.title)}; width: 75%; "
        f"text-align: {begin}; {look} }} "
        f"@top-{end} {{ content: {numbering}; width: 25%; text-align: {end}; {look} }}"
    )


def _stamps(total: int, sheet: Sheet, folder: Path) -> Iterator[Path]:
    """Empty pages with headers, some at a time, as many as there are pages."""
    header = _running_header(sheet, total=total)
    path = folder / "stamps.pdf"
    for start in range(0, total, _STAMPED_AT_ONCE):
        count = min(_STAMPED_AT_ONCE, total - start)
        blanks = ["", *['<p style="break-before: page"></p>'] * (count - 1)]
        document = _lay_out(blanks, sheet, header=header, first=start + 1)
        _write(document, sheet, "pdf/a-3u", path)
        del document
        gc.collect()
        yield path


def _write(document: Any, sheet: Sheet, variant: str, path: Path) -> None:
    document.write_pdf(path, pdf_variant=variant, pdf_identifier=sheet.identifier)


def _around(sheet: Sheet) -> Around:
    return Around(sheet.identifier, sheet.created, sheet.enclosures)


def _fetcher(sheet: Sheet) -> Any:
    """A fetcher that knows ``data:`` and the assets handed in, and refuses all else."""
    weasyprint = _engine()
    from weasyprint.urls import URLFetcherResponse

    class Closed(weasyprint.urls.URLFetcher):  # type: ignore[misc,name-defined]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.startswith("asset:"):
                return super().fetch(url, headers)
            name = url.removeprefix("asset:")
            media_type = _MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream")
            return URLFetcherResponse(url, _asset(name, sheet), {"Content-Type": media_type})

    return Closed(allowed_protocols=["data"], allow_redirects=False)


def _asset(name: str, sheet: Sheet) -> bytes:
    if name in sheet.assets:
        return sheet.assets[name]
    path = sheet.fonts_dir / name if sheet.fonts_dir else None
    if path is None or not re.fullmatch(r"[\w-]+(\.[\w-]+)+", name) or not path.is_file():
        raise ValueError(f"no asset of the name {name}")
    return _unpacked(path) if path.suffix == ".woff2" else path.read_bytes()


@lru_cache(maxsize=8)
def _unpacked(path: Path) -> bytes:
    """A font as it is before it is packed for the web: each page setting would unpack it anew."""
    from fontTools.ttLib import woff2

    out = io.BytesIO()
    woff2.decompress(io.BytesIO(path.read_bytes()), out)
    return out.getvalue()


def _quoted(text: str) -> str:
    """A CSS string that ends neither itself, nor its rule, nor the style element around it."""
    safe = "".join(f"\\{ord(c):x} " if c in '"\\<>&' or ord(c) < 32 else c for c in text)
    return f'"{safe}"'
