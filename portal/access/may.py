"""What each may do: one table of verbs and people, asked by every action and every page.

Staff see every process but those of restricted definitions that do not name them
(``models/sights.py``); a participant sees what stands behind their links. Whoever may not see a
thing is told that it is unknown, whoever may see but not do is told so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.actor import Actor, in_place
from portal.db import Tx
from portal.errors import Faulty, LinkRevoked, NotYours, Unknown
from portal.language import gettext as _
from portal.models import Link, Participant, Process, StepRun, Task, sights
from portal.models.links import needs_own_link
from portal.models.people import WRITERS
from portal.prepared import prepared

# Roles of users and of API tokens; "system" is a token that acts for no person in particular.
_WRITERS = frozenset(WRITERS)
_DECIDING = ("approval", "sign")  # what a person has to do, and no program
_READERS = _WRITERS | {"auditor", "system"}


def require(actor: Actor, verb: str, process: Any = None) -> None:
    """Refuse with NotYours what is not this actor's to do; ``process`` where one is meant.

    Verbs: ``see``, ``start``, ``comment``, ``signal``, ``manage`` (cancel, remind, reassign,
    revoke), ``evidence`` (take it away in a pack), ``publish``, ``people``, ``erase`` (what is
    held of people), ``hold`` (keep it from being erased), ``lift`` (end
    a hold that somebody else placed), ``privacy`` (see what is held, kept and erased).
    """
    if actor.kind == "system":
        return
    if not _VERBS[verb](actor, process):
        raise NotYours(_REFUSALS[verb])


def process_for(tx: Tx, actor: Actor, process_id: str, verb: str) -> Any:
    """The process, if the actor may do this with it; Unknown or NotYours."""
    row = tx.first(_PROCESS, process=process_id)
    if row is None or (not actor.is_staff and actor.kind != "system"):
        raise Unknown("There is no such process.")
    require_seen(tx, actor, process_id, row.key)
    require(actor, verb, row)
    if verb == "manage":
        _manage_in_place(tx, actor, row.id, row)
    return row


def require_seen(
    tx: Tx, actor: Actor, process_id: str, key: str, sentence: str = "There is no such process."
) -> None:
    """Refuse with Unknown whoever may not see a process of that definition.

    No statement but where the definition is hidden from them.
    """
    if not sights.is_seen(tx.conn, actor, process_id, key):
        raise Unknown(sentence)


_PROCESS = prepared(
    sa.select(
        *(Process.id, Process.owner_id, Process.team_id, Process.state),
        *(Process.title, Process.reference, Process.key),
    ).where(Process.id == sa.bindparam("process"))
)
_TASK = prepared(
    sa.select(
        Task.id,
        Task.kind,
        Task.name,
        Task.step,
        Task.state,
        Task.participant_id,
        Task.others,
        Task.holder_id,
        Task.team_id,
        Task.process_id,
        StepRun.only,
        Process.definition_id,
        Process.key.label("process_key"),
        Process.owner_id,
        Process.team_id.label("owner_team_id"),
        Participant.user_id.label("assigned_user_id"),
        Link.generation.label("link_generation"),
        Link.revoked_at.label("link_revoked_at"),
        Link.task_id.label("link_task_id"),
        Link.handed_by_role.label("link_handed_by_role"),
        needs_own_link().label("needs_own_link"),
    )
    .join(Process, Process.id == Task.process_id)
    .join(StepRun, StepRun.id == Task.run_id)
    .join(Participant, Participant.id == Task.participant_id)
    .outerjoin(Link, Link.id == sa.bindparam("link"))
    .where(Task.id == sa.bindparam("task"))
)


def task_for(tx: Tx, actor: Actor, task_id: str, verb: str) -> Any:
    """The task, if the actor may do this with it; Unknown, NotYours or LinkRevoked. One statement.

    Verbs: ``decide`` (do the task, whatever its kind), ``speak`` (say something about it, for
    people outside alone), ``reply`` (say what becomes of it, by whoever may do it or, on their
    behalf, by who manages it), ``manage``.
    """
    row = tx.first(_TASK, task=task_id, link=actor.link)
    if row is None:
        raise Unknown(_("There is no such task."))
    if actor.kind == "system":
        return row
    require_seen(tx, actor, row.process_id, row.process_key, _("There is no such task."))
    if verb == "manage" or (verb == "reply" and actor.on_behalf):
        owned = _Owned(row.owner_id, row.owner_team_id)
        require(actor, "manage", owned)
        _manage_in_place(tx, actor, row.process_id, owned)
    elif verb == "reply" and actor.role == "system":
        raise NotYours("Only a person says what becomes of a task.")
    elif verb == "speak" or (verb == "reply" and actor.kind == "participant"):
        _require_theirs(actor, row)
    elif not _may_do(tx, actor, row):
        raise _refusal(actor, row)
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """A task that an action has read under its process's lock, in the shape the rules ask."""

    id: str
    kind: str
    state: str
    participant_id: str
    others: Sequence[str]
    holder_id: str | None
    team_id: str | None
    owner_id: str | None
    owner_team_id: str | None
    assigned_user_id: str | None
    link_generation: int | None
    link_revoked_at: datetime | None
    link_task_id: str | None
    link_handed_by_role: str | None
    needs_own_link: bool


