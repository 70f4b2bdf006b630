"""What is signed, to the letter: the statement as it reads, and the digest that stands for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from portal.definition.facts import zone_of
from portal.definition.functions import midnight
from portal.definition.text import Text
from portal.language import mark

AGREEMENT = mark("I have read this and agree to it. The name above is my signature.")
"""What the box beside a signature says; it stands in the ledger with every signature.

Whoever reads another language sees it in both, so that what is recorded was shown.
"""


def statement(text: Text, facts: Mapping[str, Any], opened_at: datetime) -> str:
    """The statement as Markdown, its placeholders filled. Raises ExpressionFailed.

    Its `now` and `today` are those of the moment it was put before somebody: it may not change
    under their eyes because time goes by.
    """
    if text.is_constant:
        return str(text)
    zone = zone_of(facts)
    opened = opened_at.astimezone(zone)
    return text.render({**facts, "now": opened, "today": midnight(opened.date(), zone)}, "markdown")


def digest_of_statement(shown: str) -> str:
    """SHA-256 of a statement as it was shown, in UTF-8."""
    return sha256(shown.encode()).hexdigest()


def digest_of_files(digests: Sequence[str]) -> str:
    """What stands for the files of a document: its SHA-256; of several that of the list of them.

    The list has one SHA-256 a line, in hex, each ended by a line feed.
    """
    if len(digests) == 1:
        return digests[0]
    return sha256("".join(f"{one}\n" for one in digests).encode()).hexdigest()
