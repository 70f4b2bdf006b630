"""A link: looked at (nothing happens), entered by (the person's own press), asked for anew."""

import re

import structlog
from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import limits, links
from portal.actions import links as verbs
from portal.errors import Gone, PortalError, Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.readings import links as link_readings
from portal.readings.links import Known
from portal.web import forms, languages
from portal.web.participant.door import agent, doors, gone_page, secret, with_cookie

_TOKEN = re.compile(r"[A-Za-z0-9_-]{48}(?![A-Za-z0-9_-])")
_UNKNOWN = mark("This link is not one of ours, or it was damaged on its way.")
_MOST_BAD, _TEN_MINUTES = 30, 600
_REMEDY = mark("Copy it from the e-mail once more, or ask whoever sent it for a new one.")
log = structlog.get_logger(__name__)


@doors.get("/t/<spelt:token>")
def look(token: str) -> ResponseReturnValue:
    """Who asks for what kind of thing, and one button. Records nothing, opens no session."""
    known, generation = _known(token)
    try:
        verbs.require_usable(known, generation, clock.now())
    except Gone as error:
        return gone_page(error, known, f"/t/{_spelt(token)}/renew")
    nonce = forms.new_nonce()
    return render_template(
        "participant/landing.html",
        known=known,
        nonce=nonce,
        csrf=forms.token("enter", known.id, nonce),
    )


@doors.post("/t/<spelt:token>")
def enter(token: str) -> ResponseReturnValue:
    """Open a session and go on to an address without the token."""
    known, _generation = _known(token)
    forms.require_ours("enter", known.id, forms.sent_nonce())
    try:
        entered = verbs.enter(
            _spelt(token),
            browser=secret(),
            ip=request.remote_addr,
            agent=agent(),
            spoken=languages.asked(),
        )
    except Gone as error:
        return gone_page(error, known, f"/t/{_spelt(token)}/renew")
    place = f"/w/{entered.task_id}" if entered.task_id else "/w"
    return with_cookie(make_response(redirect(place, 303)), entered.secret)


@doors.post("/t/<token>/renew")
def renew(token: str) -> ResponseReturnValue:
    """Send a fresh link to the address on file."""
    known, _generation = _known(token)
    forms.require_ours("renew", f"/t/{_spelt(token)}/renew")
    return renewed(_spelt(token), known)


def renewed(token: str, known: Known | None) -> ResponseReturnValue:
    """The answer to asking for a fresh link; the address itself is never shown."""
    try:
        verbs.renew(token, ip=request.remote_addr, agent=agent())
    except Gone as error:
        return gone_page(error, known, None)
    return render_template("participant/renewed.html", is_sure=True)


def _known(token: str) -> tuple[Known, int]:
    """The link behind a token and the token's generation; one and the same refusal otherwise.

    A true link is never counted or refused for what others tried from the same address.
    """
    read = links.read(_spelt(token))
    if read is not None:
        with db.reading() as conn:
            known = link_readings.known(conn, read[0])
        if known is not None:
            return known, read[1]
    if limits.note_failure(f"link:{limits.place(request.remote_addr)}", _MOST_BAD, _TEN_MINUTES):
        log.warning("links.guessed", address=request.remote_addr)
    refusal: PortalError = Unknown(_(_UNKNOWN), _(_REMEDY))
    raise refusal


def _spelt(token: str) -> str:
    """The token without what mail programs put behind it."""
    whole = links.mended(token)
    found = _TOKEN.match(whole)
    return found[0] if found else whole
