"""Samples in the room of an outside auditor: drawn by a seed, looked over, and saved."""

import hashlib

from flask import Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import samples as verbs
from portal.errors import Faulty
from portal.readings import samples as readings
from portal.web import forms
from portal.web.participant import rooms
from portal.web.participant.door import agent, doors


@doors.post("/room/samples")
def room_draw() -> ResponseReturnValue:
    """Draw one; the same press twice is one sample, since the seed of the house is the form's."""
    guest = rooms.proved()
    nonce = forms.sent_nonce()
    rooms.require_ours(guest, nonce)
    secret = forms.token("room-seed", guest.room.id, nonce)
    fresh = str(int(hashlib.sha256(secret.encode()).hexdigest()[:16], 16))
    who = {"ip": request.remote_addr, "agent": agent()}
    try:
        sample_id = verbs.draw(rooms.secret(), request.form, fresh, **who)
    except Faulty as fault:
        return rooms.population_page(guest, fault), fault.status
    return redirect(f"/room/samples/{sample_id}", 303)


@doors.get("/room/samples/<sample_id>")
def room_sample(sample_id: str) -> ResponseReturnValue:
    """Its processes, as they stand now, and how to draw it again."""
    guest = rooms.proved()
    place, nonce = rooms.place(), forms.new_nonce()
    with db.reading() as conn:
        found = readings.sample(conn, guest.room.id, sample_id)
        members = readings.members(conn, guest.room, found, after=place, limit=rooms.AT_ONCE)
    rooms.note("list")
    further = place + rooms.AT_ONCE
    return render_template(
        "participant/room_sample.html",
        sample=found,
        members=members,
        next=further if further < found.size else None,
        head=readings.HEAD,
        **rooms.told(guest),
        nonce=nonce,
        csrf=forms.token("room-list", guest.session_id, nonce),
    )


@doors.get("/room/samples/<sample_id>/sample.txt")
def room_sample_text(sample_id: str) -> ResponseReturnValue:
    """The sample as text: its seed, the digest of its list, and each process with its rank."""
    guest = rooms.proved()
    with db.reading() as conn:
        text = "".join(readings.lines(readings.sample(conn, guest.room.id, sample_id)))
    rooms.note("list")
    headers = {"Content-Disposition": f'attachment; filename="sample-{sample_id[-12:]}.txt"'}
    return Response(text, mimetype="text/plain", headers=headers)
