"""Publishing definitions: a new text under a key is its next version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import db
from portal.access import may
from portal.actions import sights
from portal.actions.reviews import next_review
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import controls, load, warnings
from portal.definition.lines import Lines
from portal.definition.retention import Retention
from portal.definition.tree import Definition, RunStep
from portal.errors import Conflict, Fault, Faulty, NotYours
from portal.models import DefinitionRow, Process, Team, User, trees
from portal.models.house import retention_days
from portal.models.people import WRITERS


@dataclass(frozen=True, slots=True)
class Published:
    """Which version the text is; ``is_new`` is false where it was the current one already.

    ``remarks`` are sentences on what the version before has and this one does away with,
    ``warnings`` what of it would hurt in use, at ``LINE: key``.
    """

    key: str
    version: int
    is_new: bool
    remarks: Sequence[str] = ()
    warnings: Sequence[Fault] = ()


def publish(
    text: str, *, filename: str = "definition", dry_run: bool = False, actor: Actor
) -> Published:
    """Check a definition and make it the current version of its key.

    With ``dry_run`` nothing is published, and what would be is told. Raises Faulty with every
    fault at ``LINE: key``.
    """
    tree = _checked(text, filename)
    told = [Fault(f"{one.line}: {one.key}", one.message) for one in warnings.of(tree, filename)]
    published = _publish(tree, dry_run, actor=actor)
    return replace(published, warnings=[*told, *published.warnings])


_CURRENT = (
    *(DefinitionRow.id, DefinitionRow.version, DefinitionRow.digest, DefinitionRow.made_for),
    *(DefinitionRow.owner_id, DefinitionRow.team_id),
)


@action
def _publish(tx: Tx, tree: Definition, dry_run: bool, *, actor: Actor) -> Published:
    may.require(actor, "publish", None)
    owner, team = _owner(tx, tree)
    current = tx.execute(
        sa.select(*_CURRENT)
        .where(DefinitionRow.key == tree.key, DefinitionRow.is_current)
        .with_for_update()
    ).first()
    if current is not None and current.made_for is not None:
        raise Conflict(f"The key {tree.key} is taken by somebody’s requests. Choose another.")
    if current is not None and sights.is_restricted(tx, tree.key):
        # Whoever publishes says who the owner is, and the owner sees everything of it.
        may.require(actor, "manage", current)
    if current is not None and current.digest == tree.digest:
        return Published(tree.key, current.version, is_new=False)
    if current is not None:
        _require_same_owner(current, (owner, team), tree, actor)
        _require_kept(tx, current.id, tree, actor)
    version = current.version + 1 if current else 1
    remarks = controls.dropped(trees.tree(tx.conn, current.id), tree) if current else ()
    told = Published(tree.key, version, True, remarks, _unknown_inner(tx, tree))
    if dry_run:
        return told
    if current is not None:
        retired = sa.update(DefinitionRow).where(DefinitionRow.id == current.id)
        tx.execute(retired.values(is_current=False))
    _insert(tx, tree, version, owner_id=owner, team_id=team, published_by=actor.user_id)
    return told


def _require_same_owner(
    current: Any, named: tuple[str | None, str | None], tree: Definition, actor: Actor
) -> None:
    """Refuse another owner but from the present one and from admins.

    The owner says who sees its processes and resolves what goes wrong in them: nobody takes that
    by publishing a version.
    """
    if named == (current.owner_id, current.team_id):
        return
    try:
        may.require(actor, "manage", current)
    except NotYours:
        fault = "only its present owner or an admin hands a definition on to somebody else"
        line = _line(tree, "owner", tree.owner.email or tree.owner.team)
        raise Faulty.one(line, fault) from None


def _require_kept(tx: Tx, current_id: str, tree: Definition, actor: Actor) -> None:
    """Refuse, but to an admin, what would have processes that there are erased sooner.

    The newest version says when those of every version go, anybody may publish it, and only an
    admin may erase.
    """
    now, known = trees.tree(tx.conn, current_id).retention, tree.retention
    if actor.kind == "system" or actor.role == "admin" or known == now:
        return
    days = retention_days(tx.conn)
    house = Retention(days, "day") if days else None
    before, after = now or house, known or house
    if after is None or (before and after.before(tx.now) <= before.before(tx.now)):
        return
    if tx.execute(sa.select(Process.id).where(Process.key == tree.key).limit(1)).first() is None:
        return
    kept = f"for {before}" if before else "until somebody asks"
    fault = f"processes of it are kept {kept}, only an admin may have them erased after {after}"
    raise Faulty.one(f"{Lines(tree.source).of_head('retention')}: retention", fault)


def _unknown_inner(tx: Tx, tree: Definition) -> list[Fault]:
    """A warning for each definition that is run within and is not published yet.

    No fault: two that belong together may be published in any order.
    """
    runs = [step for step in tree.all_steps() if isinstance(step, RunStep)]
    keys = {step.definition for step in runs} - {tree.key}
    if not keys:
        return []
    query = sa.select(DefinitionRow.key).where(DefinitionRow.key.in_(keys))
    unknown = keys - set(tx.execute(query).scalars())
    lines = Lines(tree.source)
    return [
        Fault(
            f"{lines.of_step(step.id, 'run', 'definition')}: definition",
            f"warning: no definition “{step.definition}” is published yet: publish it before a "
            "process gets to this step",
        )
        for step in runs
        if step.definition in unknown
    ]


def _insert(tx: Tx, tree: Definition, version: int, **people: str | None) -> None:
    row = {
        "id": db.new_id(), "key": tree.key, "version": version, "is_current": True,
        "digest": tree.digest, "name": tree.name, "purpose": tree.purpose,
        "source": tree.source, "published_at": tx.now, "review_at": next_review(tree, tx.now),
        **people,
    }  # fmt: skip
    try:
        tx.execute(sa.insert(DefinitionRow), row)
    except IntegrityError:
        raise Conflict(
            f"Somebody else published a version of {tree.key} at the same moment. Try again."
        ) from None


def _checked(text: str, filename: str) -> Definition:
    try:
        return load.load(text, filename)
    except load.DefinitionFaults as found:
        faults = [Fault(f"{one.line}: {one.key}", one.message) for one in found.faults]
        told = "; ".join(f"line {one.line}: {one.key}: {one.message}" for one in found.faults)
        raise Faulty(faults, f"The definition has faults: {told}") from None


def _owner(tx: Tx, tree: Definition) -> tuple[str | None, str | None]:
    """The ids of the owning user and team; every user and team named must exist."""
    teams = {role.team for role in tree.roles.values()} | {tree.owner.team}
    known = _ids(tx, Team.name, Team.id, {team for team in teams if team})
    faults = [
        Fault(_line(tree, "team", role.team), _no_team(role.team))
        for role in tree.roles.values()
        if role.team and role.team not in known
    ]
    owner = tree.owner.email.strip().lower() if tree.owner.email else None
    may_own = sa.and_(User.is_active, User.role.in_(WRITERS))
    users = _ids(tx, User.email, User.id, {owner} if owner else set(), may_own)
    if owner and owner not in users:
        fault = f"{owner!r} is not the address of a user, expected an admin or a member"
        faults.append(Fault(_line(tree, "owner", tree.owner.email), fault))
    if tree.owner.team and tree.owner.team not in known:
        fault = _no_team(tree.owner.team)
        faults.append(Fault(_line(tree, "owner", tree.owner.team), fault))
    if faults:
        raise Faulty(faults)
    return users.get(owner or ""), known.get(tree.owner.team or "")


def _no_team(name: str) -> str:
    return f"There is no team “{name}”, expected one that somebody was added to."


def _ids(tx: Tx, name: Any, id_: Any, wanted: set[str], *where: Any) -> dict[str, str]:
    if not wanted:
        return {}
    query: Any = sa.select(name, id_).where(name.in_(wanted), *where)
    rows: Any = tx.execute(query).all()
    return dict(rows)


def _line(tree: Definition, key: str, value: str | None) -> str:
    """The place of a value that the text itself could not be judged by: ``LINE: key``."""
    lines = enumerate(tree.source.splitlines(), 1)
    found = (n for n, line in lines if key in line and value and value in line)
    return f"{next(found, 1)}: {key}"
