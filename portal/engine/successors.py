"""Who takes work over, and who plays a role that nobody plays: judged once, for every way to it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.actor import Actor
from portal.definition.tree import ApprovalStep
from portal.definition.values import is_email
from portal.engine import asking, casting
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Fault, Faulty
from portal.ledger.catalogue import ParticipantNamed


def address_of(to: Any) -> str:
    """The address of ``{email, name}``; Faulty at ``to.email`` where it can be none."""
    email = casting.email_of(to)
    if not is_email(email):
        raise Faulty.one("to.email", "Give the e-mail address of the person who takes over.")
    return email


def by_address(running: Running, task: Asked, to: Mapping[str, Any]) -> Person:
    """The person ``{email, name}``, who may do this task. Faulty at ``to.email`` or ``to.name``."""
    email = address_of(to)
    try:
        name = casting.name_of(to)
    except ValueError as unfit:
        raise Faulty.one("to.name", str(unfit)) from None
    try:
        person = casting.somebody(running.tx, running.process, None, email, name)
    except ValueError as unfit:
        raise Faulty.one("to.email", str(unfit)) from None
    why_not = barred(running, task, person)
    if why_not is not None:
        raise Faulty.one("to.email", why_not)
    return running.keep_person(person)


def barred(running: Running, task: Asked, person: Person) -> str | None:
    """Why somebody may not decide an approval, in a sentence; ``None`` where they may."""
    step = running.tree.step(task.step)
    if not isinstance(step, ApprovalStep):
        return None
    if person.is_one_of(asking.doers(running, step, task.scope)):
        return "This person took part in what is decided here."
    if person.is_one_of(asking.fellow_voters(running, task)):
        return "This person decides here already, and has one vote."
    return None


def is_played(running: Running, role: str) -> bool:
    """Whether somebody plays the role who can act."""
    person = running.of_role(role)
    return person is not None and bool(casting.hands(running.tx, [person])[person.id])


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
