"""What is typed and not sent: kept as it is typed, and what its conditions hide by now."""

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.engine import Connection

from portal import clock, db
from portal.access.sessions import Guest
from portal.actions import drafts
from portal.definition import hiding
from portal.definition.tree import FormStep
from portal.errors import PortalError
from portal.language import gettext as _
from portal.readings import asked as asked_readings
from portal.readings import drafts as readings
from portal.readings import trees, words
from portal.readings.asked import Asked
from portal.web import forms
from portal.web.forms import Typed
from portal.web.participant.door import actor_of, doors, guest_for


@doors.post("/w/<task_id>/draft")
def keep(task_id: str) -> ResponseReturnValue:
    """Keep what is typed so far; 204, or a sentence for the page's script to show.

    A form with conditions is answered with 200 and ``{hidden}``: what needs no answer by now.
    """
    try:
        with db.reading() as conn:
            guest = guest_for(conn, task_id)
        forms.require_ours("answer", guest.person.id, task_id, forms.sent_nonce(), "")
        keep_typed(guest)
    except PortalError as error:
        told = _("Not kept: %(why)s", why=error.sentence)
        return told, error.status, {"Content-Type": "text/plain", "Portal-Refusal": error.code}
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    off = hidden(asked, forms.typed())
    return ("", 204) if off is None else jsonify(hidden=off)


def keep_typed(guest: Guest) -> None:
    """Keep what the page sent; KeptElsewhere where that would write over another device's."""
    wants_over = "_over" in request.form or request.form.get("_draft") == "over"
    base = None if wants_over else request.form.get("_base")
    drafts.keep(
        guest.task.id, forms.typed(), page=forms.sent_nonce(), base=base, actor=actor_of(guest)
    )


def base_of_sent(conn: Connection, guest: Guest) -> str:
    """Which page kept the draft that the page which was sent goes on from."""
    base = request.form.get("_base", "")
    kept = readings.of(conn, guest.task.id, guest.person.id)
    sent = request.form.get("_nonce", "")
    return sent if kept is not None and kept.page == sent else base


def hidden(asked: Asked, typed: Typed) -> list[str] | None:
    """What the conditions of a form hide, as it stands; ``None`` where it has no conditions."""
    step = asked.step
    if not isinstance(step, FormStep) or not hiding.is_conditional(asked.fields):
        return None
    return hiding.hidden(
        step.fields,
        typed,
        {one.id: one.rows for one in forms.questions(asked.fields, {}, typed)},
        today=clock.now().astimezone(words.zone(trees.zone(asked.tree))).date(),
        facts=asked.facts,
        known=asked.answers,
        only=asked.only or None,
    )
