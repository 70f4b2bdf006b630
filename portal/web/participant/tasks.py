"""The task behind a link: shown, answered, gone on with; and what else is open."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import clock, db, language
from portal.access import links, sessions
from portal.access.sessions import Guest
from portal.actions import drafts
from portal.actions import links as link_verbs
from portal.actor import Actor
from portal.definition.fields import respelled
from portal.errors import (
    Conflict,
    Faulty,
    FormTooOld,
    Gone,
    PortalError,
    TooFast,
    TooLarge,
    Unknown,
)
from portal.readings import asked as asked_readings
from portal.readings import drafts as draft_readings
from portal.readings import links as link_readings
from portal.readings import uploads as upload_readings
from portal.readings.asked import Asked
from portal.web import answers, forms, progress
from portal.web.names import told
from portal.web.participant import uploads
from portal.web.participant.door import (
    NoSession,
    SessionOver,
    actor_of,
    agent,
    doors,
    guest_for,
    secret,
    with_cookie,
    zone_of,
)
from portal.web.participant.drafts import base_of_sent, hidden, keep_typed
from portal.web.participant.entry import renewed
from portal.web.participant.refusals import over, refusal

Typed = Mapping[str, Sequence[str]]


@doors.get("/w/<task_id>")
def show(task_id: str) -> ResponseReturnValue:
    """The task, or why it is not open; its receipt once it is done."""
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
            if guest.task.state == "done":
                return redirect(f"/w/{task_id}/receipt", 303)
            asked_readings.require_open(guest.task)
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
        keeps_drafts = guest.task.kind in drafts.KINDS
        draft = draft_readings.of(conn, task_id, guest.person.id) if keeps_drafts else None
    if draft is None:
        return _page(guest, asked, asked.typed())
    typed: Typed = draft.typed
    if draft.language and draft.language != language.current():
        typed = respelled(asked.fields, typed, draft.language)
    return _page(guest, asked, typed, draft_at=draft.at, base=draft.page or "")


@doors.post("/w/<task_id>")
def send(task_id: str) -> ResponseReturnValue:
    """Take the answer: 303 to the receipt, or the page again with what was typed and why."""
    with db.reading() as conn:
        try:
            guest = guest_for(conn, task_id)
        except (Gone, SessionOver) as error:
            return refusal(error, task_id)
    try:
        answers.prepare(guest.task)
        nonce, shown = forms.sent_nonce(), answers.sent_shown()
        forms.require_ours("answer", guest.person.id, task_id, nonce, shown)
    except FormTooOld as error:
        return over(error, f"/w/{task_id}", task_id)
    except TooLarge as error:
        return _too_large(guest, error)
    return _answer(guest)


def _answer(guest: Guest) -> ResponseReturnValue:
    task, actor = guest.task, actor_of(guest)
    try:
        if forms.changes_rows() or _take_back(task.id, actor):
            return _again(guest, {})
        if request.form.get("_draft"):
            keep_typed(guest)
            return _again(guest, {}, is_kept=True)
        unproved = answers.answer(task, actor=actor, session=guest.session_id)
    except Faulty as error:
        faults = {fault.at: fault.message for fault in error.faults}
        return _again(guest, faults, status=error.status)
    except TooFast as error:
        return _again(guest, {"code": error.sentence}, status=error.status)
    except drafts.KeptElsewhere as error:
        return _again(guest, {}, status=error.status, elsewhere=error.sentence)
    except (Conflict, Gone) as error:
        return _too_late(task.id, error)
    if unproved is None:
        return redirect(f"/w/{task.id}/receipt", 303)
    if unproved.is_fault:
        return _again(guest, {"code": unproved.sentence}, status=Faulty.status)
    return _again(guest, {}, sent=unproved.sentence)


def _take_back(task_id: str, actor: Actor) -> bool:
    """Take back what the page's ``_drop`` button names, also where it arrived in part."""
    which = request.form.get("_drop")
    if not which:
        return False
    try:
        uploads.let_go(task_id, which, actor)
    except Unknown:
        return answers.drop(actor)
    return True


def _again(
    guest: Guest, faults: dict[str, str], *, status: int = 200, sent: str = "",
    is_kept: bool = False, elsewhere: str = "",
) -> ResponseReturnValue:  # fmt: skip
    """The same page with what was typed and, beside each field, what is wrong with it.

    ``sent`` says that a one-time code is on its way, which the page then asks for; ``is_kept``
    that what was typed is kept as a draft, ``elsewhere`` that it is not, for another stands.
    """
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
        base = base_of_sent(conn, guest) if guest.task.kind in drafts.KINDS else ""
    page = _page(
        guest, asked, forms.typed(), faults, more=request.form.get("_more"), sent=sent,
        draft_at=clock.now() if is_kept else None, base=base, elsewhere=elsewhere,
    )  # fmt: skip
    return page, status


