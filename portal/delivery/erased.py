"""The list of erasures, outside the database: by it they are done again after an old backup.

One line of JSON a process, ids and words alone. It lies in the data directory; a copy belongs
where no restore of the database turns it back.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portal.errors import Unknown

FILE = "erasures.jsonl"


def note(data_dir: Path, line: dict[str, Any]) -> None:
    """Add a line and bring it to disk; one that is there is not written again.

    Half a line at the end is of a writer that died: it goes, and whoever owes it writes it anew.
    """
    path = data_dir / FILE
    with open(path, "a+b", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        if any(known == line for known in lines(path)):
            return
        file.write(f"{json.dumps(line, sort_keys=True)}\n".encode("ascii"))
        file.flush()
        os.fsync(file.fileno())


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a list, oldest first; none where there is no file.

    Raises Unknown, naming the line, where one is damaged: to pass it over would leave somebody's
    data standing.
    """
    if not path.exists():
        return
    for n, text in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        try:
            line = json.loads(text)
            line["erasure"], line["process"]
        except (ValueError, TypeError, KeyError):
            raise Unknown(f"Line {n} of {path} is damaged.") from None
        yield line


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
