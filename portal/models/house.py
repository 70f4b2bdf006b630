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


def retention_days(conn: Connection) -> int | None:
    """Days after its end when a process's personal data is erased; None: somebody has to ask.

    The house's default, for definitions that say nothing themselves; one statement.
    """
    query = sa.select(HouseRule.value).where(HouseRule.name == RETENTION_DAYS)
    value = conn.execute(query).scalar()
    return int(value[0]) if value else None
