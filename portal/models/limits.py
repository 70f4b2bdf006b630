"""Attempts that are limited, counted in the database so that limits hold without Redis."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Attempt(Base):
    """How often something was tried within one window of time."""

    __tablename__ = "attempts"
    __table_args__ = (sa.Index("ix_attempts_window", "window_ends_at"),)

    what: Mapped[str] = mapped_column(primary_key=True)
    window_ends_at: Mapped[datetime]
    n: Mapped[int]
