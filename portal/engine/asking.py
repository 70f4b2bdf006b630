"""Asking people: who is asked by a step, by when, and with which reminders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.definition import durations, scopes, ways
from portal.definition.expressions import ExpressionFailed
from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    AssignExpr,
    DocumentOf,
    EachStep,
    FormStep,
    PersonStep,
    SignStep,
    TaskStep,
    UploadStep,
)
from portal.definition.values import is_email
from portal.engine import casting, clocks, handoffs, reminders, rounds
from portal.engine.decide import needed
from portal.engine.rows import Asked, Person, Place, Round
from portal.engine.running import ENGINE, Running
from portal.errors import NotYours
from portal.language import gettext as _
from portal.ledger import record
from portal.ledger.catalogue import TaskOpened
from portal.models import Task, TeamMember, User
from portal.prepared import prepared


class Nobody(Exception):
    """A step has nobody who may do it; the message is a sentence for its owner."""


def ask(running: Running, step: PersonStep, scope: str) -> None:
    """Begin a round of a step that people do.

    Raises Nobody or ExpressionFailed, with nothing changed, where it can't begin.
    """
    groups = _groups(running, step, scope)
    name = running.text(step.name, scope=scope)
    for text in _texts(step):
        running.text(
            text, scope=scope
        )  # what can't be filled in is found now, not by whoever is asked
    if isinstance(step, SignStep) and step.document is not None:
        _require_document(running, step.document, scope)
    due = [_due(running, step, group[0], scope) for group in groups]
    begun = running.new_round(step.id, "open", scope)
    rounds.tell_why(running, begun)
    if isinstance(step, ApprovalStep):
        begun.answers = {"asked": len(groups), "votes": []}
    for group, due_at in zip(groups, due, strict=True):
        _open_task(running, step, begun, _Ask(group, name, due_at))


def _texts(step: PersonStep) -> list[Text]:
    """Everything of a step that its page shows and that holds a placeholder."""
    found: list[Text | None] = [step.instructions]
    if isinstance(step, ApprovalStep):
        found.append(step.question)
    elif isinstance(step, SignStep):
        found.append(step.statement)
    elif isinstance(step, TaskStep):
        found += step.checklist
    elif isinstance(step, FormStep):
        for field in step.fields:
            found += (field.section, field.label, field.help)
    elif isinstance(step, UploadStep):
        found += [text for one in step.documents for text in (one.name, one.help)]
    return [text for text in found if text is not None and not text.is_constant]


def _require_document(running: Running, document: DocumentOf, scope: str) -> None:
    """Refuse to ask for a signature under a document of which nothing was sent."""
    place = Place(*ways.beside(running.tree, document.step, scope))
    done = running.latest.get(place)
    if done is None or not done.answers.get(document.document):
        name = running.text(running.tree.step(document.step).name, scope=scope)
        raise ExpressionFailed(
            f"“{name}” brought no file as `{document.document}`, so there is nothing to sign."
        )


@dataclass(frozen=True, slots=True)
class _Ask:
    people: list[Person]
    name: str
    due_at: datetime | None


def _due(running: Running, step: PersonStep, person: Person, scope: str) -> datetime | None:
    if step.due is None:
        return None
    facts = {} if isinstance(step.due, durations.Duration) else running.facts(scope)
    zone = running.zone_of(person)
    return durations.due_moment(step.due, running.now, running.calendar, zone, facts)


# Who is asked


def _groups(running: Running, step: PersonStep, scope: str) -> list[list[Person]]:
    """The people of each task: an approval has one task for each of them.

    Nobody is asked twice in one round, whatever roles they play, nor is anybody who can't act.
    """
    people = each_once(_assigned(running, step, scope))
    hands = casting.hands(running.tx, people)
    able = [person for person in people if hands[person.id]]
    if not able or (isinstance(step, ApprovalStep) and step.needs == "all" and able != people):
        away = ", ".join(str(one.name or one.email) for one in people if one not in able)
        raise Nobody(f"Nobody can act for {away}: no account is open that may do more than read.")
    if not isinstance(step, ApprovalStep):
        return [able]
    barred = doers(running, step, scope)
    return [[person] for person in _voters(step, able, {id_: hands[id_] - barred for id_ in hands})]


def each_once(people: list[Person]) -> list[Person]:
    """Without whoever is named for a second role; of one team two members may be asked for."""
    return list({person.email or person.id: person for person in reversed(people)}.values())[::-1]


def _voters(
    step: ApprovalStep, people: list[Person], hands: Mapping[str, set[str]]
) -> list[Person]:
    """Those who are asked to decide, so that as many different people can as are needed."""
    single = {who for one in people if one.kind != "team" for who in hands[one.id]}
    left = [
        one for one in people if (hands[one.id] - single if one.kind == "team" else hands[one.id])
    ]
    everybody = {who for one in left for who in hands[one.id]}
    if min(len(left), len(everybody)) < max(1, needed(step, len(left))):
        raise Nobody(
            "Too few are left who may decide this: everybody decides once, and nobody on what"
            " they took part in."
        )
    return left


def _assigned(running: Running, step: PersonStep, scope: str) -> list[Person]:
    if isinstance(step.assign, AssignExpr):
        return [_computed(running, step.assign, scope)]
    found = [person for role in step.assign if (person := running.of_role(role))]
    missing = [role for role in step.assign if running.of_role(role) is None]
    if missing and (not found or isinstance(step, ApprovalStep)):
        named = ", ".join(running.tree.roles[role].name for role in missing)
        raise Nobody(f"Nobody is named yet for: {named}.")
    return found


def _computed(running: Running, assign: AssignExpr, scope: str) -> Person:
    facts = running.facts(scope)
    email = assign.email.text(facts).strip().lower()
    if not is_email(email):
        raise ExpressionFailed(f"“{email}” is not an e-mail address to ask somebody at.")
    known = running.of_address(email)
    if known is not None:
        return known
    name = assign.name.text(facts).strip() if assign.name else ""
    try:
        found = casting.somebody(running.tx, running.process, None, email, name or None)
    except ValueError as unfit:
        raise Nobody(str(unfit)) from None
    return running.keep_person(found)


# Who may not decide


def doers(running: Running, step: ApprovalStep, scope: str) -> set[str]:
    """Whoever did what this approval must be separate from, in any round.

    A step of the same item counts as done for it, one outside of all items or of others whole.

    User ids, participant ids and addresses; empty where the step bars nobody.
    """
    if not step.separate_from:
        return set()
    steps = [one for one in step.separate_from if one != "starter"]
    keys = {running.process["starter_id"]} if "starter" in step.separate_from else set()
    for task in _done(running, step, steps, scope):
        keys |= {task.done_by, task.holder_id}
        if running.person(task.participant_id).kind != "team":
            keys.add(task.participant_id)
    return _all_names(running, keys - {None})


def require_separate(running: Running, step: ApprovalStep, task: Asked, actor: Actor) -> None:
    """Refuse with NotYours whoever took part in what is judged, or comes for one who did."""
    barred = doers(running, step, task.scope)
    if actor.handed_by in barred:
        raise NotYours(
            _(
                "%(name)s handed out the link by which you came, and took part in what is decided"
                " here.",
                name=actor.handed_by_name,
            ),
            _("Open the link that was mailed to you."),
        )
    absent = actor.absent(task.holder_id)
    keys = {actor.id, actor.user_id, actor.email}
    if barred & (keys | {absent.id, absent.email} if absent else keys):
        raise NotYours(
            _("You took part in what is decided here, so somebody else has to decide it."),
            _("Ask the process owner to give it to another person."),
        )


def _done(running: Running, step: ApprovalStep, steps: list[str], scope: str) -> list[Any]:
    """The tasks of these steps that were done, in every round and in this transaction."""
    if not steps:
        return []
    done = sa.select(
        Task.step, Task.scope, Task.done_by, Task.participant_id, Task.holder_id
    ).distinct()
    where = (Task.process_id == running.id, Task.step.in_(steps), Task.state == "done")
    fresh = [one for one in running.tasks.values() if one.step in steps and one.state == "done"]
    found = [*running.tx.execute(done.where(*where)).all(), *fresh]
    around = running.tree.eaches_around(step.id)
    return [task for task in found if _is_of(running, task, around, scope)]


def _is_of(running: Running, task: Any, around: tuple[EachStep, ...], scope: str) -> bool:
    """Whether a task is of the items that ``scope`` is of, as far as it stands within them."""
    theirs = running.tree.eaches_around(task.step)
    depth = sum(ours is other for ours, other in zip(around, theirs, strict=False))
    return scopes.outer(task.scope, depth) == scopes.outer(scope, depth)


def _all_names(running: Running, keys: set[str]) -> set[str]:
    """The same people by every key they are known by, their address included."""
    users = running.tx.execute(sa.select(User.id, User.email).where(User.id.in_(keys))).all()
    return _with_people(running, keys | {user.email for user in users})


def _with_people(running: Running, names: set[str]) -> set[str]:
    """With all keys of whoever takes part under one of them."""
    names = set(names)
    for person in running.everybody().values():
        if person.is_one_of(names):
            names |= {key for key in (person.id, person.user_id, person.email) if key}
    return names


def fellow_voters(running: Running, task: Asked) -> set[str]:
    """Whoever has another vote of the same round: they may not have this one as well.

    User ids, participant ids and addresses. Of a team it is the member who holds or gave its
    vote; one given on the team's behalf by somebody else is not that person's own.
    """
    asked = running.round_of(task).answers
    if asked.get("asked", 1) < 2:
        return set()
    others = [one for one in running.open_tasks(task.run_id) if one.id != task.id]
    if asked["votes"] or any(one.team_id for one in others):
        where = {"process": running.id, "scope": task.scope}
        rows = running.tx.all(_VOTES, run=task.run_id, but=task.id, **where)
        keys = {row.member if row.team_id else row.participant_id for row in rows}
        keys |= {row.member_email for row in rows if row.team_id}
    else:  # nobody has voted: all the others are in hand
        keys = {one.participant_id for one in others}
    return _with_people(running, keys - {None})


def require_own_vote(running: Running, task: Asked, actor: Actor) -> None:
    """Refuse with NotYours a second vote in a round by one person, in their own name.

    On somebody's behalf it is theirs, and recorded with who gave it and why. Whoever stands in for
    others who are away has one vote among them all.
    """
    keys = {actor.id, actor.user_id, actor.email, actor.handed_by}
    if actor.on_behalf:
        return
    if fellow_voters(running, task) & keys or _voted_in_place(running, task, actor):
        raise NotYours(
            _("You decide here already, and everybody has one vote."),
            "Somebody else of the team has to give this one.",
        )


def _voted_in_place(running: Running, task: Asked, actor: Actor) -> bool:
    if not actor.stands_for:
        return False
    gave = sa.and_(Task.run_id == task.run_id, Task.state == "done", Task.done_by == actor.user_id)
    theirs = sa.select(Task.id).where(Task.process_id == running.id, gave).limit(1)
    return running.tx.execute(theirs).first() is not None


_VOTES = prepared(
    sa.select(
        *(Task.participant_id, Task.team_id),
        *(TeamMember.user_id.label("member"), User.email.label("member_email")),
    )
    .outerjoin(
        TeamMember,
        sa.and_(TeamMember.team_id == Task.team_id, TeamMember.user_id == Task.holder_id),
    )
    .outerjoin(User, User.id == TeamMember.user_id)
    .where(
        Task.process_id == sa.bindparam("process"),  # with the scope, what leads to the round
        Task.scope == sa.bindparam("scope"),
        Task.run_id == sa.bindparam("run"),
        Task.id != sa.bindparam("but"),
        Task.state.in_(("open", "done")),
    )
)


# Opening


def _open_task(running: Running, step: PersonStep, begun: Round, ask: _Ask) -> None:
    first, *others = ask.people
    task = running.keep_task(
        Asked(
            id=db.new_id(),
            process_id=running.id,
            run_id=begun.id,
            step=step.id,
            scope=begun.scope,
            round=begun.round,
            kind=step.kind,
            name=ask.name,
            participant_id=first.id,
            others=[person.id for person in others],
            holder_id=first.user_id,
            team_id=first.team_id,
            opened_at=running.now,
            offered_at=running.now,
            due_at=ask.due_at,
        )
    )
    handoffs.begin_clock(running, step, task)
    running.chain.add(
        TaskOpened(
            step=step.id,
            scope=task.scope or None,
            task=task.id,
            round=task.round,
            kind=task.kind,
            name=task.name,
            assignee=first.id,
            due_at=record.moment(ask.due_at) if ask.due_at else None,
            pick_up_by=record.moment(task.pick_up_by) if task.pick_up_by else None,
            only=begun.only or None,
            person=first.told(),
        ),
        actor=ENGINE,
    )
    handoffs.invite(running, step, task, ask.people)
    set_timers(running, step, task)


def set_timers(running: Running, step: PersonStep, task: Asked) -> None:
    """Write down when to remind, when it is due, and what happens when it stays undone."""
    handoffs.set_clock(running, task)
    set_due_timers(running, step, task)


def set_due_timers(running: Running, step: PersonStep, task: Asked) -> None:
    """The same but for who takes it up: all that counts from the opening or to the due moment.

    Rungs that are past by now are left out.
    """
    zone = running.zone_of(running.person(task.participant_id))
    if step.on_timeout is not None:
        at = step.on_timeout.after.after(task.opened_at, running.calendar, zone)
        clocks.set_timer(running, task, "timeout", 0, at, {})
    reminders.set_all(running, step, task)
    if task.due_at is None:
        return
    clocks.set_timer(running, task, "due", 0, task.due_at, {})
    for index, one in enumerate(step.escalate):
        at = one.after.after(task.due_at, running.calendar, zone)
        clocks.set_timer(running, task, "escalate", index, at, {"to": one.to, "then": one.then})
