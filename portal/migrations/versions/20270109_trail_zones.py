"""An audit trail tells its times in a zone of the reader's, on wish."""

import sqlalchemy as sa
from alembic import op

revision = "20270109_trail_zones"
down_revision = "20270109_room_questions"

_BEFORE = "trails_process_id_seq_language_paper_with_files_key"


def upgrade() -> None:
    """Add the column, and have it tell trails apart."""
    with op.batch_alter_table("trails") as trails:
        trails.add_column(sa.Column("zone", sa.String(), nullable=False, server_default=""))
        trails.drop_constraint(_BEFORE, type_="unique")
        trails.create_unique_constraint(
            "trails_make", ["process_id", "seq", "language", "paper", "with_files", "zone"]
        )
