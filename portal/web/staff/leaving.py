"""One member of staff: what is theirs, handed over to another, and the end of their account."""

from collections.abc import Mapping

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import leaving as actions
from portal.actions import sign_in
from portal.errors import Faulty, NotYours
from portal.readings import absences, leaving, seats, words
from portal.web.staff.door import doors, me, my_secret, said, typed_before


@doors.get("/people/<user_id>")
def person(user_id: str) -> ResponseReturnValue:
    """What somebody answers for and holds; with what was typed before proof was asked."""
    place, typed = typed_before(f"/people/{user_id}/")
    if not place:
        return page(user_id)
    said("Nothing was changed yet. What you typed stands below: look at it, and send it again.")
    return page(user_id, at=place.rpartition("/")[2], typed=typed)


@doors.post("/people/<user_id>/hand-over")
def hand_over(user_id: str) -> ResponseReturnValue:
    """Give all that is theirs to somebody else."""
    _require_admin()
    try:
        done = _hand_over(user_id)
    except Faulty as fault:
        return page(user_id, fault, at="hand-over")
    said(_told(done))
    return redirect(f"/people/{user_id}", 303)


@doors.post("/people/<user_id>/close")
def close_account(user_id: str) -> ResponseReturnValue:
    """Close their account, once it is said what becomes of what is theirs."""
    _require_admin()
    try:
        told = _see_to(user_id)
    except Faulty as fault:
        return page(user_id, fault, at="close")
    if told:
        said(told)
    actions.close(user_id, secret=my_secret(), actor=me())
    said("The account is closed. Nobody can sign in with it, and its tokens have ended.")
    return redirect(f"/people/{user_id}", 303)


@doors.post("/people/<user_id>/sign-out")
def sign_out_everywhere(user_id: str) -> ResponseReturnValue:
    """End all their sessions at once."""
    n = sign_in.end_all(user_id, actor=me())
    said(f"Ended: {words.count(n, 'session')}." if n else "They were signed in nowhere.")
    return redirect(f"/people/{user_id}", 303)


def _see_to(user_id: str) -> str:
    """Hand over what is theirs, or leave it to the admins; Faulty where neither is said."""
    with db.reading() as conn:
        owns = leaving.belongings(conn, user_id).any
    if not owns or request.form.get("leave") == "yes":
        return ""
    if not request.form.get("to"):
        raise Faulty.one("to", "Choose who takes over, or leave it to the admins.")
    done = _hand_over(user_id, my_secret())
    while done.is_more:
        done = _hand_over(user_id)
    return _told(done)


def _hand_over(user_id: str, secret: str | None = None) -> actions.HandedOver:
    form = request.form
    to, reason = form.get("to", ""), form.get("reason", "")
    return actions.hand_over(user_id, to, reason, secret=secret, actor=me())


def _told(done: actions.HandedOver) -> str:
    went = [
        words.count(done.definitions, "definition") if done.definitions else "",
        _processes(done.processes),
    ]
    told = f"Handed over: {words.listed([one for one in went if one]) or 'nothing was left'}."
    if done.kept:
        names = words.listed([f"“{name}”" for name in dict.fromkeys(done.kept)][:5])
        told += f" {names} stayed, since who takes over may not decide there."
    return told + (" There is more: hand over once again." if done.is_more else "")


def _processes(n: int) -> str:
    if n == 0:
        return ""
    return "1 process" if n == 1 else f"{n} processes"


def _require_admin() -> None:
    if me().role != "admin":
        raise NotYours("Only an admin may change who works here.")


def page(
    user_id: str,
    fault: Faulty | None = None,
    *,
    at: str = "",
    typed: Mapping[str, str] | None = None,
) -> ResponseReturnValue:
    """The page, with a fault beside its entry."""
    if me().role not in ("admin", "auditor"):
        raise NotYours("Only admins and auditors see this page.")
    with db.reading() as conn:
        shown = render_template(
            "staff/person.html",
            person=leaving.user(conn, user_id),
            teams=leaving.teams(conn, user_id),
            owns=leaving.belongings(conn, user_id),
            absence=absences.of_user(conn, user_id, clock.now()),
            successors=leaving.successors(conn, user_id),
            opens=seats.keys(conn, user_id),
            signed_in=seats.signed_in(conn, user_id, clock.now()),
            at=at,
            faults={one.at: one.message for one in fault.faults} if fault else {},
            typed=request.form if fault else typed or {},
        )
    return shown, 422 if fault else 200
