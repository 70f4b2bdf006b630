"""What auditors ask in their rooms, before those who answer."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import rooms as access
from portal.actions import room_questions as verbs
from portal.errors import Faulty, NotYours
from portal.readings import room_questions as readings
from portal.readings import rooms as room_readings
from portal.readings.sights import SEES_ALL
from portal.web import forms
from portal.web.staff import rooms
from portal.web.staff.door import doors, me, said


@doors.get("/rooms/<room_id>/questions")
def room_questions(room_id: str) -> ResponseReturnValue:
    """What was asked and answered, for those who answer, admins and auditors."""
    return _page(room_id)


@doors.post("/rooms/<room_id>/questions/<asked_id>")
def answer_room(room_id: str, asked_id: str) -> ResponseReturnValue:
    """Answer; the auditor is mailed it."""
    nonce = forms.sent_nonce()
    try:
        verbs.answer(room_id, asked_id, request.form.get("text", ""), nonce=nonce, actor=me())
    except Faulty as fault:
        return _page(room_id, asked_id, fault)
    said("Your answer is on its way to the auditor.")
    return redirect(f"/rooms/{room_id}/questions", 303)


@doors.post("/rooms/<room_id>/answerers")
def name_answerers(room_id: str) -> ResponseReturnValue:
    """Say who answers beside whoever opened the room."""
    try:
        verbs.name_answerers(room_id, request.form.get("answerers", ""), actor=me())
    except Faulty as fault:
        return rooms.page(room_id, fault)
    said("Kept. They see what is asked from now on, on their desk and by mail.")
    return redirect(f"/rooms/{room_id}", 303)


def _page(room_id: str, at: str = "", fault: Faulty | None = None) -> ResponseReturnValue:
    actor = me()
    with db.reading() as conn:
        found = room_readings.room(conn, room_id)
        may_answer = access.may_answer(conn, actor, found)
        if not may_answer and actor.role not in SEES_ALL:
            raise NotYours("Only whoever answers for this room sees this page.")
        threads = readings.of_room(conn, found)
    page = render_template(
        "staff/room_questions.html",
        room=found,
        threads=threads,
        may_answer=may_answer and access.standing(found, clock.now()) in ("open", "early"),
        sees_room=actor.role in SEES_ALL,
        at=at,
        fault=str(fault) if fault else "",
        typed=request.form,
        nonce=forms.new_nonce(),
    )
    return page, 422 if fault else 200
