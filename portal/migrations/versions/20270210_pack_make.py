"""The audit trails in a pack are set on a paper, and tell times in a zone, of its reader."""

import sqlalchemy as sa
from alembic import op

revision = "20270210_pack_make"
down_revision = "20270109_trail_zones"


def upgrade() -> None:
    """Add both; packs of before are on A4, in the zone of each process."""
    with op.batch_alter_table("packs") as packs:
        packs.add_column(sa.Column("paper", sa.String(), nullable=False, server_default="A4"))
        packs.add_column(sa.Column("zone", sa.String(), nullable=False, server_default=""))
