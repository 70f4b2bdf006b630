"""Pages of settings for the house, which auditors read: sender, brand, calendar, keeping."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import brand, calendar, clock, db, installation
from portal.access import limits
from portal.actions import house as actions
from portal.definition.text import Text
from portal.definition.tree import Document
from portal.errors import Faulty, NotYours, PortalError
from portal.readings import days_off, rules
from portal.web import arrivals
from portal.web.staff.door import (
    doors,
    me,
    my_secret,
    require_own_form,
    said,
    settings,
    typed_before,
)  # fmt: skip
from portal.web.zones import OFFERED

PAGES = {"sender": "Sender", "brand": "Brand", "calendar": "Calendar", "keeping": "Keeping"}
_TEMPLATES = {
    "sender": "staff/settings/sender.html",
    "brand": "staff/settings/brand.html",
    "calendar": "staff/settings/calendar.html",
    "keeping": "staff/settings/keeping.html",
}
# The control of the page, told like a document so that its bytes are let in.
_LOGO = Document(id="brand_logo", name=Text("Logo"), max_size=brand.LARGEST_PICTURE)
_TRIALS, _WITHIN = 5, 600  # test mails of one admin, in so many seconds
_SHOWN_DAYS = 10
_MEMBERS_ONLY = "Only admins and auditors see this page."


@doors.get("/settings")
def house_settings() -> ResponseReturnValue:
    """What holds, page by page, and where it comes from."""
    _require_reader()
    return render_template("staff/settings/all.html", pages=PAGES, **_known())


@doors.get("/settings/<page>")
def settings_page(page: str) -> ResponseReturnValue:
    """One page of settings; what is typed but not kept may stand in the address, to look at it.

    So does what was typed before proof was asked.
    """
    _require_reader()
    place, typed = typed_before("/settings/")
    if place == f"/settings/{page}":
        return _typed_page(page, typed)
    return _page(page, request.args)


def _typed_page(page: str, typed: Mapping[str, str]) -> ResponseReturnValue:
    """The page with what was typed before proof was asked, and whether others changed it since."""
    if typed.get("version", "") != _known()["version"]:
        return _page(page, typed, fault=Faulty.one("version", actions.CHANGED_MEANWHILE))
    said("What you typed stands below. Look at it, and save it again.")
    return _page(page, typed)


@doors.post("/settings/sender")
def set_sender() -> ResponseReturnValue:
    """Say how mails are signed."""
    return _save(
        "sender",
        lambda: actions.set_sender(request.form, seen=_seen(), secret=my_secret(), actor=me()),
    )


@doors.post("/settings/brand")
def set_brand() -> ResponseReturnValue:
    """Say whose portal it is, with a logo where one is sent."""
    arrivals.expect(request, [_LOGO])
    require_own_form()
    return _save(
        "brand", lambda: actions.set_brand(request.form, _logo(), seen=_seen(), actor=me())
    )


@doors.post("/settings/calendar")
def set_calendar() -> ResponseReturnValue:
    """Say when the house works."""
    return _save("calendar", lambda: actions.set_calendar(request.form, seen=_seen(), actor=me()))


@doors.post("/settings/keeping")
def set_keeping() -> ResponseReturnValue:
    """Say how long personal data and links live."""
    return _save(
        "keeping",
        lambda: actions.set_keeping(request.form, seen=_seen(), secret=my_secret(), actor=me()),
    )


@doors.post("/settings/<page>/back")
def give_settings_back(page: str) -> ResponseReturnValue:
    """Have what the environment says again."""
    if page not in PAGES:
        abort(404)
    actions.give_back(page, secret=my_secret(), actor=me())
    said("What the environment says holds again, everywhere within two seconds.")
    return redirect(f"/settings/{page}", 303)


@doors.post("/settings/sender/try")
def try_mail() -> ResponseReturnValue:
    """Send the admin a mail now, and tell what the server said."""
    if me().role != "admin":
        raise NotYours("Only an admin may do this.")
    to = str(me().email)
    limits.spend(f"trial:{me().user_id}", _TRIALS, _WITHIN)
    try:
        answer = current_app.extensions["try_mail"](str(me().user_id), to, me().name)
        told, is_taken = f"The mail server took it: {answer or '250'}", True
    except PortalError as refusal:
        told, is_taken = " ".join(filter(None, (refusal.sentence, refusal.remedy))), False
    actions.note_trial(to, told, is_taken, actor=me())
    return _page("sender", {}, trial=(to, told, is_taken))


@doors.get("/settings/brand/preview")
def brand_preview() -> ResponseReturnValue:
    """How a page and a mail would look with a name and a colour; a part of the page of settings."""
    _require_reader()
    return render_template("staff/settings/_preview.html", **_look(request.args))


@doors.get("/settings/brand/preview.css")
def brand_preview_style() -> Response:
    """The colours of that look."""
    _require_reader()
    own = _look(request.args)["look"]
    style = (
        f".preview{{--accent:{own.accent};--accent-ink:{own.ink}}}"
        f".preview .dark{{--accent:{own.dark_accent};--accent-ink:{own.dark_ink}}}"
    )
    return Response(style, mimetype="text/css")


def _require_reader() -> None:
    if me().role not in ("admin", "auditor"):
        raise NotYours(_MEMBERS_ONLY)


def _seen() -> actions.Seen:
    return actions.Seen(request.form.get("version") or None)


def _save(page: str, change: Callable[[], list[str]]) -> ResponseReturnValue:
    try:
        changed = change()
    except Faulty as fault:
        return _page(page, request.form, fault=fault)
    told = "Saved. It holds everywhere within two seconds." if changed else "Nothing was changed."
    said(told)
    return redirect(f"/settings/{page}", 303)


def _logo() -> bytes | None:
    file = request.files.get("brand_logo")
    if file is None or not file.filename:
        return None
    content: bytes = file.stream.read()
    if getattr(file.stream, "is_too_large", False):
        raise Faulty.one("brand_logo", "Use a picture up to 2 MB.")
    return content


def _page(
    page: str,
    typed: Mapping[str, str],
    *,
    fault: Faulty | None = None,
    trial: tuple[str, str, bool] | None = None,
) -> ResponseReturnValue:
    if page not in PAGES:
        abort(404)
    known = _known()
    faults = {one.at: one.message for one in fault.faults} if fault else {}
    shown = {
        name: typed.get(name, _typed(known["rules"].get(name))) for name in actions.NAMES[page]
    }
    html = render_template(
        _TEMPLATES[page],
        pages=PAGES,
        page=page,
        typed=shown,
        faults=faults,
        trial=trial,
        is_own=any(name in known["rules"] for name in actions.NAMES[page]),
        **known,
        **_MORE[page](shown, known["rules"]),
    )
    return html, 422 if fault else 200


def _known() -> dict[str, Any]:
    """What is decided, what the environment says, what holds of both; one statement."""
    with db.reading() as conn:
        decided = rules.all_of(conn)
    given = installation.given
    return {
        "rules": decided,
        "version": installation.version_of(decided) or "",
        "given": given,
        "holds": installation.decided(given, decided),
        "usual_hours": calendar.DEFAULT_HOURS,
        "mail_from": settings().mail_from,
        "mail_server": _server(),
    }


def _server() -> str:
    url = settings().smtp_url
    if url is None:
        return "the mail catcher of this machine, which keeps every mail and sends none on"
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _typed(value: list[Any] | None) -> str:
    """A rule as its control shows it."""
    if not value or isinstance(value[0], dict):
        return ""
    return "\n".join(" ".join(one) if isinstance(one, list) else str(one) for one in value)


def _look(typed: Mapping[str, str]) -> dict[str, Any]:
    """How a brand's name and colour would look, and how well they can be read."""
    holds = installation.decided(installation.given, {})
    try:
        colour = typed.get("brand_colour", "").strip()
        look = brand.palette(colour.lower()) if colour else holds.brand.palette
    except ValueError:
        look = holds.brand.palette
    return {
        "look": look,
        "answers_to_owner": installation.current.sender.replies == "owner",
        "name": typed.get("brand_name", "").strip()[:80] or holds.brand.name,
        "colour": typed.get("brand_colour", "").strip()[:20],
        "contrasts": {
            "light": brand.contrast(look.accent, look.ink),
            "dark": brand.contrast(look.dark_accent, look.dark_ink),
        },
    }


def _days(typed: Mapping[str, str], _rules: Mapping[str, Any]) -> dict[str, Any]:
    """The next days off by what is typed, or by what holds where that has faults."""
    try:
        wanted = {name: value for name, value in actions.calendar_rules(typed).items() if value}
    except Faulty:
        wanted = {}
    house = installation.decided(installation.given, wanted)
    names = dict(wanted.get("closed_days") or ())
    today: date = clock.now().astimezone(calendar.zone(house.timezone)).date()
    return {
        "days": days_off.coming(house, names, today, _SHOWN_DAYS),
        "parts_of": days_off.parts_of(house.holidays),
        "countries": days_off.countries(),
        "zones": OFFERED,
    }


_MORE: Mapping[str, Callable[[Mapping[str, str], Mapping[str, Any]], dict[str, Any]]] = {
    "sender": lambda _typed, _rules: {},
    "brand": lambda typed, _rules: _look(typed),
    "calendar": _days,
    "keeping": lambda _typed, _rules: {},
}
