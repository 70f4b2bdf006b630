"""Somebody of the staff is away for some days, and another stands in for them."""

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from portal import calendar, installation
from portal.access import book, may
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.values import date_of, holds_control
from portal.errors import Fault, Faulty, NotYours, Unknown
from portal.models import Absence, User
from portal.models.people import WRITERS

LONGEST = timedelta(days=366)
LONGEST_NOTE = 300

_User = sa.Row[*tuple[Any, ...]]


@action
def set_away(
    tx: Tx,
    user_id: str,
    from_on: str,
    until_on: str,
    deputy: str,
    note: str = "",
    *,
    overlap: bool = False,
    actor: Actor,
) -> None:
    """Say from which day until which (ISO 8601, both included) somebody is away, and who stands in.

    It takes the place of what was said before. ``deputy`` is the address of another who can act;
    ``overlap``: it is known that they are away on some of these days themselves. Members say it
    of themselves, admins of everybody. Faults at ``from``, ``until``, ``deputy``, ``note``.
    """
    user = _subject(tx, user_id, actor)
    zone = calendar.zone(user.timezone or installation.current.timezone)
    faults: list[Fault] = []
    today = tx.now.astimezone(zone).date()
    first, last = _day("from", from_on, faults), _day("until", until_on, faults)
    if first and last:
        faults += _faults_of_days(first, last, today)
    if len(note.strip()) > LONGEST_NOTE:
        faults.append(Fault("note", f"Say it in {LONGEST_NOTE} letters."))
    elif holds_control(note):
        faults.append(Fault("note", "Remove the characters that can’t be shown."))
    second = _deputy(tx, user, deputy.strip().lower(), faults)
    if faults or first is None or last is None or second is None:
        raise Faulty(faults)
    begins, ends = (datetime.combine(day, time.min, zone) for day in (first, last + timedelta(1)))
    if not overlap and (theirs := _overlapping(tx, second.id, begins, ends)):
        raise Faulty.one(
            "deputy",
            f"{second.name} is away too, from {theirs.from_on} until {theirs.until_on}."
            " Choose somebody else, or tick that you know.",
        )
    told = {"deputy_id": second.id, "from_on": first, "until_on": last, "begins_at": begins,
            "ends_at": ends, "note": note.strip() or None, "made_at": tx.now}  # fmt: skip
    row = tx.insert(Absence).values(user_id=user.id, **told)
    tx.execute(row.on_conflict_do_update(index_elements=["user_id"], set_=told))
    days = {"from": first.isoformat(), "until": last.isoformat()}
    about = {**days, "deputy": second.name, "deputy_id": second.id}
    book.note(tx, "absence-set", user.id, actor=actor, **about)


@action
def end(tx: Tx, user_id: str, *, actor: Actor) -> None:
    """Say that somebody is here again, or does not go; Unknown where nobody said that they do."""
    user = _subject(tx, user_id, actor)
    its = sa.and_(Absence.user_id == user.id, Absence.ends_at > tx.now)
    if tx.execute(sa.delete(Absence).where(its)).rowcount == 0:
        raise Unknown("No absence is known that could end.")
    book.note(tx, "absence-ended", user.id, actor=actor)


def _subject(tx: Tx, user_id: str, actor: Actor) -> _User:
    """Whose absence it is; NotYours where it is another's, or theirs who has no work here."""
    if user_id != actor.user_id:
        may.require(actor, "people")
    who = sa.select(User.id, User.name, User.role, User.timezone, User.is_active)
    found = tx.execute(who.where(User.id == user_id)).first()
    if found is None:
        raise Unknown("There is nobody here of that name.")
    if found.role not in WRITERS or not found.is_active:
        raise NotYours("Only somebody who can be given work has a deputy.")
    return found


def _day(at: str, typed: str, faults: list[Fault]) -> date | None:
    try:
        return date_of(typed.strip())
    except ValueError:
        faults.append(Fault(at, "Give a day, such as 2026-12-04."))
        return None


def _faults_of_days(first: date, last: date, today: date) -> list[Fault]:
    if last < first:
        return [Fault("until", "The last day is before the first.")]
    if last < today:
        return [Fault("until", "This day has passed.")]
    if last - first > LONGEST:
        return [Fault("until", "An absence lasts a year at most.")]
    return []


def _deputy(tx: Tx, user: _User, email: str, faults: list[Fault]) -> _User | None:
    who = sa.select(User.id, User.name, User.role, User.is_active).where(User.email == email)
    found = tx.execute(who).first() if email else None
    if found is None:
        faults.append(Fault("deputy", "Choose who stands in."))
    elif found.id == user.id:
        faults.append(Fault("deputy", "Nobody stands in for themselves. Choose somebody else."))
    elif not found.is_active or found.role not in WRITERS:
        faults.append(Fault("deputy", f"{found.name} can’t be given work. Choose somebody else."))
    else:
        return found
    return None


def _overlapping(tx: Tx, deputy_id: str, begins: datetime, ends: datetime) -> Any:
    """The absence of whoever would stand in, on some of the same days."""
    some = sa.and_(Absence.begins_at < ends, Absence.ends_at > begins)
    query = sa.select(Absence.from_on, Absence.until_on).where(some)
    return tx.execute(query.where(Absence.user_id == deputy_id)).first()
