"""What belongs to one address over all processes: asked for by typing it, or proved by a code.

The codes themselves are nowhere (``access/codes.py``).
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class LostLink(Base):
    """An address that somebody typed to have a fresh link sent there; kept for two days."""

    __tablename__ = "lost_links"
    __table_args__ = (sa.Index("ix_lost_links_asked", "asked_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str]
    asked_at: Mapped[datetime]


class AddressCode(Base):
    """One code to an address, good in the browser session that asked for it.

    ``tries`` counts what was typed wrong.
    """

    __tablename__ = "address_codes"
    __table_args__ = (
        sa.Index("ix_address_codes_email", "email", "made_at"),
        sa.Index("ix_address_codes_session", "session_id"),
        sa.Index("ix_address_codes_made", "made_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str]
    email: Mapped[str]
    tries: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ProvedAddress(Base):
    """An address whose mailbox was reached from this browser session: all of its work is shown."""

    __tablename__ = "proved_addresses"

    session_id: Mapped[str] = mapped_column(sa.ForeignKey("browser_sessions.id"), primary_key=True)
    email: Mapped[str] = mapped_column(primary_key=True)
    proved_at: Mapped[datetime]
