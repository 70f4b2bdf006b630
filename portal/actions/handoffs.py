"""Who has the work: somebody takes it up, or passes it on, where need be with the owner's word."""

from collections.abc import Mapping
from typing import Any

from portal import db
from portal.access import may
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import casting, handoffs, pickups, successors
from portal.engine.handoffs import PassedOn
from portal.engine.rows import Asked, Person
from portal.engine.running import Running
from portal.errors import Conflict, Faulty, NotYours, together
from portal.language import gettext as _
from portal.language import mark
from portal.ledger import record
from portal.ledger.catalogue import DelegationAsked, DelegationRefused

ANSWERS = ("agree", "refuse")
LONGEST_REASON = 1000  # letters; it goes into the mail to somebody who has never heard of us
_WHY = mark("Say in a sentence why.")


@action
def take_up(tx: Tx, task_id: str, *, actor: Actor) -> None:
    """Say that one is at a task; of a team's it is then one's own. Again it changes nothing.

    For people outside the press behind their link says so (``links.enter``).
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "decide")
    task = running.open_task(task_id)
    if actor.user_id is None or actor.role == "system":
        raise NotYours("Only a person takes work up.")
    pickups.take_up(running, task, actor)


@action
def delegate(tx: Tx, task_id: str, to: Mapping[str, Any], reason: str, *, actor: Actor) -> bool:
    """Have somebody else, ``{email, name}``, do a task; False where its owner has to agree first.

    The same again changes nothing. Raises Faulty at ``to.email``, ``to.name`` and ``reason``;
    NotYours where the step lets nobody pass it on; Conflict after five times, or where another
    wish waits. The owner and admins may do it on the assignee's behalf.
    """
    running = Running.of_task(tx, task_id)
    if _is_repeat(running, task_id, to, actor):
        return True
    may.task_for(tx, actor, task_id, "manage" if actor.on_behalf else "decide")
    task = running.open_task(task_id)
    by = handoffs.assignee(running, task, actor)
    mode = running.tree.person_step(task.step).delegate_by(by.kind)
    if mode == "no" or actor.role == "system":
        raise NotYours(
            _("“%(task)s” may not be passed on to somebody else.", task=task.name),
            _("Write to whoever asks for it, and say why."),
        )
    person, why = together(
        lambda: successors.next_in_line(running, task, by, to),
        lambda: words("reason", reason, _(_WHY), longest=LONGEST_REASON),
    )
    passed = PassedOn(by, person, why, actor.user_id if not actor.on_behalf else None)
    if mode == "ask" and not actor.on_behalf:
        _ask(running, task, passed, actor)
        return False
    _pass_on(running, task, passed, actor)
    return True


@action
def settle(tx: Tx, task_id: str, answer: str, reason: str | None, *, actor: Actor) -> None:
    """Say whether a task is passed on as its assignee asked: one of ``ANSWERS``.

    Both outcomes are told to whoever asked. Raises Faulty at ``answer``, and at ``reason`` of a
    refusal; Conflict where nobody asks any more.
    """
    running = Running.of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "manage")
    task = running.open_task(task_id)
    wish = task.delegation
    if wish is None:
        raise Conflict("Nobody asks to pass this on, or it was decided already.")
    if answer not in ANSWERS:
        raise Faulty.one("answer", f"Choose one of: {', '.join(ANSWERS)}.")
    by = running.person(wish["by"])
    if answer == "refuse":
        _refuse(running, task, by, words("reason", reason, _(_WHY), longest=LONGEST_REASON), actor)
        return
    try:
        person = successors.next_in_line(running, task, by, wish)
    except Faulty as unfit:
        raise Faulty.one("answer", unfit.sentence) from None
    _pass_on(running, task, PassedOn(by, person, wish["reason"], wish["user"]), actor)


def _is_repeat(running: Running, task_id: str, to: Mapping[str, Any], actor: Actor) -> bool:
    """Whether the actor passed the task on to this very address already, or asked to."""
    task = running.tasks.get(task_id)
    if task is None or actor.on_behalf:
        return False
    email = casting.email_of(to)
    mine = [one["to"] for one in task.passed_on if _is_by(one["from"], one["user"], actor)]
    return any(running.person(id_).email == email for id_ in mine)


def _is_by(participant: str, user: str | None, actor: Actor) -> bool:
    return participant == actor.id or (user is not None and user == actor.user_id)


def _ask(running: Running, task: Asked, passed: PassedOn, actor: Actor) -> None:
    """Have the owner decide; the same wish again changes nothing."""
    wish = task.delegation
    if wish is not None:
        if wish["by"] == passed.by.id and wish["email"] == passed.to.email:
            return
        raise Conflict(_("Somebody asked to pass this on already, and the owner has not decided."))
    person = {"email": passed.to.email, "name": passed.to.name}
    task.delegation = {
        "id": db.new_id(), "by": passed.by.id, "user": passed.user, "reason": passed.reason,
        "at": record.moment(running.now), **person,
    }  # fmt: skip
    running.keep_task(task)
    about = {"step": task.step, "task": task.id, "from_participant": passed.by.id}
    asked = DelegationAsked(**about, person=person, reason=passed.reason)
    running.chain.add(asked, actor=actor)
    wish_id = task.delegation["id"]
    ref = {"task": task.id, "delegation": wish_id}
    running.chain.send("mail.delegation", ref, once=f"delegation:{wish_id}")


def _refuse(running: Running, task: Asked, by: Person, reason: str, actor: Actor) -> None:
    wish_id = (task.delegation or {})["id"]
    task.delegation = None
    running.keep_task(task)
    about = {"step": task.step, "task": task.id, "from_participant": by.id}
    recorded = running.chain.add(DelegationRefused(**about, reason=reason), actor=actor)
    ref = {"task": task.id, "participant": by.id, "seq": recorded.seq}
    running.chain.send("mail.refusal", ref, once=f"refusal:{wish_id}")


def _pass_on(running: Running, task: Asked, passed: PassedOn, actor: Actor) -> None:
    running.keep_person(passed.to)
    handoffs.pass_on(running, running.tree.person_step(task.step), task, passed, actor)
