"""What somebody typed and has not sent yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import Draft


class Kept(NamedTuple):
    """The controls as they were left, and when; by which page, and read in which language."""

    typed: Mapping[str, Sequence[str]]
    at: datetime
    page: str | None = None
    language: str | None = None


_QUERY = sa.select(Draft.typed, Draft.kept_at, Draft.page, Draft.language).where(
    Draft.task_id == sa.bindparam("task"), Draft.participant_id == sa.bindparam("person")
)


def of(conn: Connection, task_id: str, participant_id: str) -> Kept | None:
    """The draft of one person for one task, if there is one. One statement."""
    row = conn.execute(_QUERY, {"task": task_id, "person": participant_id}).first()
    return Kept(row.typed, row.kept_at, row.page, row.language) if row else None
