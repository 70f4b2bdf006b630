"""Running instances of definitions, who takes part in them, and what their steps came to."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, where

PROCESS_STATES = ("running", "completed", "cancelled", "rejected")


class Process(Base):
    """One running instance of a definition.

    ``owner_id`` is the user who answers for it; ``team_id`` the team where a team owns it.
    ``parent_run_id`` is the round of the step that runs it, ``depth`` how many processes are
    around it. ``due_at`` is the earliest due time among its open tasks; ``waiting`` a short list of
    ``{step, name, who, since, due_at}`` kept for lists, written with every step.
    """

    __tablename__ = "processes"
    __table_args__ = (
        sa.Index("ix_processes_state_due", "state", "due_at", "id"),
        sa.Index("ix_processes_owner_state_due", "owner_id", "state", "due_at", "id"),
        sa.Index("ix_processes_definition_state_due", "key", "state", "due_at", "id"),
        # Who may see a restricted process is looked up from whoever looks.
        sa.Index("ix_processes_team", "team_id", **where("team_id IS NOT NULL")),
        sa.Index("ix_processes_starter", "starter_id"),
        sa.CheckConstraint(f"state in {PROCESS_STATES}", name="processes_state"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    definition_id: Mapped[str] = mapped_column(sa.ForeignKey("definitions.id"))
    key: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    reference: Mapped[str | None]
    state: Mapped[str]
    owner_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    parent_run_id: Mapped[str | None]
    depth: Mapped[int] = mapped_column(default=0)
    starter_kind: Mapped[str]
    starter_id: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    values: Mapped[dict[str, Any]]
    waiting: Mapped[list[Any]]
    n_steps: Mapped[int]
    n_done: Mapped[int] = mapped_column(default=0)
    n_troubles: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Participant(Base):
    """Somebody who takes part in one process, under a role or named along the way.

    ``kind``: ``external`` (an e-mail address, no account), ``staff`` (``user_id``) or
    ``team`` (``team_id``; any member may take its tasks). ``role`` is ``None`` for somebody
    to whom a task was reassigned.
    """

    __tablename__ = "participants"
    __table_args__ = (
        sa.Index("ix_participants_process", "process_id"),
        sa.Index("ix_participants_email", "email", **where("email IS NOT NULL")),
        sa.Index("ix_participants_user", "user_id", **where("user_id IS NOT NULL")),
        sa.Index("ix_participants_team", "team_id", **where("team_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    role: Mapped[str | None]
    kind: Mapped[str]
    email: Mapped[str | None]
    name: Mapped[str | None]
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("teams.id"))
    timezone: Mapped[str | None]
    added_at: Mapped[datetime]


class StepRun(Base):
    """One round of one step.

    ``scope`` is the path of items the step runs under (empty at the top). ``state``:
    ``open``, ``done``, ``skipped``, ``withdrawn``. ``is_current`` is false once a return
    asked for the step again: the walk then opens the next round. ``is_latest`` marks the last
    round that ended (done or skipped): what expressions and pages see of the step.
    ``answers`` holds what the step brought, by field or document id; ``only`` the items asked
    again in this round (empty: all); ``comment`` the reviewer's words that led to this round.
    """

    __tablename__ = "step_runs"
    __table_args__ = (
        sa.UniqueConstraint("process_id", "step", "scope", "round"),
        sa.CheckConstraint("state in ('open','done','skipped','withdrawn')", name="runs_state"),
        # Rounds that are over are never read on the way forward, however many there are.
        sa.Index("ix_step_runs_live", "process_id", "scope",
                 sqlite_where=sa.text("is_current OR is_latest"),
                 postgresql_where=sa.text("is_current OR is_latest")),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    step: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")
    round: Mapped[int]
    state: Mapped[str]
    is_current: Mapped[bool]
    is_latest: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str | None]
    answers: Mapped[dict[str, Any]]
    only: Mapped[list[Any]]
    comment: Mapped[str | None]
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
