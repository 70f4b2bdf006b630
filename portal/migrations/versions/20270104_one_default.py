"""A list opens with one view for each member of staff: what two browsers ask at once, too."""

import sqlalchemy as sa
from alembic import op

from portal import db

revision = "20270104_one_default"
down_revision = "20270103_sights"


def upgrade() -> None:
    """Keep the newest of several, then add the index."""
    views = sa.table(
        "saved_views", *(sa.column(name) for name in ("id", "user_id", "page")),
        sa.column("is_default", sa.Boolean()),
    )  # fmt: skip
    newest = sa.select(sa.func.max(views.c.id)).where(views.c.is_default)
    newest = newest.group_by(views.c.user_id, views.c.page)
    older = sa.update(views).where(views.c.is_default, views.c.id.not_in(newest))
    op.execute(older.values(is_default=sa.false()))
    op.create_index(
        "saved_views_default", "saved_views", ["user_id", "page"], unique=True,
        **db.where("is_default"),
    )  # fmt: skip
