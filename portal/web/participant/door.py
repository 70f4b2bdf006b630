"""Who stands at the door: the cookie of a browser that entered by a link, and what it may see."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from portal.access import sessions
from portal.access.sessions import Guest
from portal.actor import Actor
from portal.errors import (
    FormTooOld,
    LinkExpired,
    PortalError,
    Unknown,
)
from portal.language import gettext as _
from portal.language import mark
from portal.readings import links as link_readings
from portal.readings import trees
from portal.readings.asked import Asked
from portal.readings.links import Known
from portal.settings import Settings
from portal.web import forms, languages

doors = Blueprint("participant", __name__)
doors.before_request(languages.greet)

# The session in the database decides; a cookie that outlives it can still say whose it was.
_COOKIE_LIVES = 7 * 24 * 3600
_AGENT_LENGTH = 400


def settings() -> Settings:
    """The settings of this installation."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def is_https() -> bool:
    """Whether the house is reached by https alone."""
    return settings().base_url.startswith("https://")


def cookie_name() -> str:
    """The cookie that names the browser's session."""
    return "__Host-portal" if is_https() else "portal"


def secret() -> str | None:
    """What the browser's cookie holds, if it has one."""
    return request.cookies.get(cookie_name())


def with_cookie(response: Response, value: str, name: str | None = None) -> Response:
    """The response, handing the browser its session."""
    response.set_cookie(
        name or cookie_name(),
        value,
        max_age=_COOKIE_LIVES,
        path="/",
        secure=is_https(),
        httponly=True,
        samesite="Lax",
    )
    return response


def agent() -> str | None:
    """What the browser says of itself, cut to a sane length."""
    return (request.headers.get("User-Agent") or "")[:_AGENT_LENGTH] or None


def actor_of(guest: Guest) -> Actor:
    """The participant as the one who acts in this request."""
    return guest.actor(ip=request.remote_addr, agent=agent())


class SessionOver(FormTooOld):
    """The browser's session has ended, or it never had one."""

    code, title = "session-over", mark("Your session has ended")


class NoSession(SessionOver):
    """The browser never came in by a link, or so long ago that it has forgotten."""

    title = mark("Come in by your link")

    def __init__(self) -> None:
        super().__init__(_("This browser has not come in by a link yet, or it was too long ago."))


def guest_for(conn: Connection, task_id: str) -> Guest:
    """Who stands before this task. One statement.

    Raises SessionOver, LinkRevoked, LinkExpired, and Unknown for a task that is not theirs.
    """
    guest = sessions.participant(conn, secret(), task_id)
    if guest is not None:
        languages.greet(guest.person.language)
    if guest is None:
        if secret() is None:
            raise NoSession
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    if guest.standing == "revoked":
        raise link_readings.ended(guest.revoked_reason)
    if guest.standing == "expired":
        raise LinkExpired(_("This link was good for a limited time, and that time is over."))
    if guest.standing == "over":
        raise SessionOver(_("For your safety a session ends after some hours."))
    return guest


def zone_of(guest: Guest, asked: Asked) -> str:
    """The time zone in which a page tells moments: the person's, the process's, the house's."""
    return guest.person.timezone or trees.zone(asked.tree)


def gone_page(
    error: PortalError,
    known: Known | None,
    renew: str | None,
    kept: Sequence[tuple[str, str, str]] = (),
) -> ResponseReturnValue:
    """A page that says plainly why this is no longer open, and what is still possible.

    ``renew`` is the address that sends a fresh link, where one can be had; ``kept`` what was
    typed, each with its control and what that is called.
    """
    may_renew = renew is not None and isinstance(error, LinkExpired) and _is_open(known)
    page = render_template(
        "participant/gone.html",
        error=error,
        known=known,
        renew=renew if may_renew else None,
        kept=kept,
        csrf=forms.token("renew", renew or ""),
    )
    return page, error.status


def _is_open(known: Known | None) -> bool:
    return known is not None and known.task_state in (None, "open")
