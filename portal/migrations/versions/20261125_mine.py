"""What belongs to one address over all processes: lost links, codes, proofs."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261125_mine"
down_revision = "20261125_codes"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lost_links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_lost_links_asked", "lost_links", ["asked_at"], unique=False)
    op.create_table(
        "address_codes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_address_codes_email", "address_codes", ["email", "made_at"], unique=False)
    op.create_index("ix_address_codes_session", "address_codes", ["session_id"], unique=False)
    op.create_index("ix_address_codes_made", "address_codes", ["made_at"], unique=False)
    op.create_table(
        "proved_addresses",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("proved_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["browser_sessions.id"]),
        sa.PrimaryKeyConstraint("session_id", "email"),
    )
