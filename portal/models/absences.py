"""Who of the staff is away, from when until when, and who stands in."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Absence(Base):
    """The one absence that somebody is in, or has ahead; what was said before is in the book.

    ``from_on`` and ``until_on`` are days, both included; ``begins_at`` and ``ends_at`` are their
    midnights by the clock of whoever is away, so that what holds now is a comparison.
    """

    __tablename__ = "absences"

    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    deputy_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    from_on: Mapped[date]
    until_on: Mapped[date]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str | None]
    made_at: Mapped[datetime]

    @classmethod
    def holds(cls, now: "sa.ColumnElement[datetime] | datetime") -> sa.ColumnElement[bool]:
        """Whether somebody is away at that moment."""
        return sa.and_(cls.begins_at <= now, cls.ends_at > now)
