"""An audit trail is told in a language: one for each process, ledger head and language."""

import sqlalchemy as sa
from alembic import op

revision = "20261223_trails"
down_revision = "20261222_scopes"

# SQLite keeps no name for a constraint that was made without one.
_NAMES = {"uq": "%(table_name)s_%(column_0_N_name)s_key"}


def upgrade() -> None:
    """Add the column, and have it tell trails apart."""
    with op.batch_alter_table("trails", naming_convention=_NAMES) as trails:
        trails.add_column(sa.Column("language", sa.String(), nullable=False, server_default="en"))
        trails.drop_constraint("trails_process_id_seq_key", type_="unique")
        trails.create_unique_constraint(
            "trails_process_id_seq_language_key", ["process_id", "seq", "language"]
        )
