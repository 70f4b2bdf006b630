"""What one person is asked to do."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.errors import PortalError, TaskDone, TaskExpired, TaskWithdrawn

TASK_STATES = ("open", "done", "withdrawn", "expired")
MOST_PASSED_ON = 5  # times that one task may be delegated


def _where(condition: str) -> dict[str, Any]:
    """What makes an index hold those rows alone, on both databases."""
    return {f"{name}_where": sa.text(condition) for name in ("sqlite", "postgresql")}


class Task(Base):
    """One ask of one participant; an approval by several has one for each of them.

    ``others`` are further participants who may do it in the first one's stead. ``holder_id``
    is the user it is for: the staff participant, or who claimed or did a team's task.
    ``done_by`` is the user, or else the participant, who really did it. ``nonce`` is the page's
    once-number of the answer that closed it: the same answer sent again is not a conflict.

    Of how it is held now: ``handoff`` counts the times that it was given to somebody, of which
    the last was at ``offered_at``; ``pick_up_by`` is when it should have been taken up, and
    ``missed_at`` stands while nobody has though that is past. ``passed_on`` is who delegated it to
    whom, ``{from, to, user, name, reason}`` in turn; ``delegation`` is a wish to do so on which
    the owner has to decide: ``{id, by, user, email, name, reason, at}``. ``asks_since`` stands
    while a question of whoever may do it waits for staff: nobody is reminded then. ``promised_on``
    is the day by which its person said that it will be done, ``blocked_since`` stands while they
    say that something keeps them from it.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.Index("ix_tasks_scope", "process_id", "scope", "state"),
        sa.Index("ix_tasks_process_state", "process_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_participant", "participant_id", "state"),
        sa.Index("ix_tasks_holder_due", "holder_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_team_due", "team_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_state_due", "state", "due_at", "id"),
        # What somebody has to look at is little, however many tasks there are.
        sa.Index("ix_tasks_missed", "missed_at", **_where("missed_at IS NOT NULL")),
        sa.Index("ix_tasks_delegation", "process_id", **_where("delegation IS NOT NULL")),
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
    offered_at: Mapped[datetime]
    handoff: Mapped[int] = mapped_column(default=1)
    pick_up_by: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    passed_on: Mapped[list[Any]] = mapped_column(default=list)
    closed_under: Mapped[str | None]
    delegation: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    asks_since: Mapped[datetime | None]
    promised_on: Mapped[date | None]
    blocked_since: Mapped[datetime | None]
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
