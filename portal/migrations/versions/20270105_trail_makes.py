"""An audit trail is set on one of two papers, and carries the uploaded files on wish."""

import sqlalchemy as sa
from alembic import op

revision = "20270105_trail_makes"
down_revision = "20270104_packs"

_BEFORE = "trails_process_id_seq_language_key"


def upgrade() -> None:
    """Add the columns, and have them tell trails apart."""
    with op.batch_alter_table("trails") as trails:
        trails.add_column(sa.Column("paper", sa.String(), nullable=False, server_default="A4"))
        trails.add_column(
            sa.Column("with_files", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        trails.drop_constraint(_BEFORE, type_="unique")
        trails.create_unique_constraint(
            "trails_process_id_seq_language_paper_with_files_key",
            ["process_id", "seq", "language", "paper", "with_files"],
        )
