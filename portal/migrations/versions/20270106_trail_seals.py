"""How far an audit trail is sealed, and what its seal still lacks."""

import sqlalchemy as sa
from alembic import op

revision = "20270106_trail_seals"
down_revision = "20270105_trail_makes"


def upgrade() -> None:
    """Add the columns; trails of before bear the ledger's seal alone."""
    op.add_column("trails", sa.Column("level", sa.String(), nullable=True))
    op.add_column("trails", sa.Column("lacks", sa.String(), nullable=True))
