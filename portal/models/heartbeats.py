"""Signs of life of the workers and the scheduler."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

# A beat every few seconds is usual: two minutes of silence are no hiccup.
SILENT_AFTER = timedelta(minutes=2)


class Heartbeat(Base):
    """The last sign of life of one role (``worker``, ``scheduler``); ``told_at``: admins warned."""

    __tablename__ = "heartbeats"

    name: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
