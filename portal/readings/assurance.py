"""How somebody who acted was verified, in the words of the audit trail."""

from portal.language import gettext as _
from portal.language import mark

_ASSURANCE = {
    "link": mark("reached the mailbox: came in by the link sent to this address"),
    "handed-link": mark(
        "not the mailbox: came in by a link that staff handed out by a way of their own"
    ),
    "link+code": mark("reached the mailbox at that moment: link and one-time code"),
    "handed-link+code": mark(
        "reached the mailbox at that moment: one-time code, after a link that staff handed out"
    ),
    "password": mark("signed in to the portal with a password"),
    "passkey": mark("signed in to the portal with a passkey"),
    "password+totp": mark("signed in to the portal with a password and a code from an app"),
    "password+recovery": mark("signed in to the portal with a password and a recovery code"),
    "token": mark("an API token that acts for this person"),
    "terminal": mark("somebody at the server’s own terminal"),
    "none": mark("not verified"),
}
_SHORT = {
    "link": mark("verified by link"),
    "handed-link": mark("by a link handed out, not mailed"),
    "link+code": mark("verified by link and code"),
    "handed-link+code": mark("verified by code, the link handed out"),
    "password": mark("signed in"),
    "passkey": mark("signed in"),
    "password+totp": mark("signed in"),
    "password+recovery": mark("signed in"),
    "token": mark("by API token"),
    "terminal": mark("at the server’s terminal"),
    "none": mark("not verified"),
}


def told(auth: str) -> str:
    """What is known of who acted; a sign-in from outside names its provider."""
    kind, _colon, issuer = auth.partition(":")
    if kind == "oidc":
        return _("signed in by %(provider)s", provider=issuer)
    return _(_ASSURANCE.get(auth, auth))


def short(auth: str) -> str:
    """The same beside an event."""
    return told(auth) if auth.startswith("oidc:") else _(_SHORT.get(auth, auth))
