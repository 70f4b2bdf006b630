"""Authenticator apps (RFC 6238): keys and codes, derived from secrets that the database lacks.

The app's key comes from a secret key of the house and the random id of its row, so that whoever
has the database alone can make no code. Taking a secret key out ends the apps made with it.
"""

import base64
import hmac
import re
import secrets
from datetime import datetime

import pyotp

from portal.access import links

PERIOD = 30
RECOVERY_CODES = 10
_PURPOSE = b"portal-totp/v1"
_BETWEEN = re.compile(r"[\s-]+")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def key_of(factor_id: str) -> str:
    """What is typed into the app; by the newest key."""
    return _key(links.secrets_for(_PURPOSE)[0], factor_id)


def address(factor_id: str, email: str, house: str) -> str:
    """What the app reads from the picture."""
    return pyotp.TOTP(key_of(factor_id)).provisioning_uri(name=email, issuer_name=house)


def step_of(factor_id: str, typed: str, now: datetime) -> int | None:
    """The half minute whose code this is, the one before and after now among them."""
    code = _BETWEEN.sub("", typed)
    middle = int(now.timestamp()) // PERIOD
    for secret in links.secrets_for(_PURPOSE):
        app = pyotp.TOTP(_key(secret, factor_id))
        for step in (middle, middle - 1, middle + 1):
            if hmac.compare_digest(app.generate_otp(step).encode(), code.encode()):
                return step
    return None


def fresh_codes() -> list[str]:
    """Recovery codes of some 79 bits each, in groups that are easy to copy by hand."""
    plain = ("".join(secrets.choice(_LETTERS) for _ in range(16)) for _ in range(RECOVERY_CODES))
    return ["-".join(one[at : at + 4] for at in range(0, 16, 4)) for one in plain]


def plain(typed: str) -> str:
    """A recovery code as it was made, however it was typed."""
    code = _BETWEEN.sub("", typed).lower()
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _key(secret: bytes, factor_id: str) -> str:
    return base64.b32encode(hmac.digest(secret, factor_id.encode(), "sha256")[:20]).decode()
