"""The definitions behind requests: one for each owner and shape, made when it is first needed.

What is asked, of whom and by when are inputs, so that asking for something else makes no new
version. Such a definition is in no list; what runs by it is a process like any other.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.db import Tx
from portal.definition import asks, load
from portal.models import DefinitionRow, User
from portal.models.people import WRITERS

_DEFINITION = DefinitionRow.__table__


def definition(tx: Tx, wanted: str, people: Mapping[str, str], owner: Actor) -> str:
    """The key of the owner's definition for such a request.

    ``people`` are the addresses of whoever is ``asked`` and of the ``approver``, if any.
    """
    kinds = _kinds(tx, people)
    shape = "-".join([wanted, *kinds.values()])
    key = f"request-{shape}-{sha256(str(owner.user_id).encode()).hexdigest()[:16]}"
    text = asks.request(key, owner.email or "", wanted, kinds["asked"], kinds.get("approver"))
    tree = load.stored(text)
    current = tx.execute(
        sa.select(_DEFINITION.c.id, _DEFINITION.c.version, _DEFINITION.c.digest)
        .where(_DEFINITION.c.key == key, _DEFINITION.c.is_current)
        .with_for_update()
    ).first()
    if current is not None and current.digest == tree.digest:
        return key
    if current is not None:
        retired = sa.update(DefinitionRow).where(DefinitionRow.id == current.id)
        tx.execute(retired.values(is_current=False))
    row = {
        "id": db.new_id(), "key": key, "version": current.version + 1 if current else 1,
        "is_current": True, "digest": tree.digest, "name": tree.name, "purpose": tree.purpose,
        "owner_id": owner.user_id, "source": text, "published_at": tx.now,
        "published_by": owner.user_id, "made_for": owner.user_id,
    }  # fmt: skip
    _insert(tx, row)
    return key


def _kinds(tx: Tx, people: Mapping[str, str]) -> dict[str, str]:
    """Whether each is a colleague or somebody outside."""
    may_act = sa.and_(User.is_active, User.role.in_(WRITERS))
    query = sa.select(User.email).where(User.email.in_(people.values()), may_act)
    staff = set(tx.execute(query).scalars())
    return {role: "staff" if email in staff else "external" for role, email in people.items()}


def _insert(tx: Tx, row: Mapping[str, Any]) -> None:
    """Keep it, unless somebody else did so at the same moment: the text is then the same."""
    tx.execute(tx.insert(DefinitionRow).values(row).on_conflict_do_nothing())
