"""Evidence packs in the room of an outside auditor: asked for, built, and saved."""

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db, language
from portal.actions import room_packs as verbs
from portal.actions import trails
from portal.errors import Faulty
from portal.readings import packs as sizes
from portal.readings import room_packs as readings
from portal.web import downloads, forms
from portal.web.participant import rooms
from portal.web.participant.door import agent, doors


@doors.post("/room/packs")
def room_pack() -> ResponseReturnValue:
    """Have one built of what was ticked, of a sample, or of all; the same press twice is one."""
    guest = rooms.proved()
    nonce = forms.sent_nonce()
    rooms.require_ours(guest, nonce)
    who = {"ip": request.remote_addr, "agent": agent()}
    try:
        pack_id = verbs.draft(rooms.secret(), _wanted(nonce), **who)
        _begin(pack_id)
    except Faulty as fault:
        return rooms.population_page(guest, fault), fault.status
    return redirect(f"/room/packs/{pack_id}", 303)


def _wanted(nonce: str) -> verbs.Wanted:
    form = request.form
    return verbs.Wanted(
        nonce=nonce,
        files=form.get("files") != "no",
        language=language.current(),
        paper=form.get("paper", trails.PAPERS[0]),
        sample=form.get("sample"),
        process_ids=None if form.get("what") == "all" else form.getlist("process"),
    )


def _begin(pack_id: str) -> None:
    with db.reading() as conn:
        size = sizes.size(conn, pack_id, files=sizes.has_files(conn, pack_id))
    try:
        verbs.begin(rooms.secret(), pack_id, size=size, room=downloads.room())
    except Faulty:
        verbs.stop(rooms.secret(), pack_id)
        raise


@doors.get("/room/packs/<pack_id>")
def room_pack_page(pack_id: str) -> ResponseReturnValue:
    """How far it is, or where to save it, and what is in it."""
    guest = rooms.proved()
    place, nonce = rooms.place(), forms.new_nonce()
    with db.reading() as conn:
        found = readings.pack(conn, guest.room.id, pack_id)
        tally = sizes.tally(conn, pack_id)
        members = readings.members(conn, guest.room, pack_id, after=place, limit=rooms.AT_ONCE)
    rooms.note("list")
    further = place + rooms.AT_ONCE
    return render_template(
        "participant/room_pack.html",
        pack=found,
        tally=tally,
        members=members,
        next=further if further < tally.total else None,
        keep=sizes.KEEP_DAYS,
        **rooms.told(guest),
        nonce=nonce,
        csrf=forms.token("room-list", guest.session_id, nonce),
    )


@doors.get("/room/packs/<pack_id>/progress")
def room_pack_progress(pack_id: str) -> ResponseReturnValue:
    """How far it is, in numbers, for the page to tell while one looks at it."""
    guest = rooms.proved()
    with db.reading() as conn:
        found = readings.pack(conn, guest.room.id, pack_id)
        tally = sizes.tally(conn, pack_id)
    return {"state": found.state, "through": tally.through, "total": tally.total}


@doors.post("/room/packs/<pack_id>/stop")
def room_pack_stop(pack_id: str) -> ResponseReturnValue:
    """Build no more of it."""
    guest = rooms.proved()
    rooms.require_ours(guest, forms.sent_nonce())
    verbs.stop(rooms.secret(), pack_id)
    return redirect(f"/room/packs/{pack_id}", 303)


@doors.get("/room/packs/<pack_id>/pack.zip")
def room_pack_file(pack_id: str) -> ResponseReturnValue:
    """The archive, to be saved; each time is a look at each process in it."""
    guest = rooms.proved()
    with db.reading() as conn:
        found = readings.pack(conn, guest.room.id, pack_id)
    verbs.take(rooms.secret(), pack_id, ip=request.remote_addr, agent=agent())
    return downloads.pack_out(found, f"evidence-{pack_id[-12:]}.zip")