def require_to_do(tx: Tx, actor: Actor, task: InHand) -> None:
    """The same as ``task_for`` with ``decide``, and no statement."""
    if actor.kind != "system" and not _may_do(tx, actor, task):
        raise _refusal(actor, task)


class _Owned:
    """Who answers for a process, in the shape that ``require`` asks."""

    def __init__(self, owner_id: str | None, team_id: str | None) -> None:
        self.owner_id = owner_id
        self.team_id = team_id


def _may_do(tx: Tx, actor: Actor, task: Any) -> bool:
    if actor.kind == "participant":
        _require_same_link(actor, task)
        _require_no_program(task)
        return actor.id in (task.participant_id, *task.others)
    if actor.on_behalf:
        if task.kind == "sign":
            raise _nobody_signs()
        if not actor.reason:
            raise Faulty.one("reason", "Say why you do this in the assignee’s place.")
        return actor.role in _WRITERS and _owns(actor, _Owned(task.owner_id, task.owner_team_id))
    if actor.role == "system":
        return task.kind not in _DECIDING
    if actor.role not in _WRITERS or not actor.user_id:
        return False
    # Once it is closed the team is told that it is too late, not that a colleague has it.
    is_held = task.holder_id is not None and task.state == "open"
    if not is_held and task.team_id in actor.team_ids:
        return True
    whose = task.holder_id if is_held else task.assigned_user_id
    if whose == actor.user_id or _is_other(tx, actor, task):
        return True
    return _stands_in(tx, actor, task, whose)


def _stands_in(tx: Tx, actor: Actor, task: Any, whose: str | None) -> bool:
    """Whether it is the task of somebody away whose deputy the actor is.

    What they do to it is recorded as done in that place.
    """
    absent = actor.absent(whose)
    if absent is None:
        return False
    if task.kind == "sign":
        raise _nobody_signs()
    tx.kept[in_place(actor, task.id)] = actor.acting_on_behalf(absent.reason)
    return True


def _manage_in_place(tx: Tx, actor: Actor, process_id: str, owned: Any) -> None:
    """Have what a deputy does as the owner recorded as done in that place.

    Whoever may manage the process in their own right does it as themselves.
    """
    absent = actor.absent(owned.owner_id)
    is_own = actor.role == "admin" or owned.team_id in actor.team_ids
    if absent is not None and not is_own and owned.owner_id != actor.user_id:
        tx.kept[in_place(actor, process_id)] = actor.acting_on_behalf(absent.reason)


def _nobody_signs() -> NotYours:
    return NotYours(
        "Nobody signs in another person’s place.",
        "Hand the task to whoever is to sign, or ask them to do it.",
    )


def _require_theirs(actor: Actor, task: Any) -> None:
    """Refuse whoever is none of those outside who may do the task."""
    if actor.kind != "participant":
        raise NotYours("Only the person outside who was asked says this.")
    _require_same_link(actor, task)
    if actor.id not in (task.participant_id, *task.others):
        raise Unknown(_("There is no such task."))


