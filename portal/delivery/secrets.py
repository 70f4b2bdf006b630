"""Secrets by name: a definition says which one, the installation has it.

``PORTAL_SECRET_NAME`` in the environment (or the file ``.env``), the name in capitals, or a file
``secrets/NAME`` in the data directory. They are read when needed and kept nowhere else.
"""

import re

from portal.delivery.http import NoAnswer
from portal.settings import Settings, environment

PREFIX = "PORTAL_SECRET_"
# What a header can carry.
_FIT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
# PORTAL_SECRET_KEYS is what links are made with: no call may be given that.
_RESERVED = "KEYS"
_SHORTEST_HIDDEN = 4
HIDDEN = "(secret)"


class NoSecret(NoAnswer):
    """A secret that is not there, or that can't be sent."""

    word, is_final = "secret", True


def find(settings: Settings, name: str) -> str:
    """The secret of a name. Raises NoSecret with a sentence that does not hold it."""
    value = value_of(settings, name)
    if value is None:
        raise NoSecret(
            f"The secret {name} is not known: set {PREFIX}{name.upper()}, or write it into the "
            f"file secrets/{name} of the data directory."
        )
    if not _FIT.fullmatch(value):
        raise NoSecret(f"The secret {name} has signs in it that can't be sent.")
    return value


def value_of(settings: Settings, name: str) -> str | None:
    """The secret as it is kept; ``None`` where there is none."""
    if not _NAME.fullmatch(name) or name.upper() == _RESERVED:
        return None
    value = environment().get(PREFIX + name.upper(), "").strip()
    return value or _from_file(settings, name)


def hide(text: str, value: str | None) -> str:
    """A text that came from outside without the secret, should the other side repeat it."""
    if value is None or len(value) < _SHORTEST_HIDDEN:
        return text
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return text.replace(value, HIDDEN).replace(escaped, HIDDEN)


def _from_file(settings: Settings, name: str) -> str | None:
    try:
        return (settings.data_dir / "secrets" / name).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
