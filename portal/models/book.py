"""The book at the door: who came in and how, who changed what of people, who read what."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class BookEntry(Base):
    """One line. The database refuses to change it or take it out.

    ``kind`` is one of ``readings.book.KINDS``; ``user_id`` whom it is about, ``process_id`` what
    was read. ``actor_id`` is who did it: a user, or a word for the house. ``told`` holds ids and
    words, no answer of anybody. ``once`` keeps what is told once for a time from being told twice.
    """

    __tablename__ = "book"
    __table_args__ = (
        sa.UniqueConstraint("once", name="book_once"),
        sa.Index("ix_book_user", "user_id", "id"),
        sa.Index("ix_book_actor", "actor_id", "id"),
        sa.Index("ix_book_process", "process_id", "id"),
        sa.Index("ix_book_kind", "kind", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    user_id: Mapped[str | None]
    process_id: Mapped[str | None]
    told: Mapped[dict[str, Any]]
    once: Mapped[str | None]
    ip: Mapped[str | None]
    agent: Mapped[str | None]


def ddl_triggers(dialect: str) -> list[str]:
    """The statements that make the database refuse UPDATE, DELETE and TRUNCATE of the book."""
    if dialect == "sqlite":
        refusal = "BEGIN SELECT RAISE(ABORT, 'the book is append-only'); END"
        return [
            f"CREATE TRIGGER book_no_{verb} BEFORE {verb.upper()} ON book {refusal}"
            for verb in ("update", "delete")
        ]
    return [
        f"CREATE TRIGGER book_no_{verb} BEFORE {verb.upper()} ON book "
        "FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses()"
        for verb in ("update", "delete", "truncate")
    ]
