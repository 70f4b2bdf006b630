"""Who plays which role: people named by a start or by staff, looked up once for all of them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.db import Tx
from portal.definition.tree import Definition, Role
from portal.definition.values import holds_control, is_email
from portal.engine.rows import Person
from portal.errors import Fault
from portal.language import gettext as _
from portal.models import Preference, Team, TeamMember, User, addresses
from portal.models.people import WRITERS
from portal.prepared import prepared

LONGEST_NAME = 200  # letters


def cast(
    tx: Tx,
    tree: Definition,
    process: Mapping[str, Any],
    named: Mapping[str, Any],
    *,
    only: str | None = None,
) -> tuple[list[Person], list[Fault]]:
    """The people of every role (or of ``only`` one), and the faults at ``participants.ROLE``.

    ``named`` is ``{ROLE: {email, name}}``. A staff role left out falls to its team, else to the
    owner; one that is ``named_later`` may stay open.
    """
    faults = [
        Fault(f"participants.{role}", "The definition has no such role.")
        for role in named
        if role not in tree.roles
    ]
    directory = _look_up(tx, tree, process, named)
    found = []
    for role in tree.roles if only is None else (only,):
        try:
            person = _of_role(directory, tree.roles[role], named.get(role))
        except ValueError as fault:
            faults.append(Fault(f"participants.{role}", str(fault)))
            continue
        if person is not None:
            found.append(_person(tx, process, role, person))
    return found, faults


def somebody(
    tx: Tx, process: Mapping[str, Any], role: str | None, email: str, name: str | None
) -> Person:
    """Somebody by address alone: staff where it is a user's, else an outside person.

    ValueError (a sentence) where it is the address of a user who can't be given work.
    """
    user = tx.execute(_USERS.where(User.email == email)).first()
    if user is not None:
        _require_writer(user)
    facts = _staff(user, name) if user else _external(email, name)
    return _person(tx, process, role, facts)


def owner(tx: Tx, process: Mapping[str, Any]) -> Person | None:
    """Whoever answers for the process, as somebody who takes part; ``None`` where nobody can."""
    if process["team_id"] is not None:
        query = sa.select(Team.name).where(Team.id == process["team_id"])
        return _person(tx, process, None, _team(process["team_id"], tx.execute(query).scalar_one()))
    user = tx.execute(_USERS.where(User.id == process["owner_id"], User.is_active)).first()
    return _person(tx, process, None, _staff(user, None)) if user else None


def hands(tx: Tx, people: Sequence[Person]) -> dict[str, set[str]]:
    """By participant, the addresses of the human beings who can act for them now.

    None for staff whose account is closed or may only read, and for a team of such.
    """
    users = [person.user_id for person in people if person.kind == "staff"]
    teams = [person.team_id for person in people if person.kind == "team"]
    known: dict[str | None, set[str]] = {}
    if users or teams:
        for row in tx.all(_HANDS, users=users, teams=teams):
            known.setdefault(row.id, set()).add(row.email)
            known.setdefault(row.team_id, set()).add(row.email)
    return {
        person.id: {person.email or person.id}
        if person.kind == "external"
        else known.get(person.user_id or person.team_id, set())
        for person in people
    }


_ABLE = sa.and_(User.is_active, User.role.in_(WRITERS))
# Two halves, each by an index of its own.
_HANDS = prepared(
    sa.select(User.id, User.email, sa.literal(None, sa.String).label("team_id"))
    .where(_ABLE, User.id.in_(sa.bindparam("users", expanding=True)))
    .union_all(
        sa.select(User.id, User.email, TeamMember.team_id)
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(_ABLE, TeamMember.team_id.in_(sa.bindparam("teams", expanding=True)))
    )
)
_USERS = sa.select(User.id, User.email, User.name, User.timezone, User.role, User.is_active)
_NAMED_USERS = _USERS.where(
    User.is_active,
    sa.or_(
        User.email.in_(sa.bindparam("emails", expanding=True)),
        User.id == sa.bindparam("owner"),
    ),
)


# Teams by name or id, each with those of some users who are its members.
_TEAMS = prepared(
    sa.select(Team.name, Team.id, TeamMember.user_id)
    .outerjoin(
        TeamMember,
        sa.and_(
            TeamMember.team_id == Team.id,
            TeamMember.user_id.in_(sa.bindparam("users", expanding=True)),
        ),
    )
    .where(
        sa.or_(
            Team.name.in_(sa.bindparam("names", expanding=True)),
            Team.id == sa.bindparam("team"),
        )
    )
)
_OUTSIDE = "outside"
# The same people where they are somebody outside who chose a time zone.
_NAMED = prepared(_NAMED_USERS.union_all(
    sa.select(
        sa.literal(None, sa.String), Preference.email, sa.literal(None, sa.String),
        Preference.timezone, sa.literal(_OUTSIDE), sa.true(),
    ).where(
        Preference.email.in_(sa.bindparam("emails", expanding=True)),
        Preference.timezone.is_not(None),
    )
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Directory:
    """The users and teams that a definition and a start speak of.

    ``zones`` are the time zones that people outside chose, by their addresses.
    """

    users: Mapping[str, Any]
    teams: Mapping[str, str]
    members: Set[tuple[str, str]]
    owner: Mapping[str, Any] | None
    zones: Mapping[str, str]


def _look_up(
    tx: Tx, tree: Definition, process: Mapping[str, Any], named: Mapping[str, Any]
) -> _Directory:
    emails = {email_of(one) for one in named.values()}
    owner_id, team_id = process["owner_id"], process["team_id"]
    known = tx.all(_NAMED, emails=list(emails), owner=owner_id)
    users = [row for row in known if row.role != _OUTSIDE]
    zones = {row.email: row.timezone for row in known if row.role == _OUTSIDE}
    names = {role.team for role in tree.roles.values() if role.team}
    teams: dict[str, str] = {}
    members: set[tuple[str, str]] = set()
    if names or team_id:
        ids = [user.id for user in users]
        for row in tx.all(_TEAMS, names=list(names), team=team_id, users=ids):
            teams[row.name] = row.id
            members.add((row.id, row.user_id))
    mine = (user for user in users if user.id == owner_id and user.role in WRITERS)
    owner = next((_staff(user, None) for user in mine), None)
    if owner is None and team_id:
        owner = next((_team(id_, name) for name, id_ in teams.items() if id_ == team_id), None)
    return _Directory({user.email: user for user in users}, teams, members, owner, zones)


def _of_role(directory: _Directory, role: Role, given: Any) -> dict[str, Any] | None:
    """What is known of the person; ``None`` where the role stays open. ValueError: a sentence."""
    if given is not None and not isinstance(given, Mapping):
        raise ValueError("Give the person as {email, name}.")
    email = email_of(given)
    if not email:
        return _left_out(directory, role)
    if not is_email(email):
        raise ValueError(f"“{email}” is not an e-mail address.")
    name = name_of(given or {})
    if role.kind == "external":
        return _external(email, name, directory.zones.get(email))
    user = directory.users.get(email)
    if user is None:
        raise ValueError(
            f"No user has the address {email}; {role.name} has to be one of the staff."
        )
    _require_writer(user)
    if role.team and (directory.teams.get(role.team, ""), user.id) not in directory.members:
        raise ValueError(f"{user.name} is not a member of the team {role.team}.")
    return _staff(user, name)


def _require_writer(user: Any) -> None:
    if not user.is_active:
        raise ValueError(f"The account of {user.name} is closed.")
    if user.role not in WRITERS:
        raise ValueError(f"{user.name} is an auditor, who reads everything and changes nothing.")


def _left_out(directory: _Directory, role: Role) -> dict[str, Any] | None:
    if role.team:
        if role.team not in directory.teams:
            raise ValueError(f"There is no team {role.team} any more.")
        return _team(directory.teams[role.team], role.team)
    if role.named_later:
        return None
    if role.kind == "external":
        raise ValueError(f"Say who is the {role.name}: name and e-mail address.")
    if directory.owner is None:
        raise ValueError(f"Say who is the {role.name}: the owner is no longer there to do it.")
    return dict(directory.owner)


def email_of(given: Any) -> str:
    """The address of somebody given as ``{email, name}``, in small letters; may be unfit."""
    value = given.get("email") if isinstance(given, Mapping) else None
    return addresses.plain(str(value or ""))


def name_of(given: Mapping[str, Any]) -> str | None:
    """The name of somebody given as ``{email, name}``. ValueError: a sentence."""
    value = given.get("name")
    if value is None:
        return None
    name = " ".join(value.split()) if isinstance(value, str) else None
    if name is None or len(name) > LONGEST_NAME or holds_control(name):
        raise ValueError(_("Give the name as text of up to %(most)s letters.", most=LONGEST_NAME))
    return name or None


def _external(email: str, name: str | None, timezone: str | None = None) -> dict[str, Any]:
    return {"kind": "external", "email": email, "name": name, "timezone": timezone}


def _staff(user: Any, name: str | None) -> dict[str, Any]:
    return {
        "kind": "staff", "email": user.email, "name": name or user.name, "user_id": user.id,
        "timezone": user.timezone,
    }  # fmt: skip


def _team(team_id: str, name: str) -> dict[str, Any]:
    return {"kind": "team", "name": name, "team_id": team_id}


def _person(
    tx: Tx, process: Mapping[str, Any], role: str | None, facts: Mapping[str, Any]
) -> Person:
    blank = {"email": None, "name": None, "user_id": None, "team_id": None, "timezone": None}
    of = {"id": db.new_id(), "process_id": process["id"], "role": role, "added_at": tx.now}
    return Person(**{**blank, **of, **facts})
