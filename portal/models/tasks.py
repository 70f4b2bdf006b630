"""What one person is asked to do."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.errors import PortalError, TaskDone, TaskExpired, TaskWithdrawn

TASK_STATES = ("open", "done", "withdrawn", "expired")


class Task(Base):
    """One ask of one participant; an approval by several has one for each of them.

    ``others`` are further participants who may do it in the first one's stead. ``holder_id``
    is the user it is for: the staff participant, or who claimed or did a team's task.
    ``done_by`` is the user, or else the participant, who really did it. ``nonce`` is the page's
    once-number of the answer that closed it: the same answer sent again is not a conflict.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.Index("ix_tasks_scope", "process_id", "scope", "state"),
        sa.Index("ix_tasks_process_state", "process_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_participant", "participant_id", "state"),
        sa.Index("ix_tasks_holder_due", "holder_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_team_due", "team_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_state_due", "state", "due_at", "id"),
        sa.CheckConstraint(f"state in {TASK_STATES}", name="tasks_state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("step_runs.id"))
    step: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    round: Mapped[int]
    kind: Mapped[str]
    name: Mapped[str]
    state: Mapped[str]
    outcome: Mapped[str | None]
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    others: Mapped[list[Any]] = mapped_column(default=list)
    holder_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    answers: Mapped[dict[str, Any]]
    nonce: Mapped[str | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    picked_up_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_seq: Mapped[int | None]
    done_hash: Mapped[str | None]


def require_open(state: str, name: str) -> None:
    """Refuse work on a task that is not open, in the words its state deserves."""
    _require_open(state, f"“{name}”")


def require_wanted(state: str, kind: str) -> None:
    """The same for whoever has not come in yet: they are told the kind of task alone.

    Its name may hold what somebody wrote, and mail scanners read these pages.
    """
    _require_open(state, _KINDS.get(kind, "what you were asked for"))


def _require_open(state: str, what: str) -> None:
    refusal = _REFUSALS.get(state)
    if refusal is not None:
        error, sentence = refusal
        told = sentence.format(what=what)
        raise error(told[0].upper() + told[1:])


_REFUSALS: dict[str, tuple[type[PortalError], str]] = {
    "done": (TaskDone, "{what} was already done. Nothing was recorded a second time."),
    "withdrawn": (TaskWithdrawn, "{what} is no longer needed from you."),
    "expired": (TaskExpired, "The time for {what} has passed."),
}
_KINDS = {
    "form": "the form you were asked to fill in",
    "upload": "the upload you were asked for",
    "approval": "the decision you were asked for",
    "sign": "the signature you were asked for",
    "task": "what you were asked to do",
}
