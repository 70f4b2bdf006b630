"""The room of an outside auditor: a link, a code, and then what was granted, to be read."""

from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db, installation, language
from portal.access import limits, links
from portal.access import rooms as access
from portal.actions import preferences, trails
from portal.actions import rooms as verbs
from portal.actor import system
from portal.errors import Faulty, FormTooOld, TooFast, Unknown
from portal.language import gettext as _
from portal.readings import dossier as dossiers
from portal.readings import feed, room_packs, room_questions, samples
from portal.readings import rooms as readings
from portal.web import forms, languages, zones
from portal.web.downloads import handed_out, ledger_out
from portal.web.participant.door import (
    NoSession,
    agent,
    doors,
    is_https,
    with_cookie,
)

AT_ONCE = 100
TRAILS = system("rooms")
_MOST_BAD, _TEN_MINUTES = 30, 600


def cookie_name() -> str:
    """The cookie of an auditor's browser; it opens no task."""
    return "__Host-portal_room" if is_https() else "portal_room"


def secret() -> str | None:
    """What the cookie of this browser holds."""
    return request.cookies.get(cookie_name())


def nothing() -> Unknown:
    """What is said of all that is not there, or not granted."""
    return Unknown(_("There is nothing here, or nothing that is yours to see."))


@doors.get("/a/<spelt:token>")
def room_landing(token: str) -> ResponseReturnValue:
    """What the link is for, and one button. Records nothing, opens no session."""
    room = _behind(token)
    stands = access.standing(room, clock.now())
    nonce = forms.new_nonce()
    page = render_template(
        "participant/room_landing.html",
        room=room,
        stands=stands,
        zone=installation.current.timezone,
        nonce=nonce,
        csrf=forms.token("room", room.id, nonce),
    )
    return page, 410 if stands in ("revoked", "over") else 200


@doors.post("/a/<spelt:token>")
def room_enter(token: str) -> ResponseReturnValue:
    """Open a session that still lacks the code, and go on to an address without the token."""
    room = _behind(token)
    forms.require_ours("room", room.id, forms.sent_nonce())
    fresh = verbs.enter(links.mended(token))
    if fresh is None:
        return room_landing(token)
    return with_cookie(make_response(redirect("/room", 303)), fresh, cookie_name())


@doors.get("/room")
def room_page() -> ResponseReturnValue:
    """What was granted, and the population; before the code, where to type it."""
    guest = _guest()
    if not guest.is_proved:
        return _code_page(guest, "")
    return population_page(guest, None)


def population_page(guest: access.Inside, fault: Faulty | None) -> str:
    """The room, with the faults of a sample that could not be drawn, or of a pack."""
    note("list")
    nonce = forms.new_nonce()
    with db.reading() as conn:
        found = readings.population(conn, guest.room, after=place(), limit=AT_ONCE)
        names = readings.definition_names(conn, guest.room.scope)
        drawn = samples.of_room(conn, guest.room.id)
        packs = room_packs.of_room(conn, guest.room.id)
        asked = room_questions.of_room(conn, guest.room, only_granted=True)
    return render_template(
        "participant/room.html",
        found=found,
        names=names,
        head=readings.HEAD,
        samples=drawn,
        packs=packs,
        questions=asked,
        after=place(),
        faults={one.at: one.message for one in fault.faults} if fault else {},
        typed=request.form,
        nonce=nonce,
        csrf=forms.token("room-list", guest.session_id, nonce),
        zones=zones.OFFERED,
        is_kept=request.args.get("said") == "reading",
        **told(guest),
    )


def require_ours(guest: access.Inside, nonce: str) -> None:
    """Refuse a form that is not of a list, a sample or a pack in this room."""
    forms.require_ours("room-list", guest.session_id, nonce)


def place() -> int:
    """How many of a list were shown before, as its address says."""
    after = request.args.get("after", "")
    return int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0


@doors.post("/room/code")
def room_code() -> ResponseReturnValue:
    """Send a code to the auditor's address, or judge the one that was typed."""
    guest = _guest()
    forms.require_ours("room-code", guest.session_id, forms.sent_nonce())
    try:
        if "code" not in request.form or "_resend" in request.form:
            verbs.send_code(secret())
            return _code_page(guest, "", is_sent=True)
        judged = verbs.prove(secret(), request.form["code"], ip=request.remote_addr, agent=agent())
    except TooFast as error:
        return _code_page(guest, error.sentence, is_sent=True), error.status
    if judged.fault:
        return _code_page(guest, judged.fault, is_sent=True), Faulty.status
    return redirect("/room", 303)


@doors.post("/room/reading")
def room_reading() -> ResponseReturnValue:
    """Speak that language, and tell moments in that zone, from now on: on pages and in mails."""
    guest = proved()
    require_ours(guest, forms.sent_nonce())
    spoken, email = request.form.get("language", ""), guest.room.email
    preferences.choose_language(spoken, email=email)
    preferences.choose_timezone(request.form.get("timezone", ""), email=email)
    answer = make_response(redirect("/room?said=reading#reading", 303))
    return languages.remember(answer, spoken, is_https=is_https())


