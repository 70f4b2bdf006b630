"""What API tokens are good for, until when, and when they were used last."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261222_scopes"
down_revision = "20261221_outside"


def upgrade() -> None:
    """Add the columns; what a token was good for it stays good for."""
    op.add_column("api_tokens", sa.Column("scopes", sa.JSON(), nullable=True))
    op.add_column("api_tokens", sa.Column("expires_at", UTCDateTime(), nullable=True))
    op.add_column("api_tokens", sa.Column("used_at", UTCDateTime(), nullable=True))
