"""Passwords: hashed by argon2, checked in a time that tells nothing of whether there is one."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 8
# Bounds the work of one guess; argon2 itself takes any length.
LONGEST = 1000
_hasher = PasswordHasher()


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether it is the password behind what was kept; as slow where nothing was."""
    against = kept or _nobodys()
    try:
        return _hasher.verify(against, password[: LONGEST + 1]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_dated(kept: str) -> bool:
    """Whether it was hashed by weaker rules than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    """What an unknown address is checked against, so that it takes as long as a known one.

    Made at the first sign-in, whoever it is of: made at import it would slow every start.
    """
    return _hasher.hash(secrets.token_urlsafe(16))
