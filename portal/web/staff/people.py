"""Staff, their teams, and the API tokens that act for them; for admins."""

from collections.abc import Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import people as actions
from portal.actor import Actor
from portal.errors import Faulty, NotYours
from portal.readings import house, seats
from portal.web.staff.door import doors, me, my_secret, said, typed_before


@doors.get("/people")
def people() -> ResponseReturnValue:
    """Who works here, and which programs may call; with what was typed before proof was asked."""
    place, typed = typed_before("/people/")
    if place in _FORMS:
        said("What you typed stands below. Type a password once more, and send the form again.")
    return _page(at=_FORMS.get(place), typed=typed)


_FORMS = {"/people/users": "user", "/people/tokens": "token"}


@doors.post("/people/users")
def add_user() -> ResponseReturnValue:
    """Add a member of staff, or change one with that address."""
    form = request.form
    teams = [name.strip() for name in form.get("teams", "").split(",") if name.strip()]
    email = form.get("email", "").strip()
    try:
        actions.add_user(
            email,
            form.get("name", "").strip(),
            form.get("role", ""),
            form.get("password") or None,
            teams,
            secret=my_secret(),
            actor=_admin(),
        )
    except Faulty as fault:
        return _page(fault, at="user")
    said(f"{email} can sign in.")
    return redirect("/people", 303)


@doors.post("/people/tokens")
def make_token() -> ResponseReturnValue:
    """Make an API token and show it this once."""
    form = request.form
    try:
        token = actions.make_token(
            form.get("name", "").strip(),
            form.get("email", "").strip() or me().email or "",
            form.get("system") == "yes",
            form.getlist("scopes"),
            _days(form.get("days", "")),
            secret=my_secret(),
            actor=_admin(),
        )
    except Faulty as fault:
        return _page(fault, at="token")
    return _page(token=token)


@doors.post("/people/tokens/<token_id>/revoke")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """End an API token at once."""
    actions.revoke_token(token_id, actor=_admin())
    said("The token has ended. Calls with it are refused from now on.")
    return redirect("/people", 303)


def _days(typed: str) -> int | None:
    """How many days were typed, ``None`` where nothing was; 0, which no token has, for a word."""
    told = typed.strip()
    return None if not told else int(told) if told.isascii() and told.isdigit() else 0


def _admin() -> Actor:
    actor = me()
    if actor.role != "admin":
        raise NotYours("Only an admin may change who works here.")
    return actor


def _page(
    fault: Faulty | None = None,
    *,
    at: str | None = None,
    token: str | None = None,
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    if me().role not in ("admin", "auditor"):
        raise NotYours("Only admins and auditors see this page.")
    with db.reading() as conn:
        colleagues, tokens = house.colleagues(conn), house.tokens(conn)
        asked_of = seats.asked_of(conn)
    page = render_template(
        "staff/people.html",
        colleagues=colleagues,
        tokens=tokens,
        asked_of=asked_of,
        token=token,
        at=at,
        faults={one.at: one.message for one in fault.faults} if fault else {},
        typed=request.form if fault else typed or {},
    )
    return page, 422 if fault else 200
