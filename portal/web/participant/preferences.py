"""What a person chooses for themselves: language, time zone, and when they hear of a task again."""

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.access import addresses
from portal.actions import preferences, snoozes
from portal.web import forms, languages
from portal.web.participant.door import actor_of, doors, guest_for, is_https, secret
from portal.web.participant.mine import of_mine


@doors.post("/w/language")
def choose_language() -> ResponseReturnValue:
    """Speak that language from now on, and go back to the page that it was chosen on."""
    forms.require_ours("language")
    spoken = request.form.get("language", "")
    with db.reading() as conn:
        visitor = addresses.visitor(conn, secret())
    preferences.choose_language(spoken, email=visitor.email if visitor else None)
    place = "/fresh" if request.form.get("_back") == "/fresh" else "/w"
    return languages.remember(make_response(redirect(place, 303)), spoken, is_https=is_https())


@doors.post("/w/timezone")
def choose_timezone() -> ResponseReturnValue:
    """Tell moments in that zone from now on, on every page and in every mail."""
    return of_mine(
        lambda email: preferences.choose_timezone(request.form.get("timezone", ""), email=email)
    )


@doors.post("/w/<task_id>/snooze")
def snooze(task_id: str) -> ResponseReturnValue:
    """Be reminded of a task on a day, and not before."""
    day = request.form.get("day", "")
    with db.reading() as conn:
        guest = guest_for(conn, task_id)
    return of_mine(lambda _email: snoozes.snooze(task_id, day, actor=actor_of(guest)), task_id)


@doors.post("/w/digest")
def choose_digest() -> ResponseReturnValue:
    """Be reminded in one mail a day, or by a mail for each."""
    wanted = "wanted" in request.form
    return of_mine(lambda email: preferences.choose_digest(email=email, wanted=wanted))
