"""Who takes work over, and who plays a role that nobody plays: judged once, for every way to it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from portal.actor import Actor
from portal.definition.tree import ApprovalStep, PersonStep, Step
from portal.definition.values import is_email
from portal.engine import asking, casting
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict, Fault, Faulty, together
from portal.language import gettext as _
from portal.language import mark
from portal.ledger.catalogue import ParticipantNamed
from portal.models import User
from portal.models.tasks import MOST_PASSED_ON

_TOOK_PART = mark("This person took part in what is decided here.")
_DECIDES = mark("This person decides here already, and has one vote.")


def address_of(to: Any) -> str:
    """The address of ``{email, name}``; Faulty at ``to.email`` where it can be none."""
    email = casting.email_of(to)
    if not is_email(email):
        raise Faulty.one("to.email", _("Give the e-mail address of the person who takes over."))
    return email


def _name_of(to: Mapping[str, Any], *, is_required: bool = False) -> str | None:
    if is_required and not str(to.get("name") or "").strip():
        raise Faulty.one("to.name", _("Give their name, by which the mail greets them."))
    try:
        return casting.name_of(to)
    except ValueError as unfit:
        raise Faulty.one("to.name", str(unfit)) from None


def by_address(running: Running, task: Asked, to: Mapping[str, Any]) -> Person:
    """The person ``{email, name}``, who may do this task. Faulty at ``to.email`` or ``to.name``."""
    return running.keep_person(_candidate(running, task, to))


def _candidate(running: Running, task: Asked, to: Mapping[str, Any]) -> Person:
    email, name = together(lambda: address_of(to), lambda: _name_of(to))
    try:
        person = casting.somebody(running.tx, running.process, None, email, name)
    except ValueError as unfit:
        raise Faulty.one("to.email", str(unfit)) from None
    why_not = barred(running, task, person)
    if why_not is not None:
        raise Faulty.one("to.email", _(why_not))
    return person


def next_in_line(running: Running, task: Asked, by: Person, to: Mapping[str, Any]) -> Person:
    """The person ``{email, name}`` to whom ``by`` may pass a task on; nothing is kept of them yet.

    Nobody who has it or has passed it on already, so that it goes in no circle; and what staff
    have to do stays among staff. Faulty at ``to.email`` or ``to.name``; Conflict where it was
    passed on ``MOST_PASSED_ON``.
    """
    if len(task.passed_on) >= MOST_PASSED_ON:
        raise Conflict(
            _(
                "“%(task)s” was passed on %(n)s times already, and no more.",
                task=task.name,
                n=MOST_PASSED_ON,
            ),
            _("Do it, or write to whoever asks for it."),
        )
    together(lambda: address_of(to), lambda: _name_of(to, is_required=True))
    _require_new(running, task, casting.email_of(to))
    try:
        person = _candidate(running, task, to)
    except Faulty as unfit:
        raise _discreet(unfit) if by.kind == "external" else unfit from None
    if by.kind != "external" and person.kind == "external":
        raise Faulty.one("to.email", "This is work of staff: give the address of a colleague.")
    return person


def _require_new(running: Running, task: Asked, email: str) -> None:
    if email in _addresses(running, task.people, [task.holder_id]):
        raise Faulty.one(
            "to.email", _("This is who has it now. Give the address of somebody else.")
        )
    before = [one["from"] for one in task.passed_on]
    if email in _addresses(running, before, [one["user"] for one in task.passed_on]):
        raise Faulty.one(
            "to.email", _("This person passed it on already. Give the address of somebody else.")
        )


def _addresses(running: Running, people: Sequence[str], users: Sequence[str | None]) -> set[str]:
    ids = [id_ for id_ in users if id_]
    found = {running.person(id_).email for id_ in people}
    if ids:
        found |= set(running.tx.execute(sa.select(User.email).where(User.id.in_(ids))).scalars())
    return {email for email in found if email}


def _discreet(unfit: Faulty) -> Faulty:
    """The same refusal for people outside, who are told nothing of anybody's account."""
    [fault] = unfit.faults
    if fault.message in (_(_TOOK_PART), _(_DECIDES)) or fault.at != "to.email":
        return unfit
    return Faulty.one("to.email", _("This person can’t be given it. Give the address of another."))


def barred(running: Running, task: Asked, person: Person) -> str | None:
    """Why somebody may not decide an approval, in an English sentence; ``None`` where they may."""
    step = running.tree.step(task.step)
    if not isinstance(step, ApprovalStep):
        return None
    if person.is_one_of(asking.doers(running, step, task.scope)):
        return _TOOK_PART
    if person.is_one_of(asking.fellow_voters(running, task)):
        return _DECIDES
    return None


def is_played(running: Running, role: str) -> bool:
    """Whether somebody plays the role who can act."""
    person = running.of_role(role)
    return person is not None and bool(casting.hands(running.tx, [person])[person.id])


def vacant(running: Running, step: Step, scope: str) -> str | None:
    """The first role of a step that nobody plays who can do it here; of an approval, decide it.

    Whoever took part in what is decided can't, nor whoever decides it in another role already.
    """
    if not isinstance(step, PersonStep) or not isinstance(step.assign, tuple):
        return None
    judges = isinstance(step, ApprovalStep)
    taken = asking.doers(running, step, scope) if isinstance(step, ApprovalStep) else set()
    for role in step.assign:
        person = running.of_role(role)
        able = casting.hands(running.tx, [person])[person.id] if person else set()
        if person is None or not able - taken:
            return role
        if judges and person.kind != "team":
            taken = taken | able
    return None


def require_fit(running: Running, step: Step, scope: str, to: Mapping[str, Any]) -> None:
    """Refuse, with Faulty at ``to.email``, to name somebody who may not decide an approval."""
    if not isinstance(step, ApprovalStep) or not isinstance(step.assign, tuple):
        return
    email = casting.email_of(to)
    if email in asking.doers(running, step, scope):
        raise Faulty.one("to.email", _(_TOOK_PART))
    voters = [running.of_role(role) for role in step.assign]
    if any(one is not None and one.email == email for one in voters):
        raise Faulty.one("to.email", _(_DECIDES))


def name(running: Running, role: str, to: Mapping[str, Any], actor: Actor) -> None:
    """Have somebody play a role, in place of whoever can't any more.

    Faulty at ``participants.ROLE``.
    """
    found, faults = casting.cast(running.tx, running.tree, running.process, {role: to}, only=role)
    if faults or not found:
        raise Faulty(faults or [Fault(f"participants.{role}", "Say who it is, by e-mail address.")])
    before = running.of_role(role)
    if before is not None:
        running.keep_person(replace(before, role=None))
    named = running.keep_person(found[0])
    running.chain.add(
        ParticipantNamed(role=role, participant=named.id, person=named.told()), actor=actor
    )
