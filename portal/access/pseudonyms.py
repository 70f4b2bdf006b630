"""What stands for an address where nobody need know it: keyed, so that nobody can guess it.

The key is in no database. It is the oldest of the keys, so that adding a newer one changes none.
"""

import hmac

from portal.access import links
from portal.models import addresses

_SUBJECT = b"portal-subject/v1"


def of(email: str) -> str:
    """32 hex digits; the same for each spelling of an address in capitals or small letters."""
    key = links.secrets_for(_SUBJECT)[-1]
    return hmac.new(key, addresses.plain(email).encode(), "sha256").hexdigest()[:32]
