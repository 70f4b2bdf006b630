"""A request: one person is asked for something, and perhaps a second one approves what came."""

from collections.abc import Mapping
from typing import Any

from portal.access import may
from portal.actions.repeats import Repeat, keep_answer
from portal.actions.wording import remark, words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import asks
from portal.engine import requesting, starting
from portal.engine.advance import advance
from portal.engine.casting import email_of
from portal.errors import Fault, Faulty

_PLACES = {
    "participants.asked": "to",
    "participants.approver": "approver",
    "what": "ask",
    "more": "ask",
}


@action
def start(
    tx: Tx,
    *,
    to: Mapping[str, Any],
    ask: str,
    wanted: str,
    by: str,
    approver: Mapping[str, Any] | None = None,
    reference: str | None = None,
    repeat: Repeat | None = None,
    actor: Actor,
) -> str:
    """Ask somebody (``to``) for what is ``wanted`` by a day; the id of the process.

    The actor owns it. With an ``approver`` what came back is theirs to approve. Raises Faulty at
    ``to``, ``ask``, ``wanted``, ``by``, ``approver`` and ``reference``; AlreadyRecorded where
    ``repeat`` was answered before.
    """
    may.require(actor, "start", None)
    people = {"asked": to} if approver is None else {"asked": to, "approver": approver}
    faults = [*_misnamed(people), *_missaid(ask, wanted, by)]
    if faults:
        raise Faulty(faults)
    said = words("ask", ask, "Say what is asked.", longest=asks.LONGEST_ASK)
    emails = {role: email_of(person) for role, person in people.items()}
    begun = _prepare(
        tx,
        requesting.definition(tx, wanted, emails, actor),
        {"what": asks.heading(said), "more": asks.in_full(said), "by": by},
        people,
        remark("reference", reference, longest=200),
        actor,
    )
    keep_answer(tx, repeat, begun.process["id"])
    advance(starting.begin(tx, begun, actor))
    return str(begun.process["id"])


def _misnamed(people: Mapping[str, Mapping[str, Any]]) -> list[Fault]:
    found = []
    for role, person in people.items():
        if fault := asks.unaddressed(email_of(person)):
            found.append(Fault(_PLACES[f"participants.{role}"], fault))
    if len(people) == 2 and len({email_of(person) for person in people.values()}) == 1:
        found.append(Fault("approver", "Name somebody else than whoever is asked."))
    return found


def _missaid(ask: str, wanted: str, by: str) -> list[Fault]:
    found = []
    if not ask.strip():
        found.append(Fault("ask", "Say what is asked."))
    if wanted not in asks.REQUESTABLE:
        found.append(Fault("wanted", f"Name one of {', '.join(asks.REQUESTABLE)}."))
    if not by.strip():
        found.append(Fault("by", "Name the day by which it is wanted."))
    return found


def _prepare(
    tx: Tx,
    key: str,
    inputs: Mapping[str, Any],
    people: Mapping[str, Any],
    reference: str | None,
    actor: Actor,
) -> starting.Start:
    try:
        return starting.prepare(
            tx, key, inputs=inputs, participants=people, reference=reference, actor=actor
        )
    except Faulty as fault:
        told = [Fault(_PLACES.get(one.at, one.at), one.message) for one in fault.faults]
        raise Faulty(told) from None