def _too_large(guest: Guest, error: TooLarge) -> ResponseReturnValue:
    """The page again, without reading a body that is far beyond what is taken."""
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    told = answers.too_large(asked, error)
    return _page(guest, asked, {}, {one.at: one.message for one in told.faults}), told.status


def _too_late(task_id: str, error: PortalError) -> ResponseReturnValue:
    """Closed meanwhile: by this very answer (then all is well), or otherwise."""
    with db.reading() as conn:
        guest = guest_for(conn, task_id)
    if answers.is_repeat(guest.task):
        return redirect(f"/w/{task_id}/receipt", 303)
    return refusal(error, task_id)


def _page(
    guest: Guest, asked: Asked, typed: Typed, faults: Mapping[str, str] | None = None,
    *, more: str | None = None, sent: str = "", draft_at: datetime | None = None,
    base: str = "", elsewhere: str = "",
) -> str:  # fmt: skip
    nonce = forms.new_nonce()
    shown = asked.signing.sha256 if asked.signing else ""
    is_upload = guest.task.kind == "upload"
    questions = forms.questions(asked.fields, _facts(asked), typed, more=more)
    off = hidden(asked, typed)
    return render_template(
        "participant/task.html",
        asked=asked,
        questions=questions,
        progress=progress.of(
            asked.all_fields, questions, _facts(asked), typed, faults=faults or (), hidden=off or ()
        ),
        typed=typed,
        faults=faults or {},
        told=told(faults or {}, answers.labels(asked)) if faults else {},
        nonce=nonce,
        sent=sent,
        shown=shown,
        csrf=forms.token("answer", guest.person.id, guest.task.id, nonce, shown),
        tz=zone_of(guest, asked),
        now=clock.now(),
        takes_files=forms.token("uploads", guest.person.id, guest.task.id) if is_upload else "",
        coming=_coming(guest.task.id) if is_upload else (),
        hidden=off,
        keeps_drafts=guest.task.kind in drafts.KINDS,
        base=base,
        elsewhere=elsewhere,
        said=request.args.get("said"),
        draft_at=draft_at,
        is_kept=draft_at is not None and request.method == "POST",
    )


def _coming(task_id: str) -> Sequence[Any]:
    """What arrived in part."""
    with db.reading() as conn:
        return upload_readings.coming(conn, task_id)


def _facts(asked: Asked) -> Mapping[str, Any]:
    """The facts where a text of the fields names one; they cost more than plain texts are worth."""
    return asked.facts if asked.has_placeholders else {}


# On again


@doors.post("/w/<task_id>/again")
def go_on(task_id: str) -> ResponseReturnValue:
    """Come in again by the link whose session ended, and find the page as it was typed."""
    with db.reading() as conn:
        guest = sessions.participant(conn, secret(), task_id)
    forms.require_ours("again", guest.person.id if guest else "", task_id)
    if guest is None or guest.standing not in ("over", "alive"):
        return refusal(NoSession(), task_id)
    token = links.mint(guest.link_id, guest.generation)
    try:
        entered = link_verbs.enter(token, browser=None, ip=request.remote_addr, agent=agent())
        asked_readings.require_open(guest.task)
    except (Conflict, Gone) as error:
        return refusal(error, task_id)
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
        base = base_of_sent(conn, guest)
    page = _page(guest, asked, forms.typed(), base=base)
    return with_cookie(make_response(page), entered.secret)


@doors.post("/w/<task_id>/renew")
def renew_here(task_id: str) -> ResponseReturnValue:
    """Send a fresh link to the address on file, for the link this browser came by.

    A browser that came by none is told the same whether there is such a task or not.
    """
    forms.require_ours("renew", f"/w/{task_id}/renew")
    with db.reading() as conn:
        guest = sessions.participant(conn, secret(), task_id)
        known = link_readings.known(conn, guest.link_id) if guest else None
    if guest is None:
        link_verbs.renew_of_task(task_id, ip=request.remote_addr, agent=agent())
        return render_template("participant/renewed.html", is_sure=False)
    return renewed(links.mint(guest.link_id, guest.generation), known)
