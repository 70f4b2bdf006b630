"""Absences: one's own, said on one's own page, and anybody's, said by an admin on theirs."""

from flask import redirect, request
from flask.typing import ResponseReturnValue

from portal.actions import absences
from portal.errors import Faulty
from portal.web.staff import account, leaving
from portal.web.staff.door import doors, me, said


@doors.post("/me/absence")
def set_my_absence() -> ResponseReturnValue:
    """Say when one is away, and who stands in."""
    try:
        _set(str(me().user_id))
    except Faulty as fault:
        return account.page(fault, at="absence")
    said("It is known now when you are away, and who stands in.")
    return redirect("/me", 303)


@doors.post("/me/absence/end")
def end_my_absence() -> ResponseReturnValue:
    """Say that one is here again, or does not go."""
    absences.end(str(me().user_id), actor=me())
    said("You are here again for everybody; nobody stands in for you.")
    return redirect("/me", 303)


@doors.post("/people/<user_id>/absence")
def set_absence(user_id: str) -> ResponseReturnValue:
    """Say when somebody is away, and who stands in."""
    try:
        _set(user_id)
    except Faulty as fault:
        return leaving.page(user_id, fault, at="absence")
    said("It is known now when they are away, and who stands in.")
    return redirect(f"/people/{user_id}", 303)


@doors.post("/people/<user_id>/absence/end")
def end_absence(user_id: str) -> ResponseReturnValue:
    """Say that somebody is here again, or does not go."""
    absences.end(user_id, actor=me())
    said("They are here again for everybody; nobody stands in for them.")
    return redirect(f"/people/{user_id}", 303)


def _set(user_id: str) -> None:
    form = request.form
    absences.set_away(
        user_id,
        *(form.get(name, "") for name in ("from", "until", "deputy", "note")),
        overlap=form.get("overlap") == "yes",
        actor=me(),
    )
