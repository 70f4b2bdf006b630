"""What admins decided for the whole house, on pages: one row for each thing decided."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

RETENTION_DAYS = "retention_days"


class HouseRule(Base):
    """What an admin decided for the whole house, on a page; ``value`` under its ``name``.

    ``value`` is a list; a rule of a single value holds that alone. No row: nobody decided.
    """

    __tablename__ = "house_rules"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[list[Any]]
    changed_at: Mapped[datetime]


def rules(conn: Connection, *names: str) -> dict[str, list[Any]]:
    """What was decided, by name; of all things, or of those named; one statement."""
    query = sa.select(HouseRule.name, HouseRule.value)
    if names:
        query = query.where(HouseRule.name.in_(names))
    return {row.name: row.value for row in conn.execute(query)}


def retention_days(conn: Connection) -> int | None:
    """Days after its end when a process's personal data is erased; None: somebody has to ask.

    The house's default, for definitions that say nothing themselves; one statement.
    """
    value = rules(conn, RETENTION_DAYS).get(RETENTION_DAYS)
    return int(value[0]) if value else None
