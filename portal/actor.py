"""Who does something: every action is told, and every ledger entry remembers."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

ActorKind = Literal["participant", "staff", "api", "system"]
Via = Literal["page", "api", "cli", "worker", "mail"]


@dataclass(frozen=True, slots=True)
class Absent:
    """A member of staff who is away until the end of a day, and in whose place an actor stands."""

    id: str
    email: str
    name: str
    until_on: date

    @property
    def reason(self) -> str:
        """Why another did their work, as the ledger tells it."""
        on = self.until_on
        return f"Stands in while {self.name} is away until {on:%a} {on.day} {on:%b} {on.year}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One acting person, program or clock.

    ``id`` is a participant's id, a user's id, an API token's id or a worker's name.
    ``auth`` says in the ledger's words how it was verified: ``link``, ``handed-link``, either
    with ``+code``, ``password``, ``token``, ``terminal``, ``none``. ``link`` is the id of the link
    that a participant came by, in the generation it had then: a revoked link has another.
    ``handed_by`` is the user who took that link for a channel of their own, where it was not
    mailed. ``stands_for`` are those who are away and named the actor as their deputy. ``hidden``
    are the restricted definitions of which they see only those processes that name them
    (``models/sights.py``). ``ip`` and ``agent`` are ``None`` where not known.
    """

    kind: ActorKind
    id: str
    name: str
    via: Via
    auth: str
    email: str | None = None
    user_id: str | None = None
    role: str | None = None
    team_ids: frozenset[str] = frozenset()
    link: str | None = None
    link_generation: int | None = None
    handed_by: str | None = None
    handed_by_name: str | None = None
    ip: str | None = None
    agent: str | None = None
    on_behalf: bool = False
    reason: str | None = None
    stands_for: tuple[Absent, ...] = ()
    hidden: frozenset[str] = frozenset()

    def proved_by_code(self) -> "Actor":
        """The same person, whose mailbox was reached at this very moment as well."""
        return replace(self, auth=f"{self.auth}+code")

    def acting_on_behalf(self, reason: str) -> "Actor":
        """The same actor, doing it in the assignee's place, for a reason that is recorded."""
        return replace(self, on_behalf=True, reason=reason)

    @property
    def user_ids(self) -> frozenset[str]:
        """The actor's own user id, and those of whom they stand for."""
        ids = {self.user_id, *(one.id for one in self.stands_for)}
        return frozenset(id_ for id_ in ids if id_)

    def absent(self, user_id: str | None) -> Absent | None:
        """Whoever of those they stand for has that id."""
        return next((one for one in self.stands_for if one.id == user_id), None)

    @property
    def is_staff(self) -> bool:
        """True for a signed-in user and for an API token that acts for one."""
        return self.kind in ("staff", "api") and self.user_id is not None


def system(name: str) -> Actor:
    """The portal itself: ``clock``, ``relay``, ``engine``, ``trails``."""
    return Actor(kind="system", id=name, name="Portico", via="worker", auth="none")


def in_place(actor: Actor, of: str) -> tuple[str, str, str]:
    """Under what a transaction keeps that an actor acts in the place of somebody away.

    ``of`` is the task that they do, or the process that they manage.
    """
    return ("in place", actor.id, of)
