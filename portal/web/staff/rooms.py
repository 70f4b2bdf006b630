"""Rooms of outside auditors: opened, looked over, prolonged and revoked."""

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.access import rooms as access
from portal.actions import rooms as verbs
from portal.errors import Faulty, NotYours
from portal.readings import book, lists, room_questions, samples, words
from portal.readings import rooms as readings
from portal.web.staff.door import doors, house_zone, me, said
from portal.web.staff.filters import STATES

STANDS = {
    "open": "Open",
    "early": "Not open yet",
    "over": "Over",
    "revoked": "Revoked",
}


@doors.get("/rooms")
def list_rooms() -> ResponseReturnValue:
    """Every room, and the form for another one."""
    return _list(None)


@doors.post("/rooms")
def open_room() -> ResponseReturnValue:
    """Open a room; its auditor is mailed the link."""
    form = request.form
    chosen = {name: form.getlist(name) for name in ("definition", "state")}
    try:
        room_id = verbs.open_room(form, chosen, tz=house_zone(), actor=me())
    except Faulty as fault:
        return _list(fault)
    said("The room is open, and its link is on its way to the auditor.")
    return redirect(f"/rooms/{room_id}", 303)


@doors.get("/rooms/<room_id>")
def room(room_id: str) -> ResponseReturnValue:
    """What was granted, and every look."""
    return page(room_id, None)


@doors.post("/rooms/<room_id>/extend")
def extend_room(room_id: str) -> ResponseReturnValue:
    """Have it open until another day."""
    try:
        verbs.extend(room_id, request.form, tz=house_zone(), actor=me())
    except Faulty as fault:
        return page(room_id, fault)
    said("Kept. The auditor is mailed the link once more.")
    return redirect(f"/rooms/{room_id}", 303)


@doors.post("/rooms/<room_id>/revoke")
def revoke_room(room_id: str) -> ResponseReturnValue:
    """Shut it, from the next request on."""
    verbs.revoke(room_id, actor=me())
    said("The room is shut. Nothing more is shown in it.")
    return redirect(f"/rooms/{room_id}", 303)


def _require_reader() -> None:
    if me().role not in ("admin", "auditor"):
        raise NotYours("Only admins and auditors see this page.")


def _list(fault: Faulty | None) -> ResponseReturnValue:
    _require_reader()
    now = clock.now()
    with db.reading() as conn:
        found = readings.all_rooms(conn)
        definitions = lists.definition_names(conn)
    page = render_template(
        "staff/rooms.html",
        found=found,
        stands={one.id: STANDS[access.standing(one, now)] for one in found},
        scopes={one.id: scope_of(one.scope, definitions) for one in found},
        definitions=definitions,
        states=STATES,
        most=verbs.MOST_DAYS,
        faults=_told(fault),
        typed=request.form,
    )
    return page, 422 if fault else 200


def page(room_id: str, fault: Faulty | None) -> ResponseReturnValue:
    """The room, with the faults of a form of its page."""
    _require_reader()
    with db.reading() as conn:
        found = readings.room(conn, room_id)
        population = readings.population(conn, found, limit=0)
        looks = book.lines(conn, about=room_id, before=request.args.get("cursor"))
        definitions = lists.definition_names(conn)
        drawn = samples.of_room(conn, room_id)
        asked = room_questions.of_room(conn, found)
        answerers = room_questions.answerers(conn, room_id)
    told = render_template(
        "staff/room.html",
        room=found,
        stand=access.standing(found, clock.now()),
        stands=STANDS,
        scope=scope_of(found.scope, definitions),
        population=population,
        looks=looks,
        samples=drawn,
        questions=asked,
        answerers=answerers,
        head=samples.HEAD,
        most=verbs.MOST_DAYS,
        faults=_told(fault),
        typed=request.form,
    )
    return told, 422 if fault else 200


def scope_of(scope: Mapping[str, Any], definitions: Any) -> str:
    """What was granted, in words."""
    if named := scope.get("processes"):
        return f"{len(named):,} named {'process' if len(named) == 1 else 'processes'}"
    names = {row.key: row.name for row in definitions}
    parts = [", ".join(names.get(key, key) for key in scope["definitions"]) or "All definitions"]
    parts += [", ".join(STATES.get(one, one).lower() for one in scope["states"])]
    zone = house_zone()
    for word, at in (("started from", scope["since"]), ("started before", scope["until"])):
        parts += [f"{word} {words.moment(words.read_iso(at), zone)}"] if at else []
    return "; ".join(filter(None, parts))


def _told(fault: Faulty | None) -> dict[str, str]:
    return {one.at: one.message for one in fault.faults} if fault else {}
