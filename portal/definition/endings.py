"""The endings of files that a document may ask for, and those that are never taken.

``KNOWN`` are told by their content when they arrive (``delivery/filetypes.py``), ``BY_NAME`` go
by their name, for want of knowledge.
"""

import re
from difflib import get_close_matches

KNOWN = frozenset(
    re.findall(
        r"\w+",
        "pdf png jpg jpeg jpe jfif gif webp heic heif tiff tif docx xlsx pptx doc xls ppt "
        "odt ods odp rtf csv tsv txt text log md json xml zip",
    )
)
BY_NAME = frozenset(
    re.findall(
        r"\w+",
        "7z aac ai asc asice avi avif bim bmp bz2 dwf dwg dxf edoc eml eps epub flac "
        "geojson gml gpg gpx gz ics ifc igs indd key kml kmz m4a m4v mkv mov mp3 mp4 mpeg "
        "mpg mpp msg numbers odg ogg p7m p7s pages pem pgp psd rar sig shp skp sldprt sql "
        "stl step stp tar tgz vcf vsd vsdx wav webm wma wmv xmind xps yaml yml",
    )
)
NEVER = frozenset(
    re.findall(
        r"\w+",
        "apk app bash bat cmd com command cpl dll dmg exe gadget hta htm html jar js jse "
        "jsp lnk mht mhtml msi php pif pl ps1 py rb reg scr sh shtml svg swf vb vbe vbs wsf "
        "xhtml docm dotm pptm xlsm xltm",
    )
)


def wrong_ending(word: str) -> str | None:
    """What is wrong with an ending that a document accepts, if anything is."""
    if word in KNOWN | BY_NAME:
        return None
    if word in NEVER:
        return f"{word!r} is a kind of file that is never taken, expected one such as pdf"
    near = get_close_matches(word, sorted(KNOWN), 1)
    meant = f"did you mean {near[0]}?" if near else "expected one such as pdf, docx or jpg"
    return f"{word!r} is not a known ending of files, {meant}"
