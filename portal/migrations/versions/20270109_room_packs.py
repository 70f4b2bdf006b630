"""Evidence packs that an outside auditor asks for in a room."""

import sqlalchemy as sa
from alembic import op

revision = "20270109_room_packs"
down_revision = "20270109_leaner_search_index"


def upgrade() -> None:
    """Let a pack be of a room, of a sample in it, and be asked for once by a page."""
    # As text: SQLite takes a reference with a new column, and nothing has to be copied.
    op.execute("ALTER TABLE packs ADD COLUMN room_id VARCHAR REFERENCES rooms (id)")
    op.execute("ALTER TABLE packs ADD COLUMN sample_id VARCHAR REFERENCES room_samples (id)")
    op.add_column("packs", sa.Column("once", sa.String(), nullable=True))
    is_of_room = sa.text("room_id IS NOT NULL")
    op.create_index(
        "ix_packs_room", "packs", ["room_id"], sqlite_where=is_of_room, postgresql_where=is_of_room
    )
    op.create_index("ux_packs_once", "packs", ["once"], unique=True)