def _require_same_link(actor: Actor, task: Any) -> None:
    """Refuse whoever came by a link that was revoked since the door looked at it."""
    known = actor.link_generation
    is_shut = task.needs_own_link and task.link_task_id != task.id
    is_replaced = known not in (None, task.link_generation)
    if task.link_revoked_at is not None or is_replaced or is_shut:
        raise LinkRevoked(_("This link was withdrawn, or replaced by a newer one."))


def _require_no_program(task: Any) -> None:
    """Refuse what a program may not do itself to whoever came by a link that it handed out."""
    if task.link_handed_by_role == "system" and task.kind in _DECIDING:
        raise NotYours(
            _(
                "A program handed out the link by which you came, and a program may not have this"
                " decided or signed."
            ),
            _("Open the link that was mailed to you."),
        )


def _is_other(tx: Tx, actor: Actor, task: Any) -> bool:
    """Whether a task that any of several people may do is this member's, too."""
    if not task.others:
        return False
    people = sa.select(Participant.user_id, Participant.team_id)
    rows = tx.execute(people.where(Participant.id.in_([task.participant_id, *task.others])))
    return any(row.user_id == actor.user_id or row.team_id in actor.team_ids for row in rows)


def _refusal(actor: Actor, task: Any) -> Exception:
    if actor.kind == "participant":
        return Unknown(_("There is no such task."))
    if actor.role == "auditor":
        return NotYours("Auditors read everything and change nothing.")
    if actor.role == "system":
        return NotYours("A system token may not decide or sign; a person has to.")
    if task.holder_id and task.holder_id != actor.user_id and task.team_id:
        return NotYours("Somebody else of the team has taken this task.")
    return NotYours(
        "This task is somebody else’s.",
        "The owner or an admin may do it on their behalf, with a reason.",
    )


def _owns(actor: Actor, process: Any) -> bool:
    if actor.role == "admin":
        return True
    if process is None:
        return False
    is_owner = process.owner_id is not None and process.owner_id in actor.user_ids
    return is_owner or (process.team_id is not None and process.team_id in actor.team_ids)


def _oversees(actor: Actor, process: Any) -> bool:
    """Whether somebody answers for it, or looks over those who do."""
    if not actor.is_staff:
        return False
    return actor.role == "auditor" or (actor.role in _WRITERS and _owns(actor, process))


_VERBS: dict[str, Callable[[Actor, Any], bool]] = {
    "see": lambda actor, _process: actor.is_staff and actor.role in _READERS,
    "start": lambda actor, _process: actor.is_staff and actor.role in (*_WRITERS, "system"),
    "comment": lambda actor, _process: actor.is_staff and actor.role in (*_WRITERS, "system"),
    "signal": lambda actor, _process: actor.is_staff and actor.role in (*_WRITERS, "system"),
    "manage": lambda actor, process: (
        actor.is_staff and actor.role in _WRITERS and _owns(actor, process)
    ),
    "evidence": _oversees,
    "publish": lambda actor, _process: actor.is_staff and actor.role in _WRITERS,
    "people": lambda actor, _process: actor.is_staff and actor.role == "admin",
    "erase": lambda actor, _process: actor.is_staff and actor.role == "admin",
    "lift": lambda actor, _process: actor.is_staff and actor.role == "admin",
    "hold": lambda actor, process: (
        actor.is_staff and actor.role in _WRITERS and _owns(actor, process)
    ),
    "privacy": _oversees,
}
_REFUSALS = {
    "see": "This is for staff.",
    "start": "Your account may read, and not start a process.",
    "comment": "Your account may read, and not write.",
    "signal": "Your account may read, and not send signals.",
    "manage": "Only the owner of the process or an admin may do this.",
    "evidence": "Only the owner of the process, an auditor or an admin may take its evidence.",
    "publish": "Your account may read, and not publish a definition.",
    "people": "Only an admin may do this.",
    "erase": "Only an admin may erase what the portal holds of people.",
    "lift": "Only whoever put this hold there or an admin may lift it.",
    "hold": "Only the owner of the process or an admin may do this.",
    "privacy": "Only admins and auditors see this, and of one process its owner.",
}
