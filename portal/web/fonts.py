"""The house's type, cut down to what pages write: a phone fetches it in a hurry.

Of a font with every weight and alternate, the signs of Europe's Latin letters, the weights from
text to headings and the features that the style sheets use are kept.
"""

from io import BytesIO
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

WEIGHTS = (400, 700)
FEATURES = ["kern", "ccmp", "locl", "mark", "mkmk", "tnum", "cv05", "ss03"]
_PUNCTUATION = "–—‘’“”„…•€−"
LATIN = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x100)))) + "Œœ" + _PUNCTUATION
LATIN_EXT = "".join(map(chr, (*range(0x100, 0x152), *range(0x154, 0x180)))) + "ȘșȚț"


def cut(source: Path, target: Path, signs: str) -> None:
    """Write of a WOFF2 font what those signs need, in the weights that pages use."""
    whole = TTFont(source)
    whole.flavor = None
    plain = BytesIO()
    whole.save(plain)
    plain.seek(0)
    options = Options(layout_features=FEATURES, hinting=False, name_IDs=[1, 2], notdef_outline=True)
    subsetter = Subsetter(options)
    subsetter.populate(text=signs)
    font = TTFont(plain)
    subsetter.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": WEIGHTS})
    font.flavor = "woff2"
    font.save(target)
