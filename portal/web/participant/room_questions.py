"""Questions in the room of an outside auditor: asked, answered by staff, and read again."""

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.access import limits
from portal.access.rooms import Inside
from portal.actions import room_questions as verbs
from portal.errors import Faulty, PortalError, TooFast
from portal.readings import dossier as dossiers
from portal.readings import room_questions as readings
from portal.readings import rooms as room_readings
from portal.web import forms
from portal.web.participant import rooms
from portal.web.participant.door import agent, doors

_MOST, _AN_HOUR = 60, 3600  # each is a mail to everybody who answers


@doors.get("/room/questions")
def room_questions() -> ResponseReturnValue:
    """All that was asked and answered, and a form; ``process`` in the address: about that one."""
    return _page(rooms.proved(), request.args.get("process") or None)


@doors.post("/room/questions")
def room_ask() -> ResponseReturnValue:
    """Ask about the audit as a whole, or about one process."""
    guest = rooms.proved()
    form, process = request.form, request.form.get("process") or None
    try:
        number = verbs.ask(rooms.secret(), form.get("text", ""), process_id=process, **_sent(guest))
    except (Faulty, TooFast) as fault:
        return _page(guest, process, "text", fault), fault.status
    return redirect(f"/room/questions?said=yes#question-{number}", 303)


@doors.post("/room/questions/<question_id>")
def room_ask_more(question_id: str) -> ResponseReturnValue:
    """Write more to a question, or to its answer."""
    guest = rooms.proved()
    text = request.form.get("text", "")
    try:
        number = verbs.add(rooms.secret(), question_id, text, **_sent(guest))
    except (Faulty, TooFast) as fault:
        return _page(guest, None, question_id, fault), fault.status
    return redirect(f"/room/questions?said=yes#question-{number}", 303)


def _sent(guest: Inside) -> dict[str, Any]:
    nonce = forms.sent_nonce()
    forms.require_ours("room-question", guest.session_id, nonce)
    limits.spend(f"room-questions:{guest.room.id}", _MOST, _AN_HOUR)
    return {"nonce": nonce, "ip": request.remote_addr, "agent": agent()}


def _page(
    guest: Inside, process: str | None, at: str = "", fault: PortalError | None = None
) -> str:
    """The questions; ``at`` says of which form the fault is: ``text``, or a question's id."""
    with db.reading() as conn:
        if process is not None:
            room_readings.require(conn, guest.room, process)
        title = dossiers.title_of(conn, process) if process else None
        threads = readings.of_room(conn, guest.room, only_granted=True)
    rooms.note("questions", process)
    nonce = forms.new_nonce()
    return render_template(
        "participant/room_questions.html",
        threads=threads,
        about=process,
        title=title,
        at=at,
        faults={f"text-{at}" if at != "text" else "text": str(fault)} if fault else {},
        typed=request.form,
        is_said=request.args.get("said") == "yes",
        **rooms.told(guest),
        nonce=nonce,
        csrf=forms.token("room-question", guest.session_id, nonce),
    )
