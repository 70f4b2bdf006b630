"""What is one's own at the desk: where one is signed in, and by what one signs in."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import sign_in
from portal.errors import Faulty
from portal.readings import absences, book, leaving, seats, words
from portal.web.staff.door import (
    doors,
    me,
    my_seat,
    my_secret,
    remember,
    remember_proved,
    safe_place,
    said,
)

LATELY = 12


@doors.get("/me")
def account() -> ResponseReturnValue:
    """Your sessions, what opens the door for you, and what happened to your account lately."""
    return page()


@doors.post("/me/sessions/<session_id>/end")
def end_my_session(session_id: str) -> ResponseReturnValue:
    """End one session of one's own."""
    sign_in.end_session(session_id, actor=me())
    said("That session has ended.")
    return redirect("/me", 303)


@doors.post("/me/sessions/end")
def end_my_others() -> ResponseReturnValue:
    """End all sessions of one's own but this."""
    n = sign_in.end_others(my_secret(), actor=me())
    said(f"Ended: {words.count(n, 'session')}." if n else "You are signed in nowhere else.")
    return redirect("/me", 303)


@doors.post("/me/password")
def change_password() -> ResponseReturnValue:
    """A new password in the place of the old one."""
    typed = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        remember(sign_in.change_password(my_secret(), *typed, actor=me()))
    except Faulty as fault:
        return page(fault, at="password")
    said("The password is changed. Your other sessions have ended.")
    return redirect("/me", 303)


@doors.route("/me/prove", methods=["GET", "POST"])
def prove() -> ResponseReturnValue:
    """Ask once more who sits there, before something that opens the door is changed."""
    place = safe_place(request.values.get("next") or "/me")
    faults: dict[str, str] = {}
    if request.method == "POST":
        typed = (request.form.get(name, "") for name in ("password", "code"))
        try:
            remember_proved(sign_in.prove(my_secret(), *typed, actor=me()))
            return redirect(place, 303)
        except Faulty as fault:
            faults = {one.at: one.message for one in fault.faults}
    return ask_who(place, faults)


def ask_who(place: str, faults: dict[str, str]) -> ResponseReturnValue:
    """The page that asks who sits there, with what was wrong."""
    mine = str(me().user_id)
    with db.reading() as conn:
        opens, passkeys = seats.keys(conn, mine), seats.passkeys(conn, mine)
    shown = render_template(
        "staff/prove.html", place=place, opens=opens, passkeys=passkeys, faults=faults
    )
    return shown, 422 if faults else 200


def page(fault: Faulty | None = None, *, at: str = "") -> ResponseReturnValue:
    """The page, with a fault beside its entry."""
    mine = str(me().user_id)
    with db.reading() as conn:
        shown = render_template(
            "staff/account.html",
            signed_in=seats.signed_in(conn, mine, clock.now()),
            here_id=my_seat().id,
            opens=seats.keys(conn, mine),
            passkeys=seats.passkeys(conn, mine),
            absence=absences.of_user(conn, mine, clock.now()),
            others=leaving.successors(conn, mine),
            book=book.lines(conn, about=mine, limit=LATELY),
            at=at,
            faults={one.at: one.message for one in fault.faults} if fault else {},
            typed=request.form if fault else {},
        )
    return shown, 422 if fault else 200
