"""What a file really is, judged by its bytes; its name and what the browser claims decide nothing.

Nothing is ever unpacked: of archives only the table of contents is read, and that within limits.
"""

import re
import struct
import unicodedata
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import SEEK_END
from typing import Protocol
from urllib.parse import quote

import puremagic
from babel import lists

from portal import language
from portal.errors import PortalError
from portal.language import gettext as _
from portal.language import mark

HEAD = 64 * 1024
_PIECE = 1024 * 1024
_MAX_PARTS = 10_000  # parts of an office document; a real one has some dozens
_MAX_DIRECTORY = 4 * 1024 * 1024
_NAME_LIMIT = 120


class TypeFault(PortalError):
    """The file isn't of a kind that is asked for; the sentence says which would do."""

    status, code, title = 422, "wrong-file-type", mark("This file can’t be taken")


class Seekable(Protocol):
    """A file open for reading, as far as judging needs it."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move to a place."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file people may send: its word, media type, endings, and family.

    Within a family an ending of a sibling is no fault: phones name a HEIC photo ``.jpg``, and
    nobody can tell a list of names from one in CSV by its bytes.
    """

    word: str
    media_type: str
    endings: tuple[str, ...]
    family: str = ""


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
KINDS: dict[str, Kind] = {
    kind.endings[0]: kind
    for kind in (
        Kind("PDF", "application/pdf", ("pdf",)),
        Kind("PNG", "image/png", ("png",), "image"),
        Kind("JPEG", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif"), "image"),
        Kind("GIF", "image/gif", ("gif",), "image"),
        Kind("WebP", "image/webp", ("webp",), "image"),
        Kind("HEIC", "image/heic", ("heic", "heif"), "image"),
        Kind("TIFF", "image/tiff", ("tiff", "tif"), "image"),
        Kind("Word (.docx)", f"{_OOXML}.wordprocessingml.document", ("docx",)),
        Kind("Excel (.xlsx)", f"{_OOXML}.spreadsheetml.sheet", ("xlsx",)),
        Kind("PowerPoint (.pptx)", f"{_OOXML}.presentationml.presentation", ("pptx",)),
        Kind("Word (.doc)", "application/msword", ("doc",)),
        Kind("Excel (.xls)", "application/vnd.ms-excel", ("xls",)),
        Kind("PowerPoint (.ppt)", "application/vnd.ms-powerpoint", ("ppt",)),
        Kind(mark("OpenDocument text (.odt)"), f"{_ODF}.text", ("odt",)),
        Kind(mark("OpenDocument sheet (.ods)"), f"{_ODF}.spreadsheet", ("ods",)),
        Kind(mark("OpenDocument slides (.odp)"), f"{_ODF}.presentation", ("odp",)),
        Kind(mark("rich text (.rtf)"), "application/rtf", ("rtf",)),
        Kind("CSV", "text/csv", ("csv", "tsv"), "text"),
        Kind(mark("plain text"), "text/plain", ("txt", "text", "log", "md"), "text"),
        Kind("JSON", "application/json", ("json",), "text"),
        Kind("XML", "application/xml", ("xml",), "text"),
        Kind("ZIP", "application/zip", ("zip",)),
    )
}
_OF_THE_KIND = mark("a file of the kind %(kind)s")
OPAQUE = "application/octet-stream"
_BY_ENDING = {ending: key for key, kind in KINDS.items() for ending in kind.endings}
_BY_WORD = {
    **_BY_ENDING,
    **{kind.media_type: key for key, kind in KINDS.items()},
}

# Endings that would run or be shown as a page; one of them hidden before the last ending
# (invoice.exe.pdf) is how people are tricked, whatever the bytes are.
_RUNS = frozenset(
    re.findall(
        r"\w+",
        "apk bat cmd cpl dll dmg exe gadget hta htm html jar js jse jsp lnk mht mhtml msi pif php "
        "ps1 reg scr shtml svg swf vb vbe vbs wsf xhtml",
    )
)
# These are found inside honest names (acme.com.pdf), so only the last ending counts.
_RUNS_AS_LAST = _RUNS | {"app", "bash", "com", "command", "pl", "py", "rb", "sh"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"{\\rtf", "rtf"),
)
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"MZ", mark("a Windows program")),
    (b"\x7fELF", mark("a Linux program")),
    (b"\xfe\xed\xfa", mark("a macOS program")),
    (b"\xcf\xfa\xed\xfe", mark("a macOS program")),
    (b"\xce\xfa\xed\xfe", mark("a macOS program")),
    (b"\xca\xfe\xba\xbe", mark("a program")),
    (b"#!", mark("a script")),
    (b"L\x00\x00\x00\x01\x14\x02\x00", mark("a Windows shortcut")),
    (b"Rar!\x1a\x07", mark("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", mark("a 7-Zip archive")),
    (b"\x1f\x8b", mark("a gzip archive")),
    (b"BZh", mark("a bzip2 archive")),
    (b"\xfd7zXZ\x00", mark("an xz archive")),
)
# Whatever is asked for, none of these is taken.
_NEVER = frozenset(
    {label for _magic, label in _FOREIGN if "archive" not in label}
    | {"a web page or script", "an Office file with macros", "a program in an archive"}
    | {"a damaged archive", "a damaged Office file", "empty"}
)
_PAGE = re.compile(
    rb"\A(?:<\?xml[^>]{0,200}\?>|<!--.{0,4000}?-->|\s)*"
    rb"<(?:!doctype\s+(?:html|svg)|html|head|body|script|iframe|svg|style|title|meta|img|link|"
    rb"object|embed|form|base|table|div|p|a|h[1-6]|br|font|span|frameset|math)\b",
    re.IGNORECASE | re.DOTALL,
)
_CODE = re.compile(rb"\A\s*<(?:\?php|\?=|%)", re.IGNORECASE)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_PARTS = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx", "ppt/presentation.xml": "pptx"}
_STREAMS = {
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
}
# What no text holds: control signs other than tab, newline, form feed, return and escape.
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def judge(file: Seekable, claimed_name: str, accept: Iterable[str] = ()) -> str:
    """The media type of a file by its content; raises TypeFault with the sentence.

    ``accept`` holds endings as a definition writes them (``pdf``, ``jpg``); empty means anything
    that neither runs nor is a page. An ending that is not in ``KINDS`` goes by the name, for
    want of knowledge, as ``application/octet-stream``. The name must not contradict the content,
    nor hide its own ending.
    """
    allowed = tuple(dict.fromkeys(_key(word) for word in accept))
    _require_honest_name(claimed_name)
    ending = (_endings(claimed_name) or [""])[-1]
    found, label = _recognise(file, ending)
    shown, kind = safe_name(claimed_name), _(label)
    if label not in _NEVER and _is_opaque(found, ending, allowed):
        return OPAQUE
    if found is None or (allowed and found not in allowed):
        told = _("“%(file)s” is %(kind)s.", file=shown, kind=kind)
        raise TypeFault(f"{_wanted(allowed)} {told}")
    if ending and not _fits(ending, found):
        raise TypeFault(
            _(
                "“%(file)s” is %(kind)s, but its name ends in .%(ending)s. Name it .%(right)s and"
                " send it again.",
                file=shown,
                kind=kind,
                ending=ending,
                right=KINDS[found].endings[0],
            )
        )
    return KINDS[found].media_type


