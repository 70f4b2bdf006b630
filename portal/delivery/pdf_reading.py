"""Reading a PDF back: the files it carries and the text it shows.

Made for checking our own trails offline. Everything in a stranger's PDF may be wrong, so whatever
goes amiss is one refusal, ``NotReadable``.
"""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from portal.errors import PortalError
from portal.ledger.seals import streams

if TYPE_CHECKING:
    import pikepdf

T = TypeVar("T")

_LARGEST = 1 << 29  # of all enclosures, unpacked
_LARGEST_PAGE = 1 << 24  # of what one page or form draws, and of the map of a font
_MOST_FORMS = 10_000  # drawn on a page
_TOO_MUCH = "The PDF unpacks to more than any audit trail holds."
# What the parser unpacks by itself, of one object stream or table. Packed in each other, a few
# bytes come to any number; ours are packed once.
_LIMITS: dict[str, Any] = {
    "flate_max_memory": _LARGEST_PAGE, "png_max_memory": _LARGEST_PAGE,
    "run_length_max_memory": _LARGEST_PAGE, "tiff_max_memory": _LARGEST_PAGE,
    "max_stream_filters": 1,
}  # fmt: skip
_REFUSED_BY_LIMIT = re.compile(r"limit exceeded|limits error|unfilterable|bad_alloc")
# Objects take many times the bytes that they are told in, and there may be any number of streams
# of them. Beside what a trail may carry, memory for so many times the file.
_TIMES_THE_FILE = 16
_DEEPEST = 8  # forms within forms
_MAPPED = re.compile(
    rb"beginbf(char|range)(.*?)endbf(?:char|range)", re.DOTALL
)  # one block of a ToUnicode map
_TOKEN = re.compile(rb"<([0-9A-Fa-f\s]*)>|\[|\]")
_NEW_LINE = frozenset(("Td", "TD", "T*", "Tm", "ET", "'", '"'))


class NotReadable(PortalError):
    """The file is damaged, encrypted, or no PDF at all."""

    code, title = "pdf-not-readable", "This PDF can't be read"


class _TooMuch(NotReadable):
    """It would not end: nothing of the file is looked at."""


def enclosures(path: Path) -> list[tuple[str, bytes]]:
    """(name, content) of every file inside, two of one name included. Raises NotReadable.

    One that is there without being named as a file has no name.
    """
    try:
        return _guarded(path, _enclosures)
    except _TooMuch:
        raise
    except NotReadable:
        found = list(_loose_streams(path))
        if not found:
            raise
        return found


def text(path: Path) -> str:
    """What the pages show, in order of drawing, a line break at every move. Raises NotReadable."""
    return _guarded(path, lambda pdf: "\n".join(map(_page_text, pdf.pages)))


def language(path: Path) -> str:
    """The language that the file says it is in; English where it says nothing."""
    return _guarded(path, lambda pdf: str(pdf.Root.get("/Lang", "en")))


def _guarded(path: Path, read: "Callable[[pikepdf.Pdf], T]") -> T:
    import pikepdf
    from pikepdf import settings

    before: dict[str, Any] = settings.set_qpdf_limits(**_LIMITS)
    try:
        with _little_memory(path), pikepdf.open(path) as pdf:
            try:
                return read(pdf)
            finally:
                _require_bounded(pdf.get_warnings())
    except NotReadable:
        raise
    except Exception as fault:  # a hostile file may break any assumption of the parser
        _require_bounded(["bad_alloc" if isinstance(fault, MemoryError) else fault])
        raise NotReadable("The PDF is damaged or encrypted and can't be read.") from fault
    finally:
        settings.set_qpdf_limits(**before)


