"""Published versions of process definitions; a version never changes."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class DefinitionRow(Base):
    """One version of one definition, with the text it was published as.

    ``review_at`` is when its owner is next asked whether it still matches reality (``None``:
    never), ``confirmed_at`` when somebody last said that it does. ``owner_id`` and ``team_id`` are
    whom its text names, until ``handed_at``: then the owner is who it was handed over to, for
    ``handed_reason``, by ``handed_by``; the next version goes by its own text again.

    A row with ``process_id`` is no version: it is the text under which that one process runs,
    with the steps that were added to it; its key (``own_key``) is none that can be published.
    One with ``made_for`` was made for the requests of that user, and stands in no list.
    """

    __tablename__ = "definitions"
    __table_args__ = (
        sa.UniqueConstraint("key", "version"),
        sa.Index("ix_definitions_review", "review_at"),
        sa.Index("ix_definitions_current", "key", unique=True, sqlite_where=sa.text("is_current"),
                 postgresql_where=sa.text("is_current")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    is_current: Mapped[bool]
    digest: Mapped[str]
    name: Mapped[str]
    purpose: Mapped[str | None]
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    source: Mapped[str]
    published_at: Mapped[datetime]
    published_by: Mapped[str | None]
    review_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    handed_at: Mapped[datetime | None]
    handed_by: Mapped[str | None]
    handed_reason: Mapped[str | None]
    process_id: Mapped[str | None]
    made_for: Mapped[str | None]


def own_key(key: str, process_id: str) -> str:
    """The key of the texts under which one process of a definition runs alone."""
    return f"{key}~{process_id}"


class DefinitionReview(Base):
    """Somebody said whether a definition, in that version, still matches reality; never changed.

    ``note`` is what no longer matches; it is empty of one that ``holds``.
    """

    __tablename__ = "definition_reviews"
    __table_args__ = (sa.Index("ix_definition_reviews_key", "key", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    version: Mapped[int]
    holds: Mapped[bool]
    note: Mapped[str]
    said_by: Mapped[str | None]
    said_by_name: Mapped[str]
    said_at: Mapped[datetime]


class AddedStep(Base):
    """A step that was added to one running process, as it was written.

    It stands ``side`` (before, after) of the step ``near``; those of a process come in the order
    of their ids, so that a later one may stand beside an earlier one.
    """

    __tablename__ = "added_steps"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "step"),
        sa.CheckConstraint("side in ('before', 'after')", name="added_steps_side"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    step: Mapped[str]
    near: Mapped[str]
    side: Mapped[str]
    source: Mapped[str]
    added_at: Mapped[datetime]
