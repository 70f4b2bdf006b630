"""Files that arrive piece by piece."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20261204_uploads"
down_revision = "20261203_additions"
_INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("length", _INT, nullable=False),
        sa.Column("reached", _INT, nullable=False),
        sa.Column("pieces", _INT, nullable=False),
        sa.Column("fence", _INT, nullable=False),
        sa.Column("storage_id", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=True),
        sa.Column("begun_at", UTCDateTime(), nullable=False),
        sa.Column("moved_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("storage_id"),
    )
    op.create_index("ix_uploads_task", "uploads", ["task_id"], unique=False)
    op.create_index("ix_uploads_process", "uploads", ["process_id"], unique=False)
    op.create_index("ix_uploads_moved", "uploads", ["moved_at"], unique=False)
    op.create_table(
        "upload_pieces",
        sa.Column("upload_id", sa.String(), nullable=False),
        sa.Column("start", _INT, nullable=False),
        sa.Column("end", _INT, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"]),
        sa.PrimaryKeyConstraint("upload_id", "start"),
    )
