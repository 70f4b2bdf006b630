"""Definitions as the catalogue shows them: one version of one, and which versions there are."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from portal.errors import Unknown
from portal.models import DefinitionRow, Team, User, sights

MOST_VERSIONS = 50


def definition(conn: Connection, key: str, version: int | None) -> sa.Row[*tuple[Any, ...]]:
    """One version (``None``: the current one) with its owner; Unknown where there is none.

    Nor is there one, for whoever looks, that is restricted and in no part theirs to see.
    """
    confirmer, hander = aliased(User), aliased(User)
    query = (
        sa.select(
            *DefinitionRow.__table__.columns,
            User.name.label("owner_name"),
            User.email.label("owner_email"),
            Team.name.label("team_name"),
            confirmer.name.label("confirmed_by_name"),
            hander.name.label("handed_by_name"),
            sights.is_restricted(DefinitionRow.key),
        )
        .outerjoin(User, User.id == DefinitionRow.owner_id)
        .outerjoin(confirmer, confirmer.id == DefinitionRow.confirmed_by)
        .outerjoin(hander, hander.id == DefinitionRow.handed_by)
        .outerjoin(Team, Team.id == DefinitionRow.team_id)
        .where(DefinitionRow.key == key)
    )
    one = DefinitionRow.is_current if version is None else DefinitionRow.version == version
    found = conn.execute(sights.only_known(query.where(one))).first()
    if found is None:
        raise Unknown("There is no such definition.")
    return found


def versions(conn: Connection, key: str) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """The versions of a definition, newest first: version, published_at, publisher."""
    return conn.execute(
        sa.select(
            DefinitionRow.version,
            DefinitionRow.is_current,
            DefinitionRow.published_at,
            User.name.label("publisher"),
        )
        .outerjoin(User, User.id == DefinitionRow.published_by)
        .where(DefinitionRow.key == key)
        .order_by(DefinitionRow.version.desc())
        .limit(MOST_VERSIONS)
    ).all()
