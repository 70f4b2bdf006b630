"""What a request that may be repeated was answered with (Idempotency-Key)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import KeptAnswer


def kept_answer(conn: Connection, id_: str) -> sa.Row[Any] | None:
    """``body_sha256`` and ``answer`` kept under a token's id and key, if any."""
    wanted: sa.Select[*tuple[Any, ...]] = sa.select(KeptAnswer.body_sha256, KeptAnswer.answer)
    return conn.execute(wanted.where(KeptAnswer.id == id_)).first()
