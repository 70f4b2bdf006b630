"""Who comes in: the staff session behind its cookie, the form's token, and who only reads."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import sqlalchemy.exc
from flask import Blueprint, Flask, Response, current_app, flash, redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from portal import clock, db, installation
from portal.access import seats
from portal.access.passkeys import is_possible
from portal.actor import Actor
from portal.errors import FormTooOld, NotProved, NotSignedIn, NotYours, PortalError, TooFast
from portal.readings import house, waiting, words
from portal.readings.prose import to_html
from portal.settings import Settings
from portal.web import reads, sights
from portal.web.forms import require_same_site
from portal.web.names import called

doors = Blueprint("staff", __name__)

# Longer than any staff session lives: the session in the database decides.
COOKIE_LIVES = timedelta(hours=24)
OPEN_TO_ALL = {
    "staff.sign_in", "staff.enter_code", "staff.ask_passkey", "staff.sign_in_by_passkey",
    "staff.go_outside", "staff.come_back",
}  # fmt: skip
# Where those are let who have to set up a second factor first.
BEFORE_ALL = {
    "staff.second_factor", "staff.begin_second_factor", "staff.confirm_second_factor",
    "staff.prove", "staff.prove_by_passkey", "staff.ask_passkey", "staff.sign_out",
}  # fmt: skip
# What an auditor may send: what is their own, and a trail or a pack, which change nothing.
FOR_READERS = {
    "staff.sign_in", "staff.sign_out", "staff.ask_trail", "staff.prove", "staff.change_password",
    # Of what is ticked in a list an auditor takes a pack; all else of it the verb refuses them.
    "staff.draft_batch", "staff.draft_pack", "staff.begin_pack", "staff.stop_pack",
    "staff.end_my_session", "staff.end_my_others", "staff.enter_code", "staff.begin_second_factor",
    "staff.confirm_second_factor", "staff.renew_recovery_codes", "staff.remove_second_factor",
    "staff.ask_passkey", "staff.sign_in_by_passkey", "staff.prove_by_passkey", "staff.go_outside",
    "staff.begin_passkey", "staff.add_passkey", "staff.rename_passkey", "staff.remove_passkey",
    "staff.keep_view", "staff.change_view", "staff.drop_view",
}  # fmt: skip
SILENCES_KEPT = timedelta(seconds=5)
# These say which files they expect before the form is read, and then judge it themselves.
TAKES_FILES = {"staff.do_task", "staff.publish", "staff.draft_launch", "staff.set_brand"}
# What was typed into these is shown again on no page.
SECRET = {"password", "old", "new", "again", "code"}
_CSRF = "staff_csrf"
# What a form held that proof was asked of: before it is given, and after. A cookie has little room.
_REFUSED, _TYPED, _MOST_TYPED = "refused_form", "typed_form", 1500
_ONCE_MORE = (
    "You have shown that it is you. "
    "Nothing was changed yet: do once more what you were about to do."
)


class Member(UserMixin):  # type: ignore[misc]
    """A signed-in member of staff, as flask-login keeps them; ``secret`` names the session."""

    def __init__(self, seat: seats.Seat | None, secret: str) -> None:
        self.seat = seat
        self.actor = seat and seat.actor
        self.secret = secret

    def get_id(self) -> str:
        """What the signed cookie holds."""
        return self.secret


def open_to(app: Flask) -> None:
    """Prepare the app for staff: its cookie, the loader and what every template may ask."""
    settings: Settings = app.config["SETTINGS"]
    is_https = settings.base_url.startswith("https://")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-portal_staff" if is_https else "portal_staff",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=COOKIE_LIVES,
        SESSION_REFRESH_EACH_REQUEST=False,
    )
    if not app.secret_key:
        app.secret_key = settings.secret_keys[0]
        app.config["SECRET_KEY_FALLBACKS"] = list(settings.secret_keys[1:])
    manager = LoginManager()
    manager.session_protection = None  # the database knows the session, not the address
    manager.user_loader(_member)
    # Participant pages render without asking who is signed in at the desk.
    manager.init_app(app, add_context_processor=False)
    app.add_template_filter(to_html, "markdown")


def me() -> Actor:
    """The member of staff who is signed in; NotSignedIn where nobody is."""
    actor = getattr(current_user, "actor", None)
    if actor is None:
        raise NotSignedIn("Sign in to go on.")
    return actor  # type: ignore[no-any-return]


def my_seat() -> seats.Seat:
    """The session of this browser; NotSignedIn where there is none."""
    me()
    return current_user.seat  # type: ignore[no-any-return]


def remember(secret: str) -> None:
    """A fresh cookie, so that nothing from before lives on in it."""
    cookie.clear()
    cookie.permanent = True
    login_user(Member(None, secret))


def remember_proved(secret: str) -> None:
    """The same for whoever showed anew that it is they; what they had typed waits for its page."""
    typed = cookie.get(_REFUSED)
    remember(secret)
    if typed and typed[1]:
        cookie[_TYPED] = typed
    elif typed:  # a button, with nothing beside it that a page could show again
        said(_ONCE_MORE)


def typed_before(page: str) -> tuple[str, MultiDict[str, str]]:
    """Where a form of the page goes that proof was asked of, and what was typed; told this once.

    Two empty ones where there was none. Passwords and codes are typed anew.
    """
    kept = cookie.get(_TYPED) or ["", []]
    if not kept[0].startswith(page):
        return "", MultiDict()
    cookie.pop(_TYPED)
    return kept[0], MultiDict((name, value) for name, value in kept[1])


def my_secret() -> str:
    """What names this browser's staff session."""
    return str(current_user.get_id())


