"""What one person is asked to do."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where
from portal.errors import PortalError, TaskDone, TaskExpired, TaskWithdrawn
from portal.language import gettext as _
from portal.language import mark

TASK_STATES = ("open", "done", "withdrawn", "expired")
MOST_PASSED_ON = 5  # times that one task may be delegated


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
    say that something keeps them from it, ``declined_at`` while they say that they won't do it.
    Before ``snoozed_on`` they want no reminder.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        sa.Index("ix_tasks_scope", "process_id", "scope", "state"),
        sa.Index("ix_tasks_process_state", "process_id", "state", "due_at", "id"),
        sa.Index("ix_tasks_participant", "participant_id", "state"),
        # Whom it is not for has no page of it written: each step pays for every index.
        sa.Index(
            "ix_tasks_holder_due",
            "holder_id",
            "state",
            "due_at",
            "id",
            **where("holder_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_tasks_team_due", "team_id", "state", "due_at", "id", **where("team_id IS NOT NULL")
        ),
        sa.Index("ix_tasks_state_due", "state", "due_at", "id"),
        # What somebody has to look at is little, however many tasks there are.
        sa.Index("ix_tasks_missed", "missed_at", **where("missed_at IS NOT NULL")),
        sa.Index("ix_tasks_delegation", "process_id", **where("delegation IS NOT NULL")),
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
    snoozed_on: Mapped[date | None]
    blocked_since: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    picked_up_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None]
    done_seq: Mapped[int | None]
    done_hash: Mapped[str | None]


def require_open(state: str, name: str) -> None:
    """Refuse work on a task that is not open, in the words its state deserves."""
    refusal = _REFUSALS.get(state)
    if refusal is not None:
        error, sentence = refusal
        raise error(_(sentence, task=name))


def require_wanted(state: str, kind: str) -> None:
    """The same for whoever has not come in yet: they are told the kind of task alone.

    Its name may hold what somebody wrote, and mail scanners read these pages.
    """
    refusal = _REFUSALS.get(state)
    if refusal is not None:
        raise refusal[0](_(_UNTOLD[state].get(kind, _UNTOLD[state]["task"])))


_REFUSALS: dict[str, tuple[type[PortalError], str]] = {
    "done": (
        TaskDone,
        mark("“%(task)s” was already done. Nothing was recorded a second time."),
    ),
    "withdrawn": (TaskWithdrawn, mark("“%(task)s” is no longer needed from you.")),
    "expired": (TaskExpired, mark("The time for “%(task)s” has passed.")),
}
_UNTOLD = {
    "done": {
        "form": mark(
            "The form you were asked to fill in was already sent. Nothing was recorded a second"
            " time."
        ),
        "upload": mark(
            "The documents you were asked for were already sent. Nothing was recorded a second"
            " time."
        ),
        "approval": mark(
            "The decision you were asked for was already made. Nothing was recorded a second time."
        ),
        "sign": mark(
            "The signature you were asked for was already given. Nothing was recorded a second"
            " time."
        ),
        "task": mark(
            "What you were asked to do was already done. Nothing was recorded a second time."
        ),
    },
    "withdrawn": {
        "form": mark("The form you were asked to fill in is no longer needed from you."),
        "upload": mark("The upload you were asked for is no longer needed from you."),
        "approval": mark("The decision you were asked for is no longer needed from you."),
        "sign": mark("The signature you were asked for is no longer needed from you."),
        "task": mark("What you were asked to do is no longer needed from you."),
    },
    "expired": {
        "form": mark("The time for the form you were asked to fill in has passed."),
        "upload": mark("The time for the upload you were asked for has passed."),
        "approval": mark("The time for the decision you were asked for has passed."),
        "sign": mark("The time for the signature you were asked for has passed."),
        "task": mark("The time for what you were asked to do has passed."),
    },
}
