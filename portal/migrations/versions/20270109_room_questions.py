"""Questions of outside auditors, their answers, and who gives them."""

import sqlalchemy as sa
from alembic import op

from portal.db import UTCDateTime

revision = "20270109_room_questions"
down_revision = "20270109_room_packs"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "room_answerers",
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("room_id", "user_id"),
    )
    _make_questions()
    op.create_table(
        "room_messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("once", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["question_id"], ["room_questions.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("once", name="room_messages_once"),
    )
    op.create_index("ix_room_messages_question", "room_messages", ["question_id", "id"])


def _make_questions() -> None:
    op.create_table(
        "room_questions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("room_id", sa.String(), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("waits_on", sa.String(), nullable=True),
        sa.Column("since", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"]),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("room_id", "number", name="room_questions_number"),
        sa.CheckConstraint("waits_on = 'staff'", name="room_questions_waits_on"),
    )
    op.create_index("ix_room_questions_process", "room_questions", ["process_id"])
    waits = sa.text("waits_on IS NOT NULL")
    op.create_index(
        "ix_room_questions_waits", "room_questions", ["since"],
        sqlite_where=waits, postgresql_where=waits,
    )  # fmt: skip
