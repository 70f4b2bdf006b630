"""How far the look over all stored evidence has come, so that it goes on where it stood."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Sweep(Base):
    """A round of the look over everything; one row.

    ``stage`` is what is looked at (``ledgers``, ``tree``, ``checkpoints``, ``files``), ``after``
    the place reached in it. ``looked`` counts what was looked at, ``found`` what is wrong.
    ``ended_at`` is empty while the round goes on.
    """

    __tablename__ = "sweeps"

    name: Mapped[str] = mapped_column(primary_key=True)
    stage: Mapped[str]
    after: Mapped[str]
    looked: Mapped[int]
    found: Mapped[int]
    began_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
