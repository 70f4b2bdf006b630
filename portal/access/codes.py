"""One-time codes, made and checked with keys that the database never sees.

A code is eight digits derived from a secret key and the random id of its row. Neither the row
nor an effect in the outbox holds it, nor anything to guess it from: whoever writes the mail
makes it, and whoever checks an entry makes it again. A hash of eight digits could be tried out
by whoever has the database, even a slow one; of this there is nothing to try.
"""

import hmac
import json
import re
from typing import Any

from portal.access import links
from portal.language import ngettext

DIGITS = 8
MOST_TRIES = 5
_CODE, _ENTERED = b"portal-code/v1", b"portal-entered/v1"
_BETWEEN = re.compile(r"[\s-]+")


def told_of_miss(tries: int) -> str | None:
    """What to say of a wrong entry after ``tries`` before it; ``None`` where it was the last."""
    left = MOST_TRIES - tries - 1
    if not left:
        return None
    return ngettext(
        "This is not the code that was sent last. One try is left.",
        "This is not the code that was sent last. %(n)s tries are left.",
        left,
    )


def of(code_id: str) -> str:
    """The code of a row, as the mail carries it; made with the newest key."""
    return _derived(links.secrets_for(_CODE)[0], code_id)


def is_right(code_id: str, entered: str) -> bool:
    """Whether what somebody typed is the row's code, in time that tells nothing of it."""
    typed = _BETWEEN.sub("", entered).encode()
    keys = links.secrets_for(_CODE)
    return any(hmac.compare_digest(_derived(key, code_id).encode(), typed) for key in keys)


def seal(about: Any) -> str:
    """What stands for an answer beside its code: keyed, so that nobody guesses the answer."""
    return _sealed(links.secrets_for(_ENTERED)[0], about)


def is_sealed(seal: str, about: Any) -> bool:
    """Whether it is the very same answer."""
    keys = links.secrets_for(_ENTERED)
    return any(hmac.compare_digest(_sealed(key, about), seal) for key in keys)


def _derived(key: bytes, code_id: str) -> str:
    number = int.from_bytes(hmac.digest(key, code_id.encode(), "sha256"))
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def _sealed(key: bytes, about: Any) -> str:
    return hmac.new(key, json.dumps(about, sort_keys=True).encode(), "sha256").hexdigest()