@doors.get("/room/population.txt")
def room_population() -> ResponseReturnValue:
    """The list whose SHA-256 the page shows."""
    guest = proved()
    note("list")
    with db.reading() as conn:
        text = "".join(readings.lines(conn, guest.room))
    headers = {"Content-Disposition": 'attachment; filename="population.txt"'}
    return Response(text, mimetype="text/plain", headers=headers)


@doors.get("/room/<process_id>")
def room_process(process_id: str) -> ResponseReturnValue:
    """One process, to be read."""
    guest = granted(process_id)
    note("answers", process_id)
    before = request.args.get("before", "")
    upto = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    with db.reading() as conn:
        found = dossiers.of_process(conn, process_id)
        history = feed.of_process(conn, found, zone_of(guest), before=upto, limit=AT_ONCE)
        built = dossiers.trails_of(conn, process_id, guest.zone or "")
        is_erased = readings.is_erased(conn, process_id)
        asked = room_questions.of_room(conn, guest.room, process=process_id, only_granted=True)
    nonce = forms.new_nonce()
    return render_template(
        "participant/room_process.html",
        dossier=found,
        process=found.process,
        history=history,
        trails=built,
        is_erased=is_erased,
        questions=asked,
        is_asked=request.args.get("said") == "trail",
        nonce=nonce,
        csrf=forms.token("room", guest.session_id, process_id, nonce),
        **told(guest),
    )


@doors.post("/room/<process_id>/trail")
def room_ask_trail(process_id: str) -> ResponseReturnValue:
    """Have the audit trail built as the process stands now; it changes nothing in it."""
    guest = granted(process_id)
    forms.require_ours("room", guest.session_id, process_id, forms.sent_nonce())
    limits.spend(f"room-trails:{guest.room.id}", 200, 3600)
    form = request.form
    trails.ask(
        process_id,
        spoken=form.get("language", language.current()),
        paper=form.get("paper", trails.PAPERS[0]),
        zone=guest.zone or "",
        actor=TRAILS,
    )
    return redirect(f"/room/{process_id}?said=trail#trail", 303)


@doors.get("/room/<process_id>/trail.pdf")
def room_trail(process_id: str) -> ResponseReturnValue:
    """The newest audit trail that is built in a language, on a paper, in the reader's zone."""
    guest = granted(process_id)
    spoken, paper = request.args.get("language"), request.args.get("paper", trails.PAPERS[0])
    make = {"language": spoken or language.current(), "paper": paper, "with_files": False}
    with db.reading() as conn:
        found = dossiers.trail_of(conn, process_id, {**make, "zone": guest.zone or ""})
    if found is None:
        raise nothing()
    note("trail", process_id)
    name = f"audit-trail-{process_id[-12:]}-{found.seq}-{found.language}-{found.paper.lower()}.pdf"
    return handed_out(found, name, "application/pdf")


@doors.get("/room/<process_id>/ledger.jsonl")
def room_ledger(process_id: str) -> ResponseReturnValue:
    """The full ledger as JSON lines, as ``portal verify`` takes it."""
    granted(process_id)
    note("ledger", process_id)
    return ledger_out(process_id)


def _behind(token: str) -> Any:
    """The room of a token; the same refusal for every other, counted where it was guessed."""
    read = links.read(links.mended(token))
    with db.reading() as conn:
        room = access.behind(conn, read)
    if room is None:
        limits.note_failure(f"link:{limits.place(request.remote_addr)}", _MOST_BAD, _TEN_MINUTES)
        raise nothing()
    return room


def _guest() -> access.Inside:
    with db.reading() as conn:
        found = access.inside(conn, secret())
    if found is None:
        raise _over()
    languages.greet(found.language)
    return found


def _over() -> FormTooOld:
    if secret() is None:
        return NoSession()
    return FormTooOld(
        _("Your session has ended, or the room is closed."), _("Open the link in the e-mail again.")
    )


def proved() -> access.Inside:
    """Whoever typed the code in this browser; Unknown before that."""
    guest = _guest()
    if not guest.is_proved:
        raise nothing()
    return guest


def granted(process_id: str) -> access.Inside:
    """Whoever is in a room that grants that process; Unknown where it does not."""
    guest = proved()
    with db.reading() as conn:
        readings.require(conn, guest.room, process_id)
    return guest


def note(
    what: str, process_id: str | None = None, file_id: str | None = None, page: int | None = None
) -> None:
    """Write down what is about to be shown, a word of ``readings.book.READ``."""
    who = {"ip": request.remote_addr, "agent": agent()}
    verbs.look(secret(), what, process_id, file_id, page=page, **who)


def zone_of(guest: access.Inside) -> str:
    """The zone in which an auditor is told of moments: their own choice, else the house's."""
    return guest.zone or installation.current.timezone


def told(guest: access.Inside) -> dict[str, Any]:
    """What each page of a room shows; ``chosen_zone`` is what goes for audit trails, if any."""
    zones = {"zone": zone_of(guest), "chosen_zone": guest.zone}
    return {"room": guest.room, "papers": trails.PAPERS, **zones}


def _code_page(guest: access.Inside, fault: str, *, is_sent: bool = False) -> str:
    nonce = forms.new_nonce()
    return render_template(
        "participant/room_code.html",
        room=guest.room,
        fault=fault,
        is_sent=is_sent,
        nonce=nonce,
        csrf=forms.token("room-code", guest.session_id, nonce),
    )
