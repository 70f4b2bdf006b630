"""CSV and Excel files as rows of text: what a person put into cells, and nothing that runs."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from portal.errors import Faulty

LARGEST = 5_000_000  # bytes of the file
_LARGEST_UNPACKED = 60_000_000
_LONGEST_CELL = 10_000
_MOST_COLUMNS = 300
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_PIECE = 1 << 20
_READER = Path(__file__).with_name("excel.py")
_PATIENCE = 60.0  # seconds; the reader ends itself after 20 of computing


def rows(content: bytes, most: int) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, each with its line in the file; ``most`` of them at the most.

    Takes CSV (UTF-8 or Windows-1252; comma, semicolon or tab) and Excel's ``.xlsx``, of that the
    first sheet. Raises Faulty at ``file`` with what to do.
    """
    if not content.strip():
        raise Faulty.one("file", "Choose a file that has rows.")
    if len(content) > LARGEST:
        raise Faulty.one("file", f"Use a file up to {LARGEST // 1_000_000} MB.")
    if content.startswith(_OLD_EXCEL):
        raise Faulty.one("file", "Save the sheet as .xlsx or CSV; this is an old Excel file.")
    found = _of_excel(content, most) if content.startswith(_ZIP) else _of_csv(content)
    kept: list[tuple[int, list[str]]] = []
    for line, cells in found:
        if not any(cells):
            continue
        if len(kept) > most:
            raise Faulty.one("file", f"Use a file of at most {most:,} rows below its head.")
        if len(cells) > _MOST_COLUMNS or max(map(len, cells)) > _LONGEST_CELL:
            raise Faulty.one(
                "file",
                f"Line {line} has more than {_MOST_COLUMNS} columns, or a cell of more than"
                f" {_LONGEST_CELL:,} letters.",
            )
        kept.append((line, cells))
    return kept


def _of_csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fault = f"Line {before + 1} can’t be read: check its quotation marks."
            raise Faulty.one("file", fault) from None
        yield before + 1, [cell.strip() for cell in cells]
        before = reader.line_num


def _decoded(content: bytes) -> str:
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise Faulty.one("file", "Use a CSV or an Excel file (.xlsx); this is neither.")
    return text


def _of_excel(content: bytes, most: int) -> Iterator[tuple[int, list[str]]]:
    _require_modest(content)
    try:
        ended = subprocess.run(
            [sys.executable, "-I", str(_READER), str(most + 2)],
            input=content, capture_output=True, timeout=_PATIENCE, check=True,
            env={"PATH": os.defpath},
        )  # fmt: skip
    except subprocess.SubprocessError:
        raise Faulty.one(
            "file",
            "This Excel file can’t be read, or has cells far outside of its table."
            " Save it anew, or save it as CSV.",
        ) from None
    yield from json.loads(ended.stdout)


def _require_modest(content: bytes) -> None:
    """Refuse an archive that would unpack to more than a sheet can need, whatever it declares."""
    unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _LARGEST_UNPACKED:
                raise Faulty.one("file", "This Excel file holds too much. Save it as CSV.")
            for one in archive.infolist():
                with archive.open(one) as member:
                    while piece := member.read(_PIECE):
                        unpacked += len(piece)
                        if unpacked > _LARGEST_UNPACKED:
                            raise Faulty.one("file", "This Excel file holds too much.")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise Faulty.one(
            "file", "This Excel file can’t be read. Save it anew, or save it as CSV."
        ) from None