def judge_name(claimed_name: str, accept: Iterable[str] = ()) -> None:
    """Refuse with TypeFault what no content could make right: the name's ending is not asked for.

    For files that take long to arrive; `judge` has the last word.
    """
    allowed = tuple(dict.fromkeys(_key(word) for word in accept))
    _require_honest_name(claimed_name)
    ending = (_endings(claimed_name) or [""])[-1]
    named = _BY_ENDING.get(ending)
    is_wanted = ending in allowed or any(key in KINDS and _fits(ending, key) for key in allowed)
    if ending in _RUNS_AS_LAST or (allowed and named is not None and not is_wanted):
        name = safe_name(claimed_name)
        told = _("The name “%(name)s” ends in .%(ending)s.", name=name, ending=ending)
        raise TypeFault(f"{_wanted(allowed)} {told}")


def _is_opaque(found: str | None, ending: str, allowed: tuple[str, ...]) -> bool:
    """Whether a file is taken for what its name says, since its content tells us nothing."""
    if ending in _RUNS_AS_LAST:
        return False
    return found is None if not allowed else ending in allowed and ending not in KINDS


def safe_name(name: str) -> str:
    """A name to show and to offer for download: no path, no hidden signs, 120 signs at most.

    Quotes, accents and emoji stay as they are: pages escape, headers encode.
    """
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    text = re.split(r"[/\\]", text.replace("\0", ""))[-1]
    text = "".join(sign for sign in text if not _hidden(sign))
    whole = " ".join(text.split())
    text = whole.strip(". ")
    if re.fullmatch(r"\.[^. ]+", whole):
        text = f"file.{text}"  # a name that is all ending, such as .pdf
    if len(text) > _NAME_LIMIT:
        stem, dot, ending = text.rpartition(".")
        keep = f"{dot}{ending}" if stem and len(ending) <= 10 else ""
        text = text[: _NAME_LIMIT - 1 - len(keep)].rstrip(". ") + "…" + keep
    return text or "file"


