"""Magic links and the browser sessions they open. Nothing here can be used to enter."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, aliased, mapped_column

from portal.db import Base
from portal.errors import LinkRevoked
from portal.language import gettext as _
from portal.language import mark
from portal.models.tasks import Task


class Link(Base):
    """One link of one participant to one task.

    The token is made from ``id`` (32 hex digits), ``generation`` and a key outside the
    database, each time it is needed. ``task_id`` is ``None`` for a link to the
    participant's open tasks in the process. ``handed_by``, with name and role as they were, is
    the user who took it for a channel of their own: such a link says nothing of a mailbox.
    """

    __tablename__ = "links"
    __table_args__ = (
        sa.Index("ix_links_task", "task_id"),
        sa.Index("ix_links_process", "process_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    task_id: Mapped[str | None] = mapped_column(sa.ForeignKey("tasks.id"))
    generation: Mapped[int]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]
    entered_at: Mapped[datetime | None]
    handed_by: Mapped[str | None]
    handed_by_name: Mapped[str | None]
    handed_by_role: Mapped[str | None]


def ended(reason: str | None) -> LinkRevoked:
    """What to tell whoever comes by a link that was ended for this ``revoked_reason``."""
    return LinkRevoked(_(_ENDED.get(reason or "", _REPLACED)))


_REPLACED = mark("This link was withdrawn, or replaced by a newer one.")
_ENDED = {
    "delegated": mark(
        "What you were asked for here was passed on. Nothing more is needed from you."
    ),
    "reassigned": mark("This was handed to somebody else. Nothing more is needed from you."),
}
_own = aliased(Link)


def needs_own_link(task: "sa.ColumnElement[str] | None" = None) -> "sa.Exists":
    """Whether a task’s links were ended: from then on a fresh one of its own leads to it.

    The other links of its people go on, and would show it beside their own tasks. ``task`` is
    its id; without one it is the selected task's.
    """
    ended = (_own.revoked_at.is_(None), _own.revoked_reason.is_not(None))
    its = Task.__table__.c.id if task is None else task
    return sa.exists(sa.select(_own.id).where(_own.task_id == its, *ended))


class BrowserSession(Base):
    """A browser that entered by a link; the cookie holds what hashes to ``secret_sha256``."""

    __tablename__ = "browser_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SessionLink(Base):
    """The links that one browser session has entered by, each in its own generation."""

    __tablename__ = "session_links"

    session_id: Mapped[str] = mapped_column(sa.ForeignKey("browser_sessions.id"), primary_key=True)
    link_id: Mapped[str] = mapped_column(sa.ForeignKey("links.id"), primary_key=True, index=True)
    generation: Mapped[int]
    entered_at: Mapped[datetime]
