"""The customer's own face: name, colour and logo, with colours that can be read.

A brand's colour is taken as it is meant and made as dark, or in dark mode as light, as reading
takes: text in it stands out from its paper, and text upon it from it, at least 4.5 to 1 (WCAG
2.2, success criterion 1.4.3). Lightness moves in OKLCH, which keeps the hue as the eye sees it.
"""

import hashlib
import math
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

LEAST_CONTRAST = 4.5
LARGEST_LOGO = 100_000
LARGEST_PICTURE = 2_000_000
"""Bytes of a picture that a logo is drawn from."""
_WIDEST_PICTURE = 6000
_LOGO_BOX = (640, 200)
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PAPER, _DARK_PAPER = "#ffffff", "#16181c"
_INKS = ("#ffffff", "#14181f")
# A logo much wider than high is a wordmark: it holds the name, which then stands nowhere beside it.
_WORDMARK = 2.2
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}

Rgb = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Palette:
    """The accent and the ink upon it, ``#rrggbb``, on light and on dark paper."""

    accent: str = "#1f4e8c"
    ink: str = "#ffffff"
    dark_accent: str = "#9dc1f5"
    dark_ink: str = "#10141a"


@dataclass(frozen=True)
class Logo:
    """A picture of the brand; ``is_wordmark`` where it says the name itself."""

    content: bytes
    media_type: str
    is_wordmark: bool

    @cached_property
    def digest(self) -> str:
        """What names these very bytes in an address."""
        return hashlib.sha256(self.content).hexdigest()[:16]

    @property
    def fits_mail(self) -> bool:
        """Whether mail programs show it: of the pictures, those they all know."""
        return self.media_type in ("image/png", "image/jpeg")


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose portal it is. Written as text it is its name."""

    name: str
    palette: Palette = Palette()
    logo: Logo | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def style(self) -> str:
        """The style sheet that lays the brand's colours over the house's own; may be empty."""
        own = self.palette
        if own == Palette():
            return ""
        return (
            f":root{{--accent:{own.accent};--accent-ink:{own.ink}}}"
            "@media (prefers-color-scheme:dark)"
            f"{{:root{{--accent:{own.dark_accent};--accent-ink:{own.dark_ink}}}}}"
        )


def palette(colour: str) -> Palette:
    """What a brand's colour becomes. ValueError: a sentence that says what is wrong with it."""
    if not _COLOUR.fullmatch(colour):
        raise ValueError("it is not a colour, expected six figures such as #1f4e8c")
    lightness, chroma, hue = _oklch(_rgb(colour))
    light = _legible(min(lightness, 0.5), chroma, hue, _PAPER, -0.01)
    dark = _legible(max(lightness, 0.76), min(chroma, 0.11), hue, _DARK_PAPER, 0.01)
    return Palette(light, _ink_on(light), dark, _ink_on(dark))


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, from 1 to 21, as WCAG 2.2 counts."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def read_logo(path: Path) -> Logo:
    """The picture in a file. ValueError: what is wrong with it, and what was expected."""
    try:
        content = path.read_bytes()
    except OSError:
        raise ValueError(f"{path} can't be read, expected a picture") from None
    if len(content) > LARGEST_LOGO:
        raise ValueError(f"{path} is larger than 100 kB, expected a small picture")
    if b"<svg" in content[:4000]:
        return Logo(content, "image/svg+xml", _svg_ratio(content) > _WORDMARK)
    return _pixels(path, content)


def take_logo(content: bytes) -> Logo:
    """The logo from a picture that somebody sent, drawn anew as PNG: nothing else of it is kept.

    ValueError: a sentence that says what to send instead. An SVG can carry a program, and is
    taken from the server's own files alone.
    """
    from PIL import Image

    if len(content) > LARGEST_PICTURE:
        raise ValueError("Use a picture up to 2 MB.")
    if b"<svg" in content[:4000].lower():
        raise ValueError("Use a PNG, JPEG or WebP: an SVG can carry a program.")
    try:
        with Image.open(BytesIO(content), formats=tuple(_MEDIA_TYPES)) as picture:
            if max(picture.size) > _WIDEST_PICTURE:
                raise ValueError(f"Use a picture of at most {_WIDEST_PICTURE:,} dots a side.")
            drawn = picture.convert("RGBA")
    except (Image.DecompressionBombError, OSError, SyntaxError, struct.error):
        raise ValueError("This is no picture we know. Use a PNG, JPEG or WebP.") from None
    return _drawn(drawn)


def _drawn(picture: Any) -> Logo:
    """As large as a page ever shows it on a sharp screen, and small enough for every mail."""
    picture.thumbnail(_LOGO_BOX)
    width, height = picture.size
    for colours in (None, 256, 64):
        out = BytesIO()
        shown = picture if colours is None else picture.quantize(colours)
        shown.save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST_LOGO:
            return Logo(out.getvalue(), "image/png", width > height * _WORDMARK)
    raise ValueError("This picture is too full of detail for a logo. Use a simpler one.")


def _pixels(path: Path, content: bytes) -> Logo:
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as picture:
            kind, (width, height) = picture.format, picture.size
    except (Image.DecompressionBombError, OSError, ValueError, struct.error):
        kind = None
    if kind not in _MEDIA_TYPES:
        raise ValueError(f"{path} is no picture we know, expected SVG, PNG, JPEG or WebP")
    return Logo(content, _MEDIA_TYPES[kind], width > height * _WORDMARK)


def _svg_ratio(content: bytes) -> float:
    """Width by height, of the ``viewBox`` where there is one; 1 where nothing tells."""
    head = content[:8000].decode("utf-8", "replace")
    box = re.search(r"viewBox\s*=\s*[\"']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)", head)
    sides = box.groups() if box else re.findall(r"\b(?:width|height)\s*=\s*[\"']([\d.]+)", head)[:2]
    try:
        width, height = (float(side) for side in sides)
        return width / height
    except (ValueError, ZeroDivisionError):
        return 1.0


# Colours


def _legible(lightness: float, chroma: float, hue: float, paper: str, step: float) -> str:
    """The colour, moved away from its paper until it can be read there."""
    while True:
        colour = _hex(_in_gamut(lightness, chroma, hue))
        if contrast(colour, paper) >= LEAST_CONTRAST and _best_ink(colour) >= LEAST_CONTRAST:
            return colour
        lightness += step


def _ink_on(colour: str) -> str:
    return max(_INKS, key=lambda ink: contrast(colour, ink))


def _best_ink(colour: str) -> float:
    return contrast(colour, _ink_on(colour))


def _in_gamut(lightness: float, chroma: float, hue: float) -> Rgb:
    """The colour with as much of its chroma as a screen can show."""
    while True:
        rgb = _from_oklch(lightness, chroma, hue)
        if chroma <= 0 or all(-1e-4 <= part <= 1.0001 for part in rgb):
            return rgb
        chroma = max(0.0, chroma - 0.002)


def _rgb(colour: str) -> Rgb:
    """Linear light, each from 0 to 1 (IEC 61966-2-1)."""
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _hex(rgb: Rgb) -> str:
    return "#" + "".join(f"{round(255 * _encoded(min(max(part, 0.0), 1.0))):02x}" for part in rgb)


def _encoded(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _luminance(rgb: Rgb) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def _oklch(rgb: Rgb) -> Rgb:
    """Lightness, chroma and hue (radians); the matrices are those of Björn Ottosson's Oklab."""
    red, green, blue = rgb
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    mid = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * mid - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * mid + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * mid - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _from_oklch(lightness: float, chroma: float, hue: float) -> Rgb:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )
