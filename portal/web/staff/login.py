"""Sign in and out; the answer to an unknown address is that to a wrong password."""

from urllib.parse import quote

from flask import redirect, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user

from portal.actions import sign_in as actions
from portal.errors import CodeWanted, NotSignedIn, TooFast
from portal.web.staff.door import doors, me, my_secret, remember, safe_place, said, whence
from portal.web.staff.second_factor import STEP


@doors.route("/login", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """The sign-in page, and what it sends."""
    place = safe_place(request.values.get("next"))
    if request.method == "GET":
        if getattr(current_user, "actor", None):
            return redirect(place, 303)
        return render_template("staff/login.html", place=place)
    email = request.form.get("email", "").strip()
    ip, agent = whence()
    try:
        secret = actions.sign_in(email, request.form.get("password", ""), ip=ip, agent=agent)
    except CodeWanted as half:
        cookie.clear()
        cookie[STEP] = half.step
        return redirect(f"/login/code?next={quote(place, safe='/')}", 303)
    except (NotSignedIn, TooFast) as refusal:
        page = render_template("staff/login.html", place=place, email=email, fault=refusal.sentence)
        headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooFast) else {}
        return page, 429 if headers else 401, headers
    remember(secret)
    return redirect(place, 303)


@doors.post("/logout")
def sign_out() -> ResponseReturnValue:
    """End this browser's session, here and in the database."""
    actions.sign_out(my_secret(), actor=me())
    logout_user()
    cookie.clear()
    said("You are signed out.")
    return redirect("/login", 303)
