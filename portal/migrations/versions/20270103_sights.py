"""Who may see which processes: restricted definitions, and whom somebody let in."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime, where

revision = "20270103_sights"
down_revision = "20270103_privacy"


def upgrade() -> None:
    """Make the tables, and the indexes by which a person's processes are found."""
    op.create_table(
        "restrictions",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("set_at", UTCDateTime(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "sight_grants",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("team_id", sa.String(), nullable=True),
        sa.Column("granted_at", UTCDateTime(), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.CheckConstraint("(key IS NULL) <> (process_id IS NULL)", name="sight_grants_what"),
        sa.CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="sight_grants_whom"),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for what in ("key", "process_id"):
        for whom in ("user_id", "team_id"):
            both = where(f"{what} IS NOT NULL AND {whom} IS NOT NULL")
            name = f"ux_sight_grants_{what}_{whom}"
            op.create_index(name, "sight_grants", [what, whom], unique=True, **both)
    for name, table, column in (
        ("ix_sight_grants_user", "sight_grants", "user_id"),
        ("ix_sight_grants_team", "sight_grants", "team_id"),
        ("ix_participants_team", "participants", "team_id"),
        ("ix_processes_team", "processes", "team_id"),
    ):
        op.create_index(name, table, [column], **where(f"{column} IS NOT NULL"))
    op.create_index("ix_processes_starter", "processes", ["starter_id"])
