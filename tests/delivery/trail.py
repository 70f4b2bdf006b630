"""A long document, rendered in a process of its own: ``python -m tests.delivery.trail ROWS FILE``.

Prints the peak of its memory in MiB.
"""

import hashlib
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from portal.delivery import pdf

SHEET = pdf.Sheet(
    title="Audit trail: supplier onboarding",
    created=datetime(2026, 11, 21, 8, 0, tzinfo=UTC),
    identifier=b"process and head",
    tagged_up_to=160_000,  # a tenth of a minute a test instead of a whole one
    header='Supplier onboarding · Sea "Ltd" </style> \\',
    css="p{margin:0 0 6pt} code{font-family:'DejaVu Sans Mono';font-size:7.5pt}",
    enclosures=(pdf.Enclosure("ledger.jsonl", b'{"seq":0}\n', "application/jsonl", "The ledger"),),
)


def blocks(rows: int) -> Iterator[str]:
    yield "<h1>Audit trail</h1>"
    for row in range(rows):
        digest = hashlib.sha256(str(row).encode()).hexdigest()[:16]
        yield (
            f"<p><b>row{row}</b> Ann Okafor sent 2 files to Sea Ltd &lt;b&gt;<br>"
            f"Fri 27 Nov 2026, 17:00 (Berlin), from 10.1.2.3, Firefox on Linux "
            f"<code>{digest}</code></p>"
        )


@cache
def made(rows: int) -> bytes:
    """So many of them as a document, set once in a run: the same rows give the same bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        pdf.render(blocks(rows), SHEET, path)
        return path.read_bytes()


if __name__ == "__main__":
    pdf.render(blocks(int(sys.argv[1])), SHEET, Path(sys.argv[2]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
