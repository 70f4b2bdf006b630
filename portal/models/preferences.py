"""How somebody outside wants to be spoken to, whichever process it is about."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Preference(Base):
    """What goes for one address: its ``language`` (RFC 5646) and ``timezone`` (IANA).

    ``is_chosen`` once the person said so themselves; before that it is what their browser told
    of them. ``has_digest``: reminders come in one mail a day.
    """

    __tablename__ = "preferences"

    email: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str | None]
    timezone: Mapped[str | None]
    is_chosen: Mapped[bool]
    has_digest: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    changed_at: Mapped[datetime]