def content_disposition(name: str) -> str:
    """The header value that offers a download under this name (RFC 6266, RFC 8187)."""
    shown = safe_name(name)
    plain = unicodedata.normalize("NFKD", shown).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^\w .,()+\-\[\]]", "_", plain).strip() or "file"
    value = f'attachment; filename="{plain}"'
    return value if plain == shown else f"{value}; filename*=UTF-8''{quote(shown, safe='')}"


def _key(word: str) -> str:
    word = word.lower().lstrip(".")
    return _BY_WORD.get(word, word)


def _wanted(keys: tuple[str, ...]) -> str:
    if not keys:
        return _("Use a document, a picture or a text.")
    if language.current() == language.SOURCE:
        return f"Use {_either(keys)}."
    told = [_(KINDS[key].word) if key in KINDS else key for key in keys]
    kinds = lists.format_list(told, "or", locale=language.current())
    return _("Use a file of this kind: %(kinds)s.", kinds=kinds)


def _either(keys: tuple[str, ...]) -> str:
    words = [KINDS[key].word if key in KINDS else key for key in keys]
    listed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]
    article = "an" if re.match(r"[AEIOaeio]|X(?:ML)?\b|RTF", listed) else "a"
    return f"{article} {listed} file"


def _require_honest_name(name: str) -> None:
    if any(sign in _BIDI for sign in name):
        raise TypeFault(
            _(
                "The file’s name holds hidden signs that turn its letters around. Rename the file"
                " and send it again."
            )
        )
    hidden = [ending for ending in _endings(name)[:-1] if ending in _RUNS]
    if hidden:
        raise TypeFault(
            _(
                "“%(name)s” has two endings, one of them .%(ending)s. Rename the file so that it"
                " has only its true ending, and send it again.",
                name=safe_name(name),
                ending=hidden[0],
            )
        )


def _endings(name: str) -> list[str]:
    """The dotted parts after the first, lower case, spaces stripped: ``a.exe .pdf``."""
    last = re.split(r"[/\\]", name.replace("\0", ""))[-1]
    return [part.strip().lower() for part in last.strip(". ").split(".")[1:]]


def _fits(ending: str, found: str) -> bool:
    """Whether a name's ending goes with the kind found; an ending nobody knows is none."""
    named = _BY_ENDING.get(ending)
    if named is None:
        return ending not in _RUNS_AS_LAST
    family = KINDS[found].family
    return named == found or (bool(family) and KINDS[named].family == family == "image")


def _hidden(sign: str) -> bool:
    return sign in _BIDI or unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _recognise(file: Seekable, ending: str) -> tuple[str | None, str]:
    """The key in KINDS, or None; and what to call the file in a sentence."""
    file.seek(0)
    head = file.read(HEAD)
    if not head:
        return None, mark("empty")
    for magic, label in _FOREIGN:
        if head.startswith(magic) and not _is_text_after_all(magic, file):
            return None, label
    found = _by_magic(head) or _by_container(head, file)
    if found is not None:
        return (found, _label(found)) if found in KINDS else (None, found)
    if _PAGE.match(_plain(head)) or _CODE.match(_plain(head)):
        return None, mark("a web page or script")
    if _is_text(file):
        return _text_kind(head, ending)
    return None, _best_guess(head)


