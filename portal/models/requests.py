"""Answers kept for requests that may be repeated safely (Idempotency-Key)."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class KeptAnswer(Base):
    """What a repeated request is answered with; ``id`` is the token's id and the key."""

    __tablename__ = "kept_answers"

    id: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    answer: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]
