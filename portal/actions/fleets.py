"""Many running processes of a definition go on under another version, each for itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import may
from portal.actions import moves
from portal.actions.moves import Move
from portal.actions.wording import words
from portal.actor import Actor
from portal.errors import Faulty, PortalError, Unknown
from portal.models import DefinitionRow

MOST = 200
"""How many are moved in one go; whoever has more goes on with the next ones."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one process, or would: how it is moved, or why it is not."""

    process: str
    move: Move | None
    why_not: str | None

    @property
    def is_moved(self) -> bool:
        """Whether it is moved, or could be."""
        return self.why_not is None


def look(key: str, version: object, ids: Sequence[str], *, actor: Actor) -> list[Result]:
    """What moving these processes would do, one by one; nothing is changed.

    Unknown where there is no such definition; Faulty at ``version`` and ``processes``.
    """
    wanted = _checked(key, version, ids, actor)
    return [_tried(one, lambda one: moves.look(one, wanted, key=key, actor=actor)) for one in ids]


def migrate(
    key: str, version: object, reason: str, ids: Sequence[str], *, actor: Actor
) -> list[Result]:
    """Move these processes, each in a transaction of its own; one refused stops no other.

    Unknown where there is no such definition; Faulty at ``version``, ``reason``, ``processes``.
    """
    wanted = _checked(key, version, ids, actor)
    why = words("reason", reason, "Say in a sentence why they are moved.")
    return [
        _tried(one, lambda one: moves.migrate(one, wanted, why, key=key, actor=actor))
        for one in dict.fromkeys(ids)
    ]


def told(result: Result, *, dry_run: bool) -> dict[str, Any]:
    """A result as JSON."""
    move = moves.told(result.move) if result.move is not None else None
    return {
        "process": result.process,
        "moved": result.is_moved and not dry_run,
        "possible": result.is_moved,
        "refusal": result.why_not,
        "migration": move,
    }


def _tried(process_id: str, verb: Callable[[str], Move]) -> Result:
    try:
        move = verb(process_id)
    except PortalError as refused:
        if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise  # the house has a fault; the process has none
        return Result(process_id, None, str(refused))
    return Result(process_id, move, " ".join(move.refusals) or None)


def _checked(key: str, version: object, ids: Sequence[str], actor: Actor) -> int:
    may.require(actor, "comment", None)
    if len(ids) > MOST:
        raise Faulty.one("processes", f"Name at most {MOST} processes at once.")
    query = sa.select(DefinitionRow.version).where(DefinitionRow.key == key)
    with db.reading() as conn:
        known = list(conn.execute(query.order_by(DefinitionRow.version)).scalars())
    if not known:
        raise Unknown("There is no such definition.")
    wanted = moves.number(version)
    if wanted not in known:
        raise Faulty.one(
            "version", f"Name the version to move to: {', '.join(str(one) for one in known)}."
        )
    return wanted
