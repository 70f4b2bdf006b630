"""The papers people send in the demo: real PDFs and photos of paper on a table, made here.

They are small on purpose and made without a layout engine, so that some sixty of them cost less
than some seconds.
"""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_A4 = (595, 842)
_FONTS = {"r": "Helvetica", "b": "Helvetica-Bold", "s": "Times-Italic"}
_PHOTO = (1280, 960)


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on one sheet: who issued it, what it is, and its lines (label, value)."""

    issuer: str
    place: str
    title: str
    lines: Sequence[tuple[str, str]]
    text: Sequence[str] = ()
    signed: str = ""


def pdf(paper: Paper, more: Sequence[Paper] = ()) -> bytes:
    """A PDF with one page for each sheet."""
    return _file([_page(sheet) for sheet in (paper, *more)], paper.title)


def photo(paper: Paper, rng: Random, *, blurred: bool = False) -> bytes:
    """A JPEG of the sheet on a table, as a telephone takes it; ``blurred`` past reading."""
    table = _table(rng)
    sheet = _sheet(paper).rotate(rng.uniform(-5, 5), Image.Resampling.BILINEAR, expand=True)
    place = (rng.randint(300, 420), rng.randint(-40, 10))
    shadow = Image.new("L", table.size, 0)
    shadow.paste(sheet.getchannel("A").point(lambda a: a * 5 // 10), (place[0] + 10, place[1] + 14))
    shadow = shadow.filter(ImageFilter.GaussianBlur(14))
    table.paste((25, 18, 12), (0, 0), shadow)
    table.paste(sheet, place, sheet)
    width, height = table.size
    lean = rng.randint(20, 60)
    corners = (lean, 10, 0, height, width, height - 8, width - lean, 0)
    tilted = table.transform(_PHOTO, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    lit = ImageChops.multiply(tilted, _light(rng))
    lit = lit.filter(ImageFilter.GaussianBlur(9 if blurred else 0.6))
    return _jpeg(lit)


def _jpeg(picture: Image.Image) -> bytes:
    noise = Image.effect_noise(picture.size, 9).convert("RGB")
    grained = ImageChops.add(picture, noise, scale=1.0, offset=-128)
    exif = Image.Exif()
    exif[0x0112] = 1  # orientation: upright, as telephones write it
    out = io.BytesIO()
    grained.save(out, "JPEG", quality=76, exif=exif)
    return out.getvalue()


# The photo


def _table(rng: Random) -> Image.Image:
    """Wood: bands of brown drawn lengthwise, softened along the grain."""
    width, height = _PHOTO
    tone = rng.choice([(150, 106, 70), (112, 78, 54), (176, 140, 104)])
    grain = Image.new("L", (8, height))
    grain.putdata([rng.randint(96, 160) for _ in range(8 * height)])
    grain = grain.resize((width, height), Image.Resampling.BICUBIC)
    grain = grain.filter(ImageFilter.GaussianBlur(1.4))
    bands = [grain.point(lambda g, t=part: min(255, g * t // 128)) for part in tone]
    return Image.merge("RGB", bands)


def _light(rng: Random) -> Image.Image:
    """Light from a window at one side, falling off to the other."""
    size = (16, 12)
    from_left = rng.random() < 0.5
    shades = []
    for y in range(size[1]):
        for x in range(size[0]):
            away = (x if from_left else size[0] - x) / size[0] + y / size[1] / 3
            shades.append(int(255 - 90 * away))
    small = Image.new("L", size)
    small.putdata(shades)
    return small.resize(_PHOTO, Image.Resampling.BICUBIC).convert("RGB")


def _sheet(paper: Paper) -> Image.Image:
    """The sheet seen straight from above, some 80 dots an inch."""
    sheet = Image.new("RGBA", (640, 905), (246, 244, 238, 255))
    draw = ImageDraw.Draw(sheet)
    ink = (44, 44, 52, 255)
    draw.text((56, 54), paper.issuer, ink, _font(23))
    draw.text((56, 86), paper.place, (96, 96, 104, 255), _font(14))
    draw.line((56, 118, 584, 118), ink, 2)
    draw.text((56, 150), paper.title, ink, _font(26))
    y = 214
    for label, value in paper.lines:
        draw.text((56, y), label, (96, 96, 104, 255), _font(15))
        draw.text((284, y), value, ink, _font(16))
        y += 32
    for line in paper.text:
        draw.text((56, y + 22), line, ink, _font(15))
        y += 24
    draw.text((56, 790), paper.signed, (32, 44, 120, 255), _font(24))
    return sheet


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


# The PDF


def _page(paper: Paper) -> bytes:
    """The drawing of one A4 page in PDF's own operators."""
    ops = [
        _text("b", 17, 62, 770, paper.issuer),
        _text("r", 9.5, 62, 754, paper.place),
        "0.6 w 62 742 m 533 742 l S",
        _text("b", 20, 62, 696, paper.title),
    ]
    y = 656.0
    for label, value in paper.lines:
        ops += [_text("r", 10, 62, y, label), _text("r", 11, 232, y, value)]
        ops.append(f"0.2 w 0.8 G 62 {y - 7:.1f} m 533 {y - 7:.1f} l S 0 G")
        y -= 24
    for line in paper.text:
        ops.append(_text("r", 10.5, 62, y - 16, line))
        y -= 16
    if paper.signed:
        ops += [_text("s", 22, 62, 124, paper.signed), "0.4 w 62 112 m 262 112 l S"]
        ops.append(_text("r", 8.5, 62, 100, "This copy was issued electronically."))
    return "\n".join(ops).encode("cp1252", "replace")


def _text(font: str, size: float, x: float, y: float, words: str) -> str:
    safe = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {x} {y:.1f} Td ({safe}) Tj ET"


@dataclass
class _Objects:
    """The numbered objects of a PDF, and the file they make."""

    bodies: list[bytes] = field(default_factory=list)

    def add(self, body: str | bytes) -> int:
        """Append an object; its number."""
        self.bodies.append(body if isinstance(body, bytes) else body.encode("cp1252"))
        return len(self.bodies)

    def file(self, root: int, info: int) -> bytes:
        """The whole file, with its table of places at the end."""
        out = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
        places = []
        for number, body in enumerate(self.bodies, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        table = b"".join(b"%010d 00000 n \n" % place for place in places)
        size = len(self.bodies) + 1
        end = b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>" % (size, root, info)
        head = b"xref\n0 %d\n0000000000 65535 f \n" % size
        return out + head + table + end + b"\nstartxref\n%d\n%%%%EOF\n" % len(out)


def _file(pages: Sequence[bytes], title: str) -> bytes:
    objects = _Objects()
    fonts = " ".join(
        f"/{key} {objects.add(_font_object(name))} 0 R" for key, name in _FONTS.items()
    )
    tree = len(objects.bodies) + 2 * len(pages) + 1
    kids = []
    for drawing in pages:
        packed = zlib.compress(drawing)
        stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed)
        content = objects.add(stream + packed + b"\nendstream")
        kids.append(
            objects.add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {_A4[0]} {_A4[1]}] "
                f"/Resources << /Font << {fonts} >> >> /Contents {content} 0 R >>"
            )
        )
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects.add(f"<< /Type /Pages /Kids [{listed}] /Count {len(kids)} >>")
    root = objects.add(f"<< /Type /Catalog /Pages {tree} 0 R >>")
    safe = title.encode("cp1252", "replace").decode("cp1252").translate({40: None, 41: None})
    return objects.file(root, objects.add(f"<< /Title ({safe}) >>"))


def _font_object(name: str) -> str:
    return f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