def _label(key: str) -> str:
    if language.current() != language.SOURCE:
        return _(_OF_THE_KIND, kind=_(KINDS[key].word))
    article = "an" if key in {"xlsx", "xls", "xml", "odt", "ods", "odp"} else "a"
    return f"{article} {KINDS[key].word} file"


def _is_text_after_all(magic: bytes, file: Seekable) -> bool:
    """Two letters are no proof: a list may begin with the word MZ or BZh."""
    return magic in {b"MZ", b"BZh"} and _is_text(file)


def _by_magic(head: bytes) -> str | None:
    for magic, key in _MAGIC:
        if head.startswith(magic):
            return key
    if re.match(rb"%PDF-\d\.\d", head.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return "pdf"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "heic"
    return None


def _by_container(head: bytes, file: Seekable) -> str | None:
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _in_zip(file)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _in_ole(head, file)
    return None


def _in_zip(file: Seekable) -> str:
    """What a ZIP holds, from its table of contents alone."""
    if not _modest_directory(file):
        return "zip"
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            declared = _odf_type(archive)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return mark("a damaged archive")
    if any(name.rsplit("/", 1)[-1].lower() == "vbaproject.bin" for name in names):
        return mark("an Office file with macros")
    if "META-INF/MANIFEST.MF" in names or "AndroidManifest.xml" in names:
        return mark("a program in an archive")
    if declared:
        return declared
    if "[Content_Types].xml" in names:
        return next((key for part, key in _PARTS.items() if part in names), "zip")
    return "zip"


def _odf_type(archive: zipfile.ZipFile) -> str | None:
    """The kind an OpenDocument file declares in its first, uncompressed part."""
    infos = archive.infolist()
    if not infos or infos[0].filename != "mimetype" or infos[0].file_size > 100:
        return None
    if infos[0].compress_type != zipfile.ZIP_STORED or infos[0].flag_bits & 1:
        return None
    declared = archive.read(infos[0]).decode("ascii", "replace")
    return _BY_WORD.get(declared) if declared.startswith(_ODF) else None


def _modest_directory(file: Seekable) -> bool:
    """Whether the archive's table of contents is small enough to be read into memory."""
    size = file.seek(0, SEEK_END)
    file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return True  # zipfile will call it damaged
    entries, directory = struct.unpack_from("<HI", tail, at + 10)
    return bool(entries <= _MAX_PARTS and directory <= _MAX_DIRECTORY)


def _in_ole(head: bytes, file: Seekable) -> str:
    """The old Office format: look for the main stream's name in the first directory sector."""
    if len(head) < 512:
        return mark("a damaged Office file")
    size = 1 << min(struct.unpack_from("<H", head, 30)[0], 12)
    sector = struct.unpack_from("<I", head, 48)[0]
    file.seek((sector + 1) * size)
    directory = file.read(size * 4)
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        if name in _STREAMS:
            return _STREAMS[name]
    return mark("an Office or installer file of an old kind")


def _is_text(file: Seekable) -> bool:
    """Whether every byte can be text, in UTF-8, UTF-16 with its mark, or a Latin code page."""
    file.seek(0)
    first = file.read(_PIECE)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return not _BINARY.search(_plain(first))
    piece = first
    while piece:
        if _BINARY.search(piece):
            return False
        piece = file.read(_PIECE)
    return True


def _plain(head: bytes) -> bytes:
    """The head as UTF-8 without its mark, so that a page in UTF-16 is seen for what it is."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", "replace").encode()
    return head.removeprefix(b"\xef\xbb\xbf")


def _text_kind(head: bytes, ending: str) -> tuple[str, str]:
    """Text is told apart by its name, except where its first sign decides."""
    first = _plain(head).lstrip()[:5]
    named = _BY_ENDING.get(ending, "txt")
    if first == b"<?xml":
        return "xml", _label("xml")
    if named == "xml" or KINDS[named].family != "text":
        named = "txt"
    if named == "json" and first[:1] not in {b"{", b"["}:
        named = "txt"
    return named, _label(named)


def _best_guess(head: bytes) -> str:
    """A word for the sentence; the answer is no either way."""
    try:
        ending = str(puremagic.from_string(head)).lstrip(".")
    except (puremagic.PureError, ValueError, IndexError):
        ending = ""
    if ending.isalnum():
        return _(_OF_THE_KIND, kind=f".{ending}")
    return mark("of a kind the portal can’t tell")
