"""Paints a file as pictures of its pages, or takes out its text: a program of its own.

It is started by ``renditions.build`` as ``python -I painter.py KIND OUT`` with the file as its
standard input, and knows nothing of the portal: no settings, no keys, no database. What people
send may be made to crash, to hang or to eat memory; here that ends this process and nothing else.
PDFium comes without V8 and XFA, so that no script in a document is ever run.

It prints one JSON object: ``kind`` (``pages``, ``text`` or ``none``), ``why`` for none,
``total`` pages in the file, and ``pages`` as ``[width, height, full width, full height]`` of what
was written to ``OUT`` as ``1.webp`` and ``1-full.webp``, or ``text.txt``. Pictures hold nothing
but pixels: no metadata, no layers, no bytes of the file they were made from.
"""

import contextlib
import ctypes
import io
import json
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, ImageOps

READING, FULL = 960, 1600
"""Widths in pixels: beside the text of a page on any screen, and to look closely."""
MOST_PAGES = 200
MOST_PIXELS = 12_000_000
"""Of one picture that is written."""
MOST_DECODED = 50_000_000
"""Of a picture that is read; a phone's largest has 50 million. A JPEG is read smaller."""
MOST_DECODED_JPEG = 200_000_000
MOST_TEXT = 200_000
SECONDS, CPU_SECONDS, MEMORY = 400, 150, 1_000_000_000
PAINTING_SECONDS = 120
"""Of computing; then no further page is begun, those that are done are shown, and it is said."""
MOST_BYTES, MOST_BYTES_IN_ALL = 40_000_000, 100_000_000
"""Of one picture that is written, and of all of a file before no further page is begun."""
_QUALITY = 78
_FORMATS = {"png": "PNG", "jpeg": "JPEG", "gif": "GIF", "webp": "WEBP", "tiff": "TIFF"}
_PASSWORD = 4  # FPDF_ERR_PASSWORD


class CannotBeShown(Exception):
    """Why not, in one word: ``broken``, ``locked``, ``large``, ``empty``."""


def main(kind: str, out: Path) -> dict[str, Any]:
    """Paint standard input; what is printed."""
    _limit()
    try:
        if kind == "text":
            return _text(out)
        pages, total = _pdf() if kind == "pdf" else _pictures(_FORMATS[kind])
        return {"kind": "pages", "why": "", **_paint(pages, total, out)}
    except CannotBeShown as refused:
        return _none(str(refused))
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _none("large")
    except Exception:
        return _none("broken")


def _none(why: str) -> dict[str, Any]:
    return {"kind": "none", "why": why, "total": 0, "pages": []}


def _limit() -> None:
    """Bound memory, time and what is written; end with whoever started this."""
    os.nice(10)
    signal.alarm(SECONDS)
    for which, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, MOST_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower limit stands already
            resource.setrlimit(which, (most, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_DECODED_JPEG


def _paint(pages: Iterator[Image.Image], total: int, out: Path) -> dict[str, Any]:
    """Write each page in two widths, as many as there is time for."""
    until = time.process_time() + PAINTING_SECONDS
    sizes: list[list[int]] = []
    written = 0
    for number, page in enumerate(pages, start=1):
        full = _within(page, FULL)
        small = _within(full, READING)
        for picture, name in ((small, f"{number}.webp"), (full, f"{number}-full.webp")):
            picture.info.clear()
            picture.save(out / name, "WEBP", quality=_QUALITY, method=2)
            written += (out / name).stat().st_size
        sizes.append([*small.size, *full.size])
        if number == MOST_PAGES or time.process_time() > until or written > MOST_BYTES_IN_ALL:
            break
    if not sizes:
        raise CannotBeShown("empty")
    return {"total": max(total, len(sizes)), "pages": sizes}


def _within(picture: Image.Image, width: int) -> Image.Image:
    """The picture no wider than that; never enlarged, and never of more pixels than is sane."""
    share = min(1.0, width / picture.width, (MOST_PIXELS / picture.width / picture.height) ** 0.5)
    # WebP takes 16 383 pixels in either direction.
    share = min(share, 16_000 / max(picture.size))
    if share == 1.0:
        return picture.copy()
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


# Pictures


def _pictures(format_: str) -> tuple[Iterator[Image.Image], int]:
    """The pictures of a file; of a TIFF each of its pages, of what moves the first."""
    picture = Image.open(sys.stdin.buffer, formats=[format_])
    total = getattr(picture, "n_frames", 1) if format_ == "TIFF" else 1
    return _frames(picture, total), total


def _frames(picture: Image.Image, total: int) -> Iterator[Image.Image]:
    for number in range(total):
        if number:
            picture.seek(number)
        is_jpeg = picture.format == "JPEG"
        pixels = picture.width * picture.height
        if pixels > (MOST_DECODED_JPEG if is_jpeg else MOST_DECODED):
            raise CannotBeShown("large")
        if is_jpeg:
            picture.draft("RGB", (FULL, FULL))
        yield _plain(ImageOps.exif_transpose(picture))


def _plain(picture: Image.Image) -> Image.Image:
    """On white and in sRGB, whatever it was in; with its pixels alone."""
    profile = picture.info.get("icc_profile")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        picture = Image.new("RGB", clear.size, "white")
        picture.paste(clear, mask=clear.getchannel("A"))
    elif picture.mode.startswith("I;16") or picture.mode == "I":
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.mode not in ("L", "RGB", "CMYK"):
        picture = picture.convert("RGB")
    return _in_srgb(picture, profile)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            told = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB")
            if told is not None:
                return told
    return picture.convert("RGB")


# PDF


def _pdf() -> tuple[Iterator[Image.Image], int]:
    """The pages of a PDF as they print: with what is filled in and noted on them."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer)
        total = len(document)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == _PASSWORD
        raise CannotBeShown("locked" if locked else "broken") from error
    if document.get_formtype() != 0:
        document.init_forms()
    return _pages(document, total), total


def _pages(document: Any, total: int) -> Iterator[Image.Image]:
    for number in range(total):
        page = document[number]
        width, height = page.get_size()
        if width <= 0 or height <= 0:
            raise CannotBeShown("broken")
        scale = min(
            FULL / width, (MOST_PIXELS / width / height) ** 0.5, 16_000 / max(width, height)
        )
        bitmap = page.render(scale=scale, rev_byteorder=True)
        yield bitmap.to_pil().convert("RGB")
        bitmap.close()
        page.close()


# Text


def _text(out: Path) -> dict[str, Any]:
    data = sys.stdin.buffer.read(MOST_TEXT + 1)
    text, is_cut = _decoded(data[:MOST_TEXT]), len(data) > MOST_TEXT
    if not text.strip():
        raise CannotBeShown("empty")
    (out / "text.txt").write_text(text, encoding="utf-8", newline="")
    return {"kind": "text", "why": "", "total": 2 if is_cut else 1, "pages": []}


def _decoded(data: bytes) -> str:
    """The text in what it seems to be written in; line ends as one sign."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"),
                           (b"\xfe\xff", "utf-16")):  # fmt: skip
        if data.startswith(mark):
            return _lines(data.decode(encoding, "replace"))
    try:
        return _lines(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the last letter was cut
            return _lines(data[: error.start].decode("utf-8"))
        return _lines(data.decode("cp1252", "replace"))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
