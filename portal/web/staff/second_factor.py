"""An authenticator app: set up by a picture or a typed key, removed, asked for at the door."""

from io import BytesIO

import segno
from flask import redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import db, installation
from portal.access import totp
from portal.actions import second_factor as actions
from portal.actions import sign_in
from portal.errors import Faulty, NotSignedIn, TooFast
from portal.readings import seats
from portal.web.staff.door import (
    doors,
    me,
    my_secret,
    remember,
    safe_place,
    said,
    whence,
)

STEP = "step"  # what the cookie calls the sign-in that is under way


@doors.route("/login/code", methods=["GET", "POST"])
def enter_code() -> ResponseReturnValue:
    """The other half of a sign-in: the code that the app shows."""
    place = safe_place(request.values.get("next"))
    if not cookie.get(STEP):
        return redirect("/login", 303)
    if request.method == "GET":
        return render_template("staff/code.html", place=place)
    ip, agent = whence()
    try:
        code = request.form.get("code", "")
        remember(sign_in.enter_code(cookie[STEP], code, ip=ip, agent=agent))
    except (Faulty, TooFast) as refusal:
        page = render_template("staff/code.html", place=place, fault=str(refusal))
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooFast) else {}
        return page, 429 if headers else 401, headers
    except NotSignedIn as over:
        cookie.pop(STEP, None)
        return render_template("staff/login.html", place=place, fault=over.sentence), 401
    return redirect(place, 303)


@doors.post("/me/second-factor/begin")
def begin_second_factor() -> ResponseReturnValue:
    """Make a key for an app."""
    actions.begin(my_secret(), actor=me())
    return redirect("/me/second-factor", 303)


@doors.get("/me/second-factor")
def second_factor() -> ResponseReturnValue:
    """The picture and the key, for the app to read."""
    return _page()


@doors.post("/me/second-factor")
def confirm_second_factor() -> ResponseReturnValue:
    """Take the app into use by a code of it, and show the recovery codes this once."""
    try:
        codes = actions.confirm(my_secret(), request.form.get("code", ""), actor=me())
    except Faulty as fault:
        return _page(fault)
    return render_template("staff/recovery_codes.html", codes=codes)


@doors.post("/me/second-factor/codes")
def renew_recovery_codes() -> ResponseReturnValue:
    """New recovery codes, shown this once."""
    codes = actions.renew_codes(my_secret(), actor=me())
    return render_template("staff/recovery_codes.html", codes=codes)


@doors.post("/me/second-factor/remove")
def remove_second_factor() -> ResponseReturnValue:
    """Do without the app from now on."""
    actions.remove(my_secret(), actor=me())
    said("The app is removed. Its codes are asked no more.")
    return redirect("/me", 303)


@doors.post("/people/<user_id>/second-factor/remove")
def remove_their_second_factor(user_id: str) -> ResponseReturnValue:
    """Take a lost app away."""
    actions.remove_of(user_id, my_secret(), actor=me())
    said("Their app is removed. They sign in by their password alone, and can set up another.")
    return redirect(f"/people/{user_id}", 303)


@doors.post("/people/second-factor")
def require_second_factor() -> ResponseReturnValue:
    """Say of whom a second factor is asked."""
    actions.require_of(request.form.getlist("role"), secret=my_secret(), actor=me())
    said("That is asked from now on. Whoever lacks one sets it up before all else.")
    return redirect("/people", 303)


def _page(fault: Faulty | None = None) -> ResponseReturnValue:
    with db.reading() as conn:
        opens = seats.keys(conn, str(me().user_id))
    if opens.waiting is None and opens.app_since is not None:
        return redirect("/me", 303)
    key = totp.key_of(opens.waiting) if opens.waiting else ""
    page = render_template(
        "staff/second_factor.html",
        key=" ".join(key[at : at + 4] for at in range(0, len(key), 4)),
        picture=_picture(opens.waiting) if opens.waiting else None,
        fault=str(fault) if fault else "",
    )
    return page, 422 if fault else 200


def _picture(factor_id: str) -> Markup:
    """What the app's camera reads, drawn into the page: black on white in any light."""
    address = totp.address(factor_id, str(me().email), installation.current.brand.name)
    drawn = BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, scale=5, border=4, dark="#000", light="#fff",
        title="Picture for the camera of the app", omitsize=True,
    )  # fmt: skip
    return Markup(drawn.getvalue().decode())  # noqa: S704 - drawn by us, of our own words
