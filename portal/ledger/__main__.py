"""Check an exported ledger offline, with Python alone.

    python3 -m portal.ledger FILE [PUBLICKEY] [--older FILE] [--receipt NUMBER:HASH] [--files DIR]
                             [--certificate SHA256]

FILE is a ledger export, an evidence pack, or an audit trail (PDF), of which the ledger inside and
the seal are checked, as they are of those in a pack; `--certificate` is what it must be sealed
with. What `--older` takes: an older export or trail, a receipt as text or as a mail, a checkpoint,
a proof from one checkpoint to another, a change of keys. Ends with 0 sound, 1 altered,
2 incomplete, 3 signed by another key, 64 nothing to judge.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

from portal.ledger import chain, ed25519, keepsakes, pack
from portal.ledger.findings import Report
from portal.ledger.judging import judge, judge_pdf, kept_in
from portal.ledger.keepsakes import Kept

WRONG_USE = 64  # none of the verdicts: no file, no key, or the wrong words


class _Words(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Wrong words are no verdict."""
        self.exit(WRONG_USE, f"{message}\n{__doc__}")


def main(arguments: list[str]) -> int:
    """The verdict as an exit code; 64 where there was nothing to judge."""
    words = _Words(add_help=False, allow_abbrev=False)
    words.add_argument("file", type=Path)
    words.add_argument("public", nargs="?")
    words.add_argument("--key")
    words.add_argument("--receipt", action="append", default=[])
    words.add_argument("--older", action="append", default=[], type=Path)
    words.add_argument("--files", action="append", type=Path)
    words.add_argument("--certificate", type=lambda text: text.replace(":", "").lower())
    given = words.parse_args(arguments)
    try:
        key = public_key(given.key or given.public) if given.key or given.public else None
        kept = [keepsakes.of_text(text) for text in given.receipt] + list(map(kept_in, given.older))
        all_kept = sum(kept, keepsakes.NOTHING)
        if pack.is_archive(given.file):
            sealed = partial(_of_pack, key, given.certificate)
            return _told(pack.verify(given.file, key=key, kept=all_kept, judge=sealed))
        found = judge(
            given.file, key=key, kept=all_kept, files=given.files, certificate=given.certificate
        )
    except (chain.Malformed, OSError) as fault:
        print(f"This could not be checked: {fault}", file=sys.stderr)
        return WRONG_USE
    return _told(found)


def _of_pack(key: bytes | None, certificate: str | None, pdf: BinaryIO, changes: Kept) -> Report:
    return judge_pdf(pdf.read(), key, changes, None, certificate)


def _told(found: Report | pack.PackReport) -> int:
    print(*found.told(), sep="\n")
    return found.verdict


def public_key(text: str) -> bytes:
    """A public key as text, or out of a file, whose first line it is. Raises Malformed, OSError."""
    if len(text) < 1024 and Path(text).is_file():
        text = Path(text).read_text(encoding="ascii", errors="replace")
    return ed25519.public_key(text if "-----" in text else text.strip().partition("\n")[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
