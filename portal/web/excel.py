"""Reads the first sheet of an Excel workbook: a program of its own, as ``delivery/painter.py`` is.

It is started by ``spreadsheets`` as ``python -I excel.py MOST`` with the workbook as its standard
input, and knows nothing of the portal. A file of 2 kB may name a cell at the far end of a sheet:
the library then asks for as much memory as all cells before it would take, and ends its process
where it gets none. Here that ends this process and nothing else.

It prints one JSON list of ``[line, cells]``, of at most ``MOST`` lines that hold anything.
Wider lines are cut one column behind what a sheet may have.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

SECONDS, MEMORY = 20, 768_000_000
MOST_LETTERS, MOST_COLUMNS = 20_000_000, 301


def main(most: int) -> list[tuple[int, list[str]]]:
    """The lines of standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_filelike(BytesIO(sys.stdin.buffer.read())) as book:
        sheet = book.get_sheet_by_index(0)
        start = sheet.start[0] if sheet.start else 0
        found: list[tuple[int, list[str]]] = []
        letters = 0
        for n, row in enumerate(sheet.to_python(skip_empty_area=True), 1):
            cells = [_cell(one) for one in row[:MOST_COLUMNS]]
            if any(cells):
                found.append((start + n, cells))
            letters += sum(map(len, cells))
            if letters > MOST_LETTERS:  # one text may stand in every cell of a small file
                sys.exit("too much")
            if len(found) == most:
                break
    return found


def _cell(value: Any) -> str:
    """A cell as somebody would type it: whole numbers without a point, dates as ISO 8601."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}" if not value.is_integer() else str(int(value))
    if isinstance(value, datetime):
        at_midnight = value.time() == time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).strip()


if __name__ == "__main__":
    json.dump(main(int(sys.argv[1])), sys.stdout)
