"""The customer's own face: whatever colour they have, what stands in it can be read."""

import colorsys
import struct
from pathlib import Path
from zlib import crc32

import pytest
from PIL import Image

from portal.brand import Brand, Palette, contrast, palette, read_logo


def rainbow() -> list[str]:
    found = []
    for hue in range(0, 360, 15):
        for light in (0.0, 0.2, 0.5, 0.8, 1.0):
            parts = colorsys.hls_to_rgb(hue / 360, light, 1.0)
            found.append("#" + "".join(f"{round(255 * part):02x}" for part in parts))
    return found


def test_every_colour_can_be_read_on_both_papers() -> None:
    for colour in rainbow():
        made = palette(colour)
        assert contrast(made.accent, "#ffffff") >= 4.5, colour
        assert contrast(made.dark_accent, "#16181c") >= 4.5, colour
        assert contrast(made.ink, made.accent) >= 4.5, colour
        assert contrast(made.dark_ink, made.dark_accent) >= 4.5, colour


def test_a_dark_colour_stays_as_it_is_meant() -> None:
    assert palette("#7a1f4e").accent == "#7a1f4e"
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_house_of_no_colour_has_no_style_of_its_own() -> None:
    assert Brand("Sea").style == ""
    assert "--accent:#7a1f4e" in Brand("Sea", palette("#7a1f4e")).style
    assert Palette() == Brand("Sea").palette


@pytest.mark.parametrize(
    ("box", "is_wordmark"), [("0 0 300 100", True), ("0 0 100 100", False), ("", False)]
)
def test_a_wide_logo_is_a_wordmark(tmp_path: Path, box: str, is_wordmark: bool) -> None:
    path = tmp_path / "logo.svg"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"/>')
    logo = read_logo(path)
    assert (logo.media_type, logo.is_wordmark, logo.fits_mail) == (
        "image/svg+xml",
        is_wordmark,
        False,
    )


def test_a_picture_says_itself_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "logo.jpg"  # whatever its name says
    Image.new("RGB", (64, 64), "#7a1f4e").save(path, "PNG")
    logo = read_logo(path)
    assert (logo.media_type, logo.is_wordmark, logo.fits_mail) == ("image/png", False, True)


def test_what_is_no_small_picture_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    path.write_bytes(b"\x89PNG\r\n" + bytes(64))
    with pytest.raises(ValueError, match="expected SVG, PNG, JPEG or WebP"):
        read_logo(path)
    # A picture that is small in bytes and 40,000 by 40,000 points in the end.
    head = struct.pack(">4sIIBBBBB", b"IHDR", 40_000, 40_000, 8, 2, 0, 0, 0)
    packed = [
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", crc32(part))
        for part in (head, b"IDAT", b"IEND")
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))
    with pytest.raises(ValueError, match="expected SVG, PNG, JPEG or WebP"):
        read_logo(path)
    path.write_bytes(bytes(100_001))
    with pytest.raises(ValueError, match="larger than 100 kB"):
        read_logo(path)
