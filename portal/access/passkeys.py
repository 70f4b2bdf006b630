"""Passkeys (WebAuthn): what is asked of a browser, and whether its answer holds.

They are bound to the portal's name: an address of numbers has none, so a portal that is reached
by one offers no passkeys.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from portal.access import links
from portal.errors import NotSignedIn

_NOT_READ = "The passkey’s answer could not be read. Try it once more."
_NOT_OURS = "This passkey does not open this door."


@dataclass(frozen=True, slots=True)
class Made:
    """A passkey as it was made: its id and public key (base64url), and its counter."""

    credential: str
    public_key: str
    count: int


def is_possible() -> bool:
    """Whether the portal is reached by a name, over https or on this machine."""
    parts = urlsplit(links.base_url())
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def to_make(
    user_id: str, email: str, name: str, house: str, known: Sequence[str]
) -> tuple[str, str]:
    """What a browser is asked to make, as JSON, and its challenge."""
    from webauthn import base64url_to_bytes, generate_registration_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = generate_registration_options(
        rp_id=_host(),
        rp_name=house,
        user_id=user_id.encode(),
        user_name=email,
        user_display_name=name,
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known
        ],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def to_show() -> tuple[str, str]:
    """What a browser is asked to show, of whatever passkey, as JSON, and its challenge."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options), bytes_to_base64url(options.challenge)


def made(answer: str, challenge: str) -> Made:
    """The passkey that a browser made for this challenge; NotSignedIn where it does not hold."""
    from webauthn import base64url_to_bytes, verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        found = verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(),
            expected_origin=links.base_url(),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as wrong:
        raise NotSignedIn(_NOT_READ) from wrong
    return Made(
        bytes_to_base64url(found.credential_id),
        bytes_to_base64url(found.credential_public_key),
        found.sign_count,
    )


def credential_of(answer: str) -> str:
    """Which passkey an answer says it is of; NotSignedIn where it says nothing of the kind."""
    found = _read(answer).get("id")
    if not isinstance(found, str):
        raise NotSignedIn(_NOT_READ)
    return found


def shown(answer: str, challenge: str, user_id: str, public_key: str, count: int) -> int:
    """The new counter of a passkey that signed this challenge here; NotSignedIn otherwise."""
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    read = _read(answer)
    try:
        whose = read["response"].get("userHandle")
        if whose and whose != bytes_to_base64url(user_id.encode()):
            raise NotSignedIn(_NOT_OURS)
        found = verify_authentication_response(
            credential=read,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(),
            expected_origin=links.base_url(),
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NotSignedIn(_NOT_OURS) from wrong
    return found.new_sign_count


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise NotSignedIn(_NOT_READ)
    return read


def _host() -> str:
    return urlsplit(links.base_url()).hostname or ""
