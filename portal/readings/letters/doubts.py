"""Letters about what does not match reality: to the definition's owner, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import DefinitionRow, Doubt, User
from portal.readings import doubts
from portal.readings.entries import ERASED
from portal.readings.letters import recipients
from portal.readings.letters.matter import Letter, letter, of_task


def raised(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To the definition's owner, what somebody noticed; none once it is answered or erased."""
    found = doubts.one(conn, ref["doubt"])
    matter = of_task(conn, found.task, tz) if found else None
    if found is None or matter is None or found.settled_at or found.text == ERASED:
        return []
    columns = (DefinitionRow.name, DefinitionRow.owner_id, DefinitionRow.team_id)
    current = sa.and_(DefinitionRow.key == found.key, DefinitionRow.is_current)
    definition = conn.execute(sa.select(*columns).where(current)).one()
    facts = {"by": found.by, "text": found.text, "definition": definition.name}
    place = f"/definitions/{found.key}#doubts"
    return [
        letter(matter, reader, "doubt", facts, place=place)
        for reader in recipients.owners(conn, definition)
    ]


def settled(conn: Connection, ref: Mapping[str, Any], _at: datetime, tz: str) -> list[Letter]:
    """To whoever noticed it, what came of it; none once the words were erased."""
    found = doubts.one(conn, ref["doubt"])
    matter = of_task(conn, found.task, tz) if found else None
    if found is None or matter is None or found.answer in (None, ERASED):
        return []
    row = conn.execute(sa.select(*Doubt.__table__.columns).where(Doubt.id == found.id)).one()
    if row.participant_id:
        readers = recipients.participants(conn, [row.participant_id])
    else:
        readers = recipients.staff(conn, User.id == row.user_id)
    facts = {"text": found.text, "answer": found.answer, "writer": found.answered_by}
    return [letter(matter, reader, "settled", facts) for reader in readers]
