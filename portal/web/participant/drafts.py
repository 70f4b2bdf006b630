"""What is typed and not sent: kept as it is typed, and what its conditions hide by now."""

from flask import jsonify
from flask.typing import ResponseReturnValue

from portal import clock, db
from portal.actions import drafts
from portal.definition import hiding
from portal.definition.tree import FormStep
from portal.errors import PortalError
from portal.language import gettext as _
from portal.readings import asked as asked_readings
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
        drafts.keep(task_id, forms.typed(), actor=actor_of(guest))
    except PortalError as error:
        return (
            _("Not kept: %(why)s", why=error.sentence),
            error.status,
            {"Content-Type": "text/plain"},
        )
    with db.reading() as conn:
        asked = asked_readings.about(conn, guest.task, guest.process, guest.person.id)
    off = hidden(asked, forms.typed())
    return ("", 204) if off is None else jsonify(hidden=off)


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
