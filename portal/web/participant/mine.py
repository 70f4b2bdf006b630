"""All that is open and done for one person, and the way back in for whoever lost the mail."""

from collections.abc import Callable, Mapping

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from portal import db
from portal.access import addresses, codes, limits, links, sessions
from portal.access.addresses import Visitor
from portal.actions import links as link_verbs
from portal.actions import mine as verbs
from portal.actions import privacy
from portal.errors import Conflict, Faulty, FormTooOld, Gone, TooFast, Unknown
from portal.language import gettext as _
from portal.readings import links as link_readings
from portal.readings import mine as readings
from portal.web import forms, languages, zones
from portal.web.copies import copy_out
from portal.web.participant.door import NoSession, agent, doors, gone_page, secret, with_cookie
from portal.web.participant.refusals import over

_MOST, _AN_HOUR = 60, 3600
_MOST_COPIES = 10  # of one address; each packs all of its files


@doors.get("/w")
def mine() -> ResponseReturnValue:
    """What the person of this browser has to do, and did."""
    return _page({})


@doors.post("/w/code")
def own_code() -> ResponseReturnValue:
    """Send a code to the person's address, or judge the one they typed."""
    with db.reading() as conn:
        visitor = _visitor(conn)
    try:
        forms.require_ours("mine", visitor.session_id if visitor else "", forms.sent_nonce())
        if "code" not in request.form or "_resend" in request.form:
            verbs.send_code(secret())
            return _page({}, wants_code=True)
        judged = verbs.prove(secret(), request.form["code"])
    except FormTooOld as error:
        return over(error, "/w" if visitor else None)
    except TooFast as error:
        return _again(error.sentence, error.status)
    if judged.fault:
        return _again(judged.fault, Faulty.status)
    return redirect("/w", 303)


@doors.post("/w/copy")
def take_copy() -> ResponseReturnValue:
    """All that is held of the address whose mailbox was reached, and of nobody else."""
    with db.reading() as conn:
        visitor = _visitor(conn)
    try:
        forms.require_ours("mine", visitor.session_id if visitor else "", forms.sent_nonce())
        if visitor is None:
            raise NoSession
        if not visitor.is_proved:
            raise Unknown(_("There is nothing here, or nothing that is yours to see."))
        email = visitor.email
        limits.spend(f"copy:{codes.seal(email)}", _MOST_COPIES, _AN_HOUR)
        return copy_out(email, lambda count: privacy.note_own_copy(secret(), email, count))
    except FormTooOld as error:
        return over(error, "/w" if visitor else None)
    except TooFast as error:
        return make_response(_page({"copied": error.sentence}), error.status)


@doors.post("/w/<task_id>/open")
def go_in(task_id: str) -> ResponseReturnValue:
    """Come in to a task of another process, by the link that was mailed for it."""
    with db.reading() as conn:
        visitor = _visitor(conn)
        link = readings.link_to(conn, visitor.email, task_id) if visitor else None
        known = link_readings.known(conn, link[0]) if link else None
    try:
        forms.require_ours("mine", visitor.session_id if visitor else "", forms.sent_nonce())
    except FormTooOld as error:
        return over(error, "/w" if visitor else None)
    if visitor is None or not visitor.is_proved or link is None:
        raise Unknown(_("There is nothing here, or nothing that is yours to see."))
    token = links.mint(*link)
    try:
        entered = link_verbs.enter(token, browser=secret(), ip=request.remote_addr, agent=agent())
    except (Conflict, Gone) as error:
        return gone_page(error, known, f"/t/{token}/renew")
    return with_cookie(make_response(redirect(f"/w/{task_id}", 303)), entered.secret)


def of_mine(verb: Callable[[str], object], at: str = "") -> ResponseReturnValue:
    """What was sent from this page: 303 back to it, or the page with what was faulty.

    ``verb`` is given the person's address; ``at`` is the task that a fault stands beside.
    """
    with db.reading() as conn:
        visitor = _visitor(conn)
    try:
        forms.require_ours("mine", visitor.session_id if visitor else "", forms.sent_nonce())
        if visitor is None:
            raise NoSession
        limits.spend(f"mine:{codes.seal(visitor.email)}", _MOST, _AN_HOUR)
        verb(visitor.email)
    except FormTooOld as error:
        return over(error, "/w" if visitor else None)
    except Faulty as error:
        faults = {f"{one.at}-{at}" if at else one.at: one.message for one in error.faults}
        return make_response(_page(faults), error.status)
    said = request.path.rpartition("/")[2]
    return redirect(f"/w?said={said}-{at}" if at else f"/w?said={said}", 303)


def _visitor(conn: Connection) -> Visitor | None:
    """Who is in this browser, spoken to as they are known to read, on whatever device."""
    visitor = addresses.visitor(conn, secret())
    if visitor is not None:
        languages.greet(visitor.language)
    return visitor


def _again(fault: str, status: int) -> ResponseReturnValue:
    """The page with what is wrong with the code, or with asking for one."""
    return make_response(_page({"code": fault}, wants_code=True), status)


def _page(faults: Mapping[str, str], *, wants_code: bool = False) -> ResponseReturnValue:
    with db.reading() as conn:
        visitor = _visitor(conn)
        ids = sessions.links_of(conn, secret())
        if visitor is None:
            return over(NoSession(), None)
        found = (
            readings.of_address(conn, visitor.email, ids)
            if visitor.is_proved
            else readings.behind(conn, ids)
        )
        is_idle = not any(one.is_open for one in found)
        standing = link_readings.processes(conn, ids) if is_idle else ()
    return _rendered(visitor, found, standing=standing, faults=faults, wants_code=wants_code)


def _rendered(visitor: Visitor, found: list[readings.Mine], **more: object) -> str:
    nonce = forms.new_nonce()
    return render_template(
        "participant/mine.html",
        tasks=[one for one in found if one.is_open],
        done=[one for one in found if not one.is_open],
        is_proved=visitor.is_proved,
        zone=next((one.tz for one in found), "UTC"),
        zones=zones.OFFERED,
        has_digest=visitor.has_digest,
        typed=request.form,
        said=request.args.get("said"),
        nonce=nonce,
        csrf=forms.token("mine", visitor.session_id, nonce),
        **more,
    )


# The way back


@doors.get("/fresh")
def lost() -> ResponseReturnValue:
    """A form for one's own address."""
    return _lost({})


@doors.post("/fresh")
def find() -> ResponseReturnValue:
    """Have a fresh link sent; the answer is the same whether the address is known or not."""
    typed = request.form.get("email", "")
    try:
        forms.require_ours("fresh", forms.sent_nonce())
        verbs.ask_for_link(typed, ip=request.remote_addr)
    except (Faulty, FormTooOld, TooFast) as error:
        told = error.faults[0].message if isinstance(error, Faulty) else error.sentence
        return _lost({"email": told}, typed), error.status
    return render_template("participant/renewed.html", is_sure=False, is_typed=True)


def _lost(faults: Mapping[str, str], typed: str = "") -> str:
    nonce = forms.new_nonce()
    return render_template(
        "participant/fresh.html",
        faults=faults,
        typed={"email": [typed]},
        nonce=nonce,
        csrf=forms.token("fresh", nonce),
    )
