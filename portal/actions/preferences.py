"""What somebody outside chooses for themselves: once, for all that they are ever asked here."""

import sqlalchemy as sa

from portal import calendar, db, language
from portal.db import Tx, action
from portal.definition.tree import PersonStep
from portal.engine import preferences, reminders
from portal.engine.running import Running
from portal.errors import Faulty
from portal.language import gettext as _
from portal.models import Participant, Task


def choose_language(spoken: str, *, email: str | None) -> None:
    """Speak and write to that address in that language from now on. Faulty at ``language``.

    Of a visitor whose address is not known nothing is kept here.
    """
    if spoken not in language.known():
        raise Faulty.one("language", _("Choose one of the languages of the list."))
    if email is not None:
        _keep_language(spoken, email)


@action
def _keep_language(tx: Tx, spoken: str, email: str) -> None:
    preferences.keep(tx, email, {"language": spoken})


def choose_timezone(zone: str, *, email: str) -> None:
    """Tell that address of moments in that zone (IANA), and remind it by its clocks.

    When something is due stays as it is. Raises Faulty at ``timezone``.
    """
    try:
        calendar.zone(zone)
    except ValueError:
        raise Faulty.one("timezone", _("Choose one of the time zones of the list.")) from None
    _keep_timezone(zone, email)
    of = sa.and_(Participant.email == email, Participant.kind == "external")
    open_to = sa.select(Task.id).join(Participant, Participant.id == Task.participant_id)
    with db.reading() as conn:
        ids = conn.execute(open_to.where(of, Task.state == "open")).scalars().all()
    for id_ in ids:
        _remind_anew(id_)


@action
def _keep_timezone(tx: Tx, zone: str, email: str) -> None:
    preferences.keep(tx, email, {"timezone": zone})


@action
def _remind_anew(tx: Tx, task_id: str) -> None:
    running = Running.of_task(tx, task_id)
    task = running.tasks[task_id]
    step = running.tree.step(task.step)
    if task.state == "open" and isinstance(step, PersonStep):
        reminders.set_anew(running, step, task)


@action
def choose_digest(tx: Tx, *, email: str, wanted: bool) -> None:
    """Have that address reminded of all that waits in one mail a day, or of each by itself."""
    preferences.keep(tx, email, {"has_digest": wanted})
