"""A sign-in from outside: sent to the provider, and come back with its answer."""

from typing import Any, Protocol

from flask import current_app, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from portal.access import limits
from portal.actions import outside as actions
from portal.errors import NotSignedIn, PortalError, Unknown
from portal.web.staff.door import doors, me, my_secret, remember, safe_place, said, whence

STEP, PLACE = "outside", "outside-next"
_FROM_HERE, _TEN_MINUTES = 60, 600


class Provider(Protocol):
    """The sign-in provider that ``app.py`` hands in, as ``delivery/oidc.py`` describes it."""

    def ask(self) -> Any:
        """Where the browser goes, and what its answer has to match."""

    def identity(self, code: str, nonce: str, verifier: str) -> Any:
        """Who signed in, for the code that the browser brought back."""


def _provider() -> Provider:
    found: Provider | None = current_app.extensions.get("outside")
    if found is None:
        raise Unknown("This portal has no sign-in from outside.")
    return found


@doors.post("/login/outside")
def go_outside() -> ResponseReturnValue:
    """Send the browser to the provider."""
    ip, _ = whence()
    limits.spend(f"outside:{limits.place(ip)}", _FROM_HERE, _TEN_MINUTES)
    provider = _provider()
    try:
        asked = provider.ask()
    except PortalError as refusal:
        return _refused(refusal)
    cookie[STEP] = actions.begin(asked.state, asked.nonce, asked.verifier)
    cookie[PLACE] = safe_place(request.form.get("next"))
    # A form may lead to this site alone, by the content policy; a page may go on elsewhere.
    return render_template("staff/go_outside.html", url=asked.url)


@doors.get("/login/outside/back")
def come_back() -> ResponseReturnValue:
    """Let in whoever the provider says it is. The one GET that acts: a provider knows no other.

    What it acts on is good once, and for the browser alone that began it.
    """
    provider = _provider()
    step, place = cookie.pop(STEP, None), cookie.pop(PLACE, "/")
    ip, agent = whence()
    try:
        nonce, verifier = actions.take(step, request.args.get("state", ""))
        if not request.args.get("code"):
            raise NotSignedIn("The provider did not let you in.")
        found = provider.identity(request.args["code"], nonce, verifier)
        secret = actions.enter(found.issuer, found.subject, found.email, ip=ip, agent=agent)
    except PortalError as refusal:
        return _refused(refusal)
    remember(secret)
    return redirect(safe_place(place), 303)


@doors.post("/people/<user_id>/outside/remove")
def forget_outside(user_id: str) -> ResponseReturnValue:
    """Have their sign-in from outside open the door no more."""
    actions.forget(user_id, my_secret(), actor=me())
    said("Their sign-in from outside opens the door no more.")
    return redirect(f"/people/{user_id}", 303)


def _refused(refusal: PortalError) -> ResponseReturnValue:
    page = render_template("staff/login.html", place="/", fault=refusal.sentence)
    return page, refusal.status
