"""The verifier as one file that any Python runs: its modules and LEDGER.md in an executable zip.

The same modules always give the same bytes, so that two people can compare what they hold.
Nothing in it is compressed: it must run and be read in twenty years.
"""

import io
import zipfile
from pathlib import Path

_HERE = Path(__file__).parent
_MODULES = ("__main__", "archive", "chain", "ed25519", "findings", "judging", "keepsakes", "pack",
            "pades", "replay", "seals", "shapes", "tree", "verify")  # fmt: skip
_FILES = (*(f"{name}.py" for name in _MODULES), "LEDGER.md")
_START = """\
import sys

from portal.ledger.__main__ import main

sys.exit(main(sys.argv[1:]))
"""


def bundle() -> bytes:
    """The file: ``python3 FILE LEDGER [PUBLICKEY]`` needs no portal, no network, no packages."""
    parts = {"__main__.py": _START, "portal/__init__.py": "", "portal/ledger/__init__.py": ""}
    parts |= {f"portal/ledger/{name}": (_HERE / name).read_text("utf-8") for name in _FILES}
    packed = io.BytesIO(b"#!/usr/bin/env python3\n")
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return packed.getvalue()
