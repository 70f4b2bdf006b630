"""When an exception that nobody resolves is told again, and how often it was."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261129_escalations"
down_revision = "20261128_moves"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns; what is open already is told again with the next look."""
    op.add_column("troubles", sa.Column("rung", _NUMBER, nullable=False, server_default="0"))
    op.add_column("troubles", sa.Column("tell_at", UTCDateTime(), nullable=True))
    op.execute("UPDATE troubles SET tell_at = opened_at WHERE state = 'open'")
    where = sa.text("tell_at IS NOT NULL")
    op.create_index(
        "ix_troubles_tell", "troubles", ["tell_at"], sqlite_where=where, postgresql_where=where
    )
