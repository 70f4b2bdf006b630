"""Files that people send, honest ones and others, made anew for each test."""

import io
import struct
import zlib

import pikepdf
from PIL import Image, ImageDraw


def pdf(pages: int = 1, *, password: str = "", script: str = "") -> bytes:
    """A PDF of that many pages, each with a black bar; with a script that it would run."""
    document = pikepdf.new()
    for _ in range(pages):
        page = document.add_blank_page(page_size=(200, 280))
        page.Contents = document.make_stream(b"20 200 160 40 re f")
    if script:
        document.Root.OpenAction = document.make_indirect(
            pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=script)
        )
    locked = pikepdf.Encryption(user=password, owner="owner", R=6) if password else None
    written = io.BytesIO()
    document.save(written, encryption=locked or False)
    return written.getvalue()


def photo() -> bytes:
    """A photo as phones take them: on its side, the turn and the place in its metadata."""
    picture = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 99, 299), fill="red")  # up, once it is turned
    told = Image.Exif()
    told[0x0112], told[0x010F] = 6, "Phone of Vera"
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=told)
    return written.getvalue()


def scan(pages: int) -> bytes:
    """A scanned letter in TIFF."""
    sheets = [Image.new("1", (160, 220), 1) for _ in range(pages)]
    written = io.BytesIO()
    sheets[0].save(written, "TIFF", save_all=True, append_images=sheets[1:], compression="group4")
    return written.getvalue()


def bomb(side: int = 50_000) -> bytes:
    """A PNG of a few hundred kilobytes that takes gigabytes when it is unpacked."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1)
    data = b"".join(packer.compress(row) for _ in range(side // 50)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
