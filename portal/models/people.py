"""Staff: users, their teams, their sessions and the API tokens that act for them."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

ROLES = ("admin", "member", "auditor")
# Those of them who may be given work; an auditor reads everything and changes nothing.
WRITERS = ("admin", "member")
# The rule that names whose role asks for a second factor.
SECOND_FACTOR_ROLES = "second-factor-roles"
# How long a session at the desk lives unused, and at all.
STAFF_IDLE, STAFF_ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)


class User(Base):
    """A member of staff who signs in; ``role`` is one of ``ROLES``."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str | None]
    timezone: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Team(Base):
    """A team of staff; a task of the team may be taken by any of its members."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class TeamMember(Base):
    """Who belongs to which team."""

    __tablename__ = "team_members"

    team_id: Mapped[str] = mapped_column(sa.ForeignKey("teams.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), primary_key=True, index=True)


class StaffSession(Base):
    """A signed-in browser of a member of staff; its cookie hashes to ``secret_sha256``.

    ``method`` says how they showed who they are, in the words of ``Actor.auth``; ``proved_at``
    when they last did. ``needs_second``: they set up a second factor before all else.
    """

    __tablename__ = "staff_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None]
    agent: Mapped[str | None]
    method: Mapped[str] = mapped_column(default="password", server_default="password")
    proved_at: Mapped[datetime | None]
    needs_second: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


# What a token may be good for: telling, starting, doing what there is to do, and the house.
SCOPES = ("read", "start", "act", "admin")


class ApiToken(Base):
    """A token for programs; only its SHA-256 is stored.

    ``scopes`` are those of ``SCOPES`` that it is good for (``None``: all of them); it ends at
    ``expires_at``, if ever. ``used_at`` is kept by the minute.

    ``is_system``: it starts, signals and completes tasks of any process, but decides nothing.
    """

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    secret_sha256: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    is_system: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    scopes: Mapped[list[Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
