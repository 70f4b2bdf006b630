"""Reading a PDF back: the files it carries and the text it shows.

Made for checking our own trails offline. Everything in a stranger's PDF may be wrong, so whatever
goes amiss is one refusal, ``NotReadable``.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from portal.errors import PortalError

if TYPE_CHECKING:
    import pikepdf

T = TypeVar("T")

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_LARGEST = 1 << 30  # of an enclosure, unpacked
_DEEPEST = 8  # forms within forms
_MAPPED = re.compile(
    rb"beginbf(char|range)(.*?)endbf(?:char|range)", re.DOTALL
)  # one block of a ToUnicode map
_TOKEN = re.compile(rb"<([0-9A-Fa-f\s]*)>|\[|\]")
_NEW_LINE = frozenset(("Td", "TD", "T*", "Tm", "ET", "'", '"'))


class NotReadable(PortalError):
    """The file is damaged, encrypted, or no PDF at all."""

    code, title = "pdf-not-readable", "This PDF can't be read"


def enclosures(path: Path) -> list[tuple[str, bytes]]:
    """(name, content) of every file inside, two of one name included. Raises NotReadable.

    One that is there without being named as a file has no name.
    """
    try:
        return _guarded(path, _enclosures)
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

    try:
        with pikepdf.open(path) as pdf:
            return read(pdf)
    except Exception as fault:  # a hostile file may break any assumption of the parser
        raise NotReadable("The PDF is damaged or encrypted and can't be read.") from fault


def _enclosures(pdf: "pikepdf.Pdf") -> list[tuple[str, bytes]]:
    found: dict[tuple[Any, str], bytes] = {}
    loose: dict[Any, bytes] = {}
    for item in pdf.objects:
        if isinstance(item, _types().Dictionary) and "/EF" in item:
            name = str(item.get("/UF", item.get("/F", "")))
            for _form, held in item.EF.items():  # a reader may show any of them
                found[held.objgen, name] = bytes(held.read_bytes())
        elif isinstance(item, _types().Stream) and item.get("/Type") == "/EmbeddedFile":
            loose[item.objgen] = bytes(item.read_bytes())
    named = {place for place, _ in found}
    files = [(name, raw) for (_, name), raw in found.items()]
    return files + [("", raw) for place, raw in loose.items() if place not in named]


def _types() -> Any:
    import pikepdf

    return pikepdf


def _loose_streams(path: Path) -> Iterator[tuple[str, bytes]]:
    """Streams that unpack, of a file too damaged to be opened."""
    for match in _STREAM.finditer(path.read_bytes()):
        try:
            yield "", zlib.decompressobj().decompress(match[1], _LARGEST)
        except zlib.error:
            continue


def _page_text(page: "pikepdf.Page") -> str:
    return "".join(_drawn(page.obj, page.obj.get("/Resources", {}), {}, 0))


def _drawn(content: Any, resources: Any, maps: dict[Any, Any], depth: int) -> Iterator[str]:
    """The text a page or a form draws; ``maps`` keeps the fonts already read."""
    decode: Callable[[bytes], str] = bytes.decode
    fonts, forms = resources.get("/Font", {}), resources.get("/XObject", {})
    for operands, operator in _types().parse_content_stream(content):
        name = str(operator)
        if name == "Tf":
            decode = _font(fonts[str(operands[0])], maps)
        elif name == "Do" and depth < _DEEPEST:
            form = forms[str(operands[0])]
            if form.get("/Subtype") == "/Form":
                yield from _drawn(form, form.get("/Resources", resources), maps, depth + 1)
        if name in _NEW_LINE:
            yield "\n"
        if name in ("Tj", "'", '"'):
            yield decode(bytes(operands[-1]))
        elif name == "TJ":
            strings = (part for part in operands[0] if isinstance(part, _types().String))
            yield "".join(decode(bytes(part)) for part in strings)


def _font(font: Any, maps: dict[Any, Any]) -> Callable[[bytes], str]:
    """How the bytes of a font's strings become text, by its own ToUnicode map."""
    if font.objgen not in maps:
        width = 2 if font.get("/Subtype") == "/Type0" else 1
        table = _unicode_map(bytes(font.ToUnicode.read_bytes())) if "/ToUnicode" in font else {}
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