def settings() -> Settings:
    """The settings of this installation."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def house_zone() -> str:
    """The time zone in which the desk tells moments."""
    return installation.current.timezone


def status_of(row: Any) -> str:
    """The status of a process in one sentence."""
    return waiting.sentence(
        row.state, row.ended_at, row.waiting, row.n_troubles, clock.now(), house_zone()
    )


def said(sentence: str) -> None:
    """Tell the sentence at the top of the next page."""
    flash(sentence, "said")


def safe_place(wanted: str | None) -> str:
    """An address of this portal to go on to; the desk where ``wanted`` leads elsewhere."""
    text = (wanted or "").replace("\\", "/")
    parts = urlsplit(text)
    if parts.scheme or parts.netloc or not text.startswith("/") or text.startswith("//"):
        return "/"
    return text if text.isprintable() else "/"


@doors.before_request
def _judge() -> ResponseReturnValue | None:
    """Signed in, sent from our own page, and not a reader who would write."""
    is_in = bool(getattr(current_user, "actor", None))
    if is_in and my_seat().needs_second and request.endpoint not in BEFORE_ALL:
        return redirect("/me/second-factor", 303)
    if request.method not in ("GET", "HEAD"):
        if is_in and me().role == "auditor" and request.endpoint not in FOR_READERS:
            raise NotYours("Auditors read everything and change nothing.")
        if not is_in and request.endpoint not in OPEN_TO_ALL:
            return _session_over()
        if request.endpoint not in TAKES_FILES:
            require_own_form()
    elif not is_in and request.endpoint not in OPEN_TO_ALL:
        here = request.full_path.rstrip("?")
        return redirect(f"/login?next={_quoted(here)}" if here != "/" else "/login", 303)
    if is_in:
        sights.enter(me())
    return None


@doors.after_request
def _keep_private(response: Response) -> Response:
    """What staff see stays out of shared and disk caches, and that they saw it is written down."""
    reads.note(response, getattr(current_user, "actor", None))
    response.headers["Cache-Control"] = "no-store"
    return response


@doors.errorhandler(NotProved)
def _unproved(_refusal: NotProved) -> ResponseReturnValue:
    """Ask who sits there, and go on to where they can do it then, with what they typed."""
    typed = [
        [name, value]
        for name, value in request.form.items(multi=True)
        if not name.startswith("_") and name not in SECRET
    ]
    fits = sum(len(name) + len(value) for name, value in typed) <= _MOST_TYPED
    cookie[_REFUSED] = [request.path, typed if fits else []]
    person = (request.view_args or {}).get("user_id")
    place = "/me/second-factor" if my_seat().needs_second else "/me"
    if request.path.startswith("/people"):
        place = f"/people/{person}" if person else "/people"
    elif request.path.startswith("/settings/"):
        place = f"/settings/{request.path.split('/')[2]}"
    elif request.path.startswith("/privacy"):
        place = "/privacy"
    elif request.path.startswith("/processes/"):
        place = request.path
    return redirect(f"/me/prove?next={_quoted(place)}", 303)


@doors.errorhandler(PortalError)
def _refused(refusal: PortalError) -> ResponseReturnValue:
    """A refusal, told on a page of the desk."""
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooFast) else {}
    return render_template("staff/refused.html", error=refusal), refusal.status, headers


@doors.context_processor
def _for_templates() -> dict[str, object]:
    actor = getattr(current_user, "actor", None)
    return {
        "me": actor,
        "may_write": actor is not None and actor.role in ("admin", "member"),
        "is_admin": actor is not None and actor.role == "admin",
        "csrf": _token,
        "now": clock.now(),
        "tz": house_zone(),
        "words": words,
        "has_passkeys": is_possible(),
        "outside": getattr(current_app.extensions.get("outside"), "name", None),
        "silences": _silences(is_admin=actor.role == "admin") if actor is not None else [],
    }


def _member(secret: str) -> Member | None:
    with db.reading() as conn:
        seat = seats.seat(conn, secret)
    if seat is None:
        return None
    ip, agent = whence()
    return Member(replace(seat, actor=replace(seat.actor, ip=ip, agent=agent)), secret)


def whence() -> tuple[str | None, str | None]:
    """From what address and by what browser a request came."""
    return request.remote_addr, str(request.user_agent)[:400] or None


def _token() -> str:
    token: str = generate_csrf(token_key=_CSRF)
    return token


def require_own_form() -> None:
    """Refuse with FormTooOld what no page of this session sent."""
    require_same_site()
    try:
        validate_csrf(request.form.get("_csrf"), time_limit=None, token_key=_CSRF)
    except ValidationError:
        raise FormTooOld(
            "This form did not come from a page of this session, so nothing was recorded.",
            "Open the page again and send it once more.",
        ) from None


def _session_over() -> ResponseReturnValue:
    """The sign-in with what was typed still on the page."""
    typed = {
        called(name, {}): "\n".join(values)
        for name, values in request.form.lists()
        if not name.startswith("_") and name not in SECRET and any(values)
    }
    page = render_template("staff/session_over.html", typed=typed, again=safe_place(request.path))
    return page, 403


def _silences(*, is_admin: bool) -> list[str]:
    """What is wrong with the house: the night shift's silence and, for admins, its seal's end.

    Asked of the database and the disk every few seconds at most.
    """
    now = clock.now()
    asked: tuple[datetime, list[str], list[str]] | None
    asked = current_app.extensions.get("staff_silences")
    if asked is None or abs(now - asked[0]) >= SILENCES_KEPT:
        try:
            with db.reading() as conn:
                asked = now, house.silence(conn, now), _ending(now)
        except sqlalchemy.exc.SQLAlchemyError:
            return []
        current_app.extensions["staff_silences"] = asked
    return asked[1] + asked[2] if is_admin else asked[1]


def _ending(now: datetime) -> list[str]:
    """That the certificate of the seal ends soon, or what is wrong with it."""
    told: str | None = current_app.extensions["certificate_ending"](now)
    return [told] if told else []


def _quoted(path: str) -> str:
    return quote(path, safe="/")