@contextmanager
def _little_memory(path: Path) -> Iterator[None]:
    """Have the system give this process what a file of that size needs, where it counts memory."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = used + _LARGEST + _TIMES_THE_FILE * path.stat().st_size
    if soft != resource.RLIM_INFINITY:
        most = min(most, soft)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _require_bounded(told: Iterable[object]) -> None:
    """Refuse a file of which the parser left out what would unpack to too much.

    To the parser it is one more damage, and what lay there is nothing.
    """
    if any(_REFUSED_BY_LIMIT.search(str(one)) for one in told):
        raise _TooMuch(_TOO_MUCH)


def _enclosures(pdf: "pikepdf.Pdf") -> list[tuple[str, bytes]]:
    found: dict[tuple[Any, str], bytes] = {}
    loose: dict[Any, bytes] = {}
    read: dict[Any, bytes] = {}

    def held_in(stream: Any) -> bytes:
        left = _LARGEST - sum(map(len, read.values()))
        if stream.objgen not in read:
            read[stream.objgen] = _unpacked(stream, left)
        return read[stream.objgen]

    for item in pdf.objects:
        if isinstance(item, _types().Dictionary) and "/EF" in item:
            name = str(item.get("/UF", item.get("/F", "")))
            for _form, held in item.EF.items():  # a reader may show any of them
                found[held.objgen, name] = held_in(held)
        elif isinstance(item, _types().Stream) and item.get("/Type") == "/EmbeddedFile":
            loose[item.objgen] = held_in(item)
    named = {place for place, _ in found}
    files = [(name, raw) for (_, name), raw in found.items()]
    return files + [("", raw) for place, raw in loose.items() if place not in named]


def _unpacked(stream: Any, most: int) -> bytes:
    """The bytes of a stream, packed as in our own files or not at all, ``most`` of them.

    NotReadable for any other: a few bytes can unpack to more than any memory holds.
    """
    kinds = stream.get("/Filter", [])
    kinds = [str(kind) for kind in ([kinds] if isinstance(kinds, _types().Name) else kinds)]
    raw = bytes(stream.read_raw_bytes())
    if kinds == ["/FlateDecode"] and "/DecodeParms" not in stream:
        raw = zlib.decompressobj().decompress(raw, most + 1)
    elif kinds:
        raise NotReadable("The PDF is packed otherwise than an audit trail.")
    if len(raw) > most:
        raise _TooMuch(_TOO_MUCH)
    return raw


def _types() -> Any:
    import pikepdf

    return pikepdf


def _loose_streams(path: Path) -> Iterator[tuple[str, bytes]]:
    """Streams that unpack, of a file too damaged to be opened."""
    left = _LARGEST
    for packed in streams(path.read_bytes()):
        try:
            found = zlib.decompressobj().decompress(packed, left + 1)
        except zlib.error:
            continue
        left -= len(found)
        if left < 0:
            raise NotReadable(_TOO_MUCH)
        yield "", found


def _page_text(page: "pikepdf.Page") -> str:
    return "".join(_drawn(page.obj, page.obj.get("/Resources", {}), {}, [_MOST_FORMS], 0))


def _drawn(
    content: Any, resources: Any, maps: dict[Any, Any], left: list[int], depth: int
) -> Iterator[str]:
    """The text a page or a form draws; ``maps`` keeps the fonts already read.

    ``left`` is how many forms it may still draw: each may draw the next one many times.
    """
    _require_small(content)
    decode: Callable[[bytes], str] = bytes.decode
    fonts, forms = resources.get("/Font", {}), resources.get("/XObject", {})
    for operands, operator in _types().parse_content_stream(content):
        name = str(operator)
        if name == "Tf":
            decode = _font(fonts[str(operands[0])], maps)
        elif name == "Do" and depth < _DEEPEST:
            form = forms[str(operands[0])]
            if form.get("/Subtype") == "/Form":
                left[0] -= 1
                if left[0] < 0:
                    raise NotReadable("The PDF draws more than any audit trail.")
                yield from _drawn(form, form.get("/Resources", resources), maps, left, depth + 1)
        if name in _NEW_LINE:
            yield "\n"
        if name in ("Tj", "'", '"'):
            yield decode(bytes(operands[-1]))
        elif name == "TJ":
            strings = (part for part in operands[0] if isinstance(part, _types().String))
            yield "".join(decode(bytes(part)) for part in strings)


def _require_small(content: Any) -> None:
    """Refuse with NotReadable a page or form of more than a page can be."""
    held = content if isinstance(content, _types().Stream) else content.get("/Contents", [])
    parts = [held] if isinstance(held, _types().Stream) else held
    left = _LARGEST_PAGE
    for part in parts:
        left -= len(_unpacked(part, left))


def _font(font: Any, maps: dict[Any, Any]) -> Callable[[bytes], str]:
    """How the bytes of a font's strings become text, by its own ToUnicode map."""
    if font.objgen not in maps:
        width = 2 if font.get("/Subtype") == "/Type0" else 1
        table = (
            _unicode_map(_unpacked(font.ToUnicode, _LARGEST_PAGE)) if "/ToUnicode" in font else {}
        )
        maps[font.objgen] = lambda raw: "".join(
            table.get(code, chr(code) if width == 1 else "") for code in _codes(raw, width)
        )
    found: Callable[[bytes], str] = maps[font.objgen]
    return found


def _codes(raw: bytes, width: int) -> Iterator[int]:
    return (int.from_bytes(raw[at : at + width], "big") for at in range(0, len(raw), width))


def _unicode_map(source: bytes) -> dict[int, str]:
    table: dict[int, str] = {}
    for kind, block in _MAPPED.findall(source):
        tokens = list(_TOKEN.finditer(block))
        if kind == b"char":
            parts = [_hex(match) for match in tokens]
            table.update(
                (int.from_bytes(code, "big"), to.decode("utf-16-be", "replace"))
                for code, to in zip(parts[::2], parts[1::2], strict=False)
            )
        else:
            table.update(_ranges(tokens))
    return table


def _ranges(tokens: "list[re.Match[bytes]]") -> Iterator[tuple[int, str]]:
    """The pairs of `<first> <last> <text>` and `<first> <last> [<text> <text> …]`."""
    at = 0
    while at + 2 < len(tokens):
        first, last = (int.from_bytes(_hex(token), "big") for token in tokens[at : at + 2])
        at += 2
        if tokens[at][0] == b"[":
            at += 1
            while at < len(tokens) and tokens[at][0] != b"]":
                yield first, _hex(tokens[at]).decode("utf-16-be", "replace")
                first, at = first + 1, at + 1
        else:
            start = _hex(tokens[at])
            for step in range(min(last - first + 1, 0x10000)):
                code = int.from_bytes(start, "big") + step
                yield first + step, code.to_bytes(len(start), "big").decode("utf-16-be", "replace")
        at += 1


def _hex(token: "re.Match[bytes]") -> bytes:
    return bytes.fromhex((token[1] or b"").decode())
