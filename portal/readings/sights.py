"""Who may see the processes of a definition, or one process, and why; told for pages."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.actor import Actor
from portal.models import (
    DefinitionRow,
    Doubt,
    Grant,
    Participant,
    Process,
    Question,
    Task,
    Team,
    Trouble,
    User,
)
from portal.models.sights import SEES_ALL, hidden, is_seen, look_as, looking_as
from portal.readings import words

# For the doors, which know no models.
__all__ = ["SEES_ALL", "hidden", "holds", "is_seen", "look_as", "looking_as"]

# Of what has an id of its own, which process it belongs to.
_OF = {
    "task_id": (Task.id, Task.process_id),
    "question_id": (Question.id, Question.process_id),
    "doubt_id": (Doubt.id, Doubt.process_id),
    "trouble_id": (Trouble.id, Trouble.process_id),
    "exception_id": (Trouble.id, Trouble.process_id),
}


def holds(conn: Connection, actor: Actor, what: str, id_: str) -> bool:
    """Whether there is such a process, task, question, doubt or exception that the actor may see.

    ``what`` is how addresses call it: ``task_id``. One or two statements.
    """
    query = sa.select(Process.id, Process.key)
    if what == "process_id":
        row = conn.execute(query.where(Process.id == id_)).first()
    else:
        own, process_id = _OF[what]
        row = conn.execute(query.where(own == id_, process_id == Process.id)).first()
    return row is not None and is_seen(conn, actor, row.id, row.key)


class Seer(NamedTuple):
    """Somebody, or a team, who may see it, and why; ``grant`` is what can be withdrawn.

    ``is_own``: it was granted on the process itself, not on its definition.
    """

    name: str
    email: str | None
    is_team: bool
    why: str
    grant: str | None = None
    is_own: bool = False

    @property
    def called(self) -> str:
        """The name as a list tells it: of a team with the word before it."""
        return f"team {self.name}" if self.is_team else self.name


def of_definition(conn: Connection, key: str) -> list[Seer]:
    """Who may see all processes of a restricted definition; one statement."""
    return _told(conn, _of_key(key, "answers for the definition", "was let in"))


def of_process(conn: Connection, process: Any) -> list[Seer]:
    """Who may see a process (its row) whose definition is restricted, each once; one statement."""
    whole = _of_key(process.key, "answers for the definition", "was let in to all of them")
    return _told(conn, [*_of_process(process), *whole])


def shape(seer: Seer) -> dict[str, Any]:
    """One of them as programs are given it."""
    return {
        "name": seer.name,
        "email": seer.email,
        "kind": "team" if seer.is_team else "user",
        "why": seer.why,
        "grant": seer.grant,
    }


def sentence(seers: Sequence[Seer]) -> str:
    """Who may see it, in a few words: ``Dana Owner, team legal and 2 others``."""
    names = [one.called for one in seers]
    rest = len(names) - _MOST_NAMED
    if rest > 1:
        names = [*names[:_MOST_NAMED], f"{rest} others"]
    return words.listed(names)


_MOST_NAMED, _MOST = 3, 200
_LET_IN = 4
_NOBODY = sa.literal(None, sa.String)


def _part(rank: int, why: Any, user_id: Any, team_id: Any, grant: Any = _NOBODY) -> Any:
    return sa.select(
        sa.literal(rank).label("rank"),
        (sa.literal(why) if isinstance(why, str) else why).label("why"),
        user_id.label("user_id"),
        team_id.label("team_id"),
        grant.label("grant_id"),
    )


def _of_key(key: str, owns: str, let_in: str) -> list[Any]:
    current = sa.and_(DefinitionRow.key == key, DefinitionRow.is_current)
    owner = _part(5, owns, DefinitionRow.owner_id, DefinitionRow.team_id).where(current)
    granted = _part(6, let_in, Grant.user_id, Grant.team_id, Grant.id).where(Grant.key == key)
    return [owner, granted]


def _of_process(process: Any) -> list[Any]:
    its = Participant.process_id == process.id
    role = sa.case(
        (Participant.role.is_(None), "was given a task"),
        else_=sa.literal("plays ").concat(sa.func.replace(Participant.role, "_", " ")),
    )
    held = sa.and_(Task.process_id == process.id, Task.holder_id.is_not(None))
    mine = Process.id == process.id
    let_in = Grant.process_id == process.id
    return [
        _part(1, "answers for it", Process.owner_id, Process.team_id).where(mine),
        _part(2, role, Participant.user_id, Participant.team_id).where(
            its, Participant.kind != "external"
        ),
        _part(3, "has or had a task", Task.holder_id, _NOBODY).where(held),
        _part(_LET_IN, "was let in", Grant.user_id, Grant.team_id, Grant.id).where(let_in),
        _part(7, "started it", Process.starter_id, _NOBODY).where(mine),
    ]


def _told(conn: Connection, parts: Sequence[Any]) -> list[Seer]:
    """Each user and team once, for the first reason there is; a grant keeps its own."""
    some = sa.union_all(*parts).subquery()
    query = (
        sa.select(some, User.name, User.email, Team.name.label("team_name"))
        .outerjoin(User, User.id == some.c.user_id)
        .outerjoin(Team, Team.id == some.c.team_id)
        .where(sa.or_(User.is_active, Team.id.is_not(None)))
        .order_by(some.c.rank, User.name, Team.name)
        .limit(_MOST)
    )
    found: dict[tuple[Any, Any], Seer] = {}
    for row in conn.execute(query):
        own, who = row.rank == _LET_IN, (row.user_id, row.team_id)
        name, is_team = row.name or row.team_name, row.name is None
        if who not in found:
            found[who] = Seer(name, row.email, is_team, row.why, row.grant_id, own)
        elif row.grant_id and not found[who].grant:
            found[who] = found[who]._replace(grant=row.grant_id, is_own=own)
    return list(found.values())
