"""What is done with magic links: enter, ask for a fresh one, withdraw, hand one out."""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import limits, links, may, sessions
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import handoffs, lifetimes, locking, preferences
from portal.errors import Conflict, LinkExpired, LinkRevoked, NotYours, PortalError, Unknown
from portal.language import gettext as _
from portal.language import mark
from portal.ledger import record
from portal.ledger.catalogue import LinkEntered, LinkMade, LinkRenewed, TaskPickedUp
from portal.ledger.catalogue import LinkRevoked as Revoked
from portal.models import Link, Participant, Process, Task, trees
from portal.models import links as link_rules
from portal.models.tasks import require_open, require_wanted

RECEIPT_SHOWN_FOR = timedelta(days=30)
_UNKNOWN = mark("This link is not one of ours, or was cut short on its way.")
_RENEWALS_AN_HOUR, _AN_HOUR = 3, 3600
_RENEWALS_FROM_HERE = 20


@dataclass(frozen=True, slots=True)
class Entered:
    """A browser that was let in: the secret for its cookie and where its person is expected."""

    secret: str
    process_id: str
    task_id: str | None


_LINK: "sa.Select[*tuple[Any, ...]]" = (
    sa.select(
        *Link.__table__.columns,
        Participant.name.label("person_name"),
        Participant.email.label("person_email"),
        Process.definition_id,
        Task.step.label("task_step"),
        Task.state.label("task_state"),
        Task.name.label("task_name"),
        Task.kind.label("task_kind"),
        Task.done_at.label("task_done_at"),
        Task.picked_up_at.label("task_picked_up_at"),
    )
    .join(Participant, Participant.id == Link.participant_id)
    .join(Process, Process.id == Link.process_id)
    .outerjoin(Task, Task.id == Link.task_id)
)


def require_usable(link: Any, generation: int, now: datetime) -> None:
    """Refuse a link that no longer opens anything: LinkRevoked, LinkExpired, TaskWithdrawn.

    ``link`` has the link's columns with why it was ended, and ``task_state``, ``task_kind``,
    ``task_done_at``. The link of a done task leads to its receipt for thirty days.
    """
    if link.revoked_at is not None or generation != link.generation:
        raise link_rules.ended(link.revoked_reason)
    if link.task_state == "done":
        if link.task_done_at and now - link.task_done_at > RECEIPT_SHOWN_FOR:
            raise LinkExpired(_("What this link was for was done more than thirty days ago."))
        return
    if link.task_state is not None:
        require_wanted(link.task_state, link.task_kind)
    if link.expires_at <= now:
        raise LinkExpired(_("This link was good for a limited time, and that time is over."))


@action
def enter(
    tx: Tx,
    token: str,
    *,
    browser: str | None,
    ip: str | None,
    agent: str | None,
    spoken: str | None = None,
) -> Entered:
    """Let a browser in by a link; the person's own press of the button, never a mere look.

    ``browser`` is the secret of the cookie it came with, if any, ``spoken`` the language that it
    asks for. Raises Unknown for a token that is none, LinkRevoked, LinkExpired or TaskWithdrawn
    where it opens nothing any more.
    """
    link, generation, chain = _load(tx, token)
    require_usable(link, generation, tx.now)
    person = _person(link, ip=ip, agent=agent)
    preferences.note_language(tx, person.email, spoken)
    secret = sessions.enter(tx, browser, link.id, generation)
    short = links.short(link.id)
    chain.add(LinkEntered(task=link.task_id, link=short), actor=person)
    if link.entered_at is None:
        tx.execute(sa.update(Link).where(Link.id == link.id).values(entered_at=tx.now))
    if link.task_state == "open" and link.task_picked_up_at is None:
        picked = sa.update(Task).where(Task.id == link.task_id)
        tx.execute(picked.values(picked_up_at=tx.now, missed_at=None))
        handoffs.stop_clock(tx, link.task_id)
        chain.add(
            TaskPickedUp(task=link.task_id), actor=person, once=f"picked:{link.task_id}:{short}"
        )
    return Entered(secret, link.process_id, link.task_id)


def renew(token: str, *, ip: str | None, agent: str | None = None) -> None:
    """Send a fresh link to the address on file, three times in an hour.

    Asked more often nothing is sent, and the answer is the same: the mails under way are what is
    needed. An expired link gets a new generation, so that only the fresh one opens; one that
    still works is sent again. Raises Unknown for a token that is none, and LinkRevoked where
    staff withdrew it.
    """
    known = links.read(links.mended(token))
    if known is None:
        raise Unknown(_(_UNKNOWN))
    n = limits.count(f"renew:{known[0]}", _AN_HOUR)
    _renew(token, is_enough=n > _RENEWALS_AN_HOUR, ip=ip, agent=agent)


def renew_of_task(task_id: str, *, ip: str | None, agent: str | None = None) -> None:
    """Send a fresh link to everybody outside who has one to a task that is open.

    For browsers that came by none: they learn nothing, also not that there is such a task.
    """
    limits.spend(f"renew-from:{limits.place(ip)}", _RENEWALS_FROM_HERE, _AN_HOUR)
    with db.reading() as conn:
        living = {row.participant_id: row for row in conn.execute(_LIVING, {"task": task_id})}
    for row in living.values():
        with contextlib.suppress(PortalError):
            renew(links.mint(row.id, row.generation), ip=ip, agent=agent)


_LIVING = (
    sa.select(Link.participant_id, Link.id, Link.generation)
    .join(Task, Task.id == Link.task_id)
    .where(Link.task_id == sa.bindparam("task"), Link.revoked_at.is_(None), Task.state == "open")
    .order_by(Link.made_at, Link.id)
)


@action
def _renew(tx: Tx, token: str, *, is_enough: bool, ip: str | None, agent: str | None) -> None:
    link, generation, chain = _load(tx, token)
    if link.revoked_at is not None or (generation != link.generation and link.revoked_reason):
        raise LinkRevoked(_("This link was withdrawn, so no fresh one is sent."))
    if link.task_state is not None:
        require_wanted(link.task_state, link.task_kind)
    if is_enough:
        return
    person = _person(link, ip=ip, agent=agent)
    if link.handed_by_name is not None:
        # What goes to the mailbox must not be what somebody else has had in hand.
        same = (Link.task_id == link.task_id, Link.participant_id == link.participant_id)
        link = tx.execute(_mailed(*same)).one()
    _prolong(tx, link)
    recorded = chain.add(LinkRenewed(task=link.task_id, link=links.short(link.id)), actor=person)
    chain.send("mail.renewal", {"link": link.id}, once=f"renewal:{link.id}:{recorded.seq}")


@action
def revoke(tx: Tx, task_id: str, reason: str, *, actor: Actor) -> None:
    """End every link and session of a task at once; the task stays open. Faulty at ``reason``.

    The other links of its people go on, and no longer show this task (`needs_own_link`).
    """
    chain = locking.chain_of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "manage")
    reason = words("reason", reason, "Say in a sentence why.")
    state = tx.execute(sa.select(Task.state, Task.name).where(Task.id == task_id)).one()
    require_open(state.state, state.name)
    its = sa.update(Link).where(Link.task_id == task_id, Link.revoked_at.is_(None))
    tx.execute(its.values(generation=Link.generation + 1, revoked_reason=reason))
    chain.add(Revoked(task=task_id, reason=reason), actor=actor)


@action
def make(tx: Tx, task_id: str, *, actor: Actor) -> tuple[str, datetime]:
    """A link to an open task for a channel of the caller's own: its address and last moment.

    A link of its own, that bears who took it: whoever comes by it is not known to have the mailbox.
    """
    chain = locking.chain_of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "decide" if actor.role == "system" else "manage")
    link = tx.execute(_mailed(Link.task_id == task_id)).first()
    if link is None:
        state = tx.execute(sa.select(Task.state, Task.name).where(Task.id == task_id)).one()
        require_open(state.state, state.name)
        raise Conflict("This task is done by a member of staff, who signs in; it has no link.")
    require_open(link.task_state, link.task_name)
    link_id, expires_at = _hand_out(tx, link, actor)
    chain.add(LinkMade(task=task_id, link=links.short(link_id)), actor=actor)
    return links.url(link_id, 1), expires_at


def _hand_out(tx: Tx, link: Any, actor: Actor) -> tuple[str, datetime]:
    """A new link beside the one that is mailed; its id and last moment."""
    tree = trees.tree(tx.conn, link.definition_id)
    expires_at = max(link.expires_at, lifetimes.link_ends_at(tree, link.task_step, tx.now))
    link_id = secrets.token_hex(16)
    tx.execute(
        sa.insert(Link).values(
            id=link_id, process_id=link.process_id, participant_id=link.participant_id,
            task_id=link.task_id, generation=1, made_at=tx.now, expires_at=expires_at,
            revoked_at=None, revoked_reason=None, entered_at=None, handed_by=actor.user_id,
            handed_by_name=actor.name, handed_by_role=actor.role,
        )
    )  # fmt: skip
    return link_id, expires_at


def _mailed(*which: "sa.ColumnElement[bool]") -> "sa.Select[*tuple[Any, ...]]":
    """The newest living link of those that go to a mailbox."""
    living = _LINK.where(Link.revoked_at.is_(None), Link.handed_by_name.is_(None), *which)
    return living.order_by(Link.made_at.desc()).limit(1)


def _load(tx: Tx, token: str) -> tuple[Any, int, record.Chain]:
    """The link of a token, the token's generation, and the process's chain.

    The chain is locked before the link is read: of two presses of one button the second must
    see what the first has done.
    """
    known = links.read(links.mended(token))
    if known is None:
        raise Unknown(_(_UNKNOWN))
    process_id = tx.execute(sa.select(Link.process_id).where(Link.id == known[0])).scalar()
    if process_id is None:
        raise Unknown(_(_UNKNOWN))
    chain = record.open_chain(tx, process_id)
    return tx.execute(_LINK.where(Link.id == known[0])).one(), known[1], chain


def _prolong(tx: Tx, link: Any) -> tuple[int, datetime]:
    """Have a link live as long again as a new one would; its generation and last moment.

    One that had expired gets a new generation: its old address lay about unguarded since.
    """
    tree = trees.tree(tx.conn, link.definition_id)
    expires_at = lifetimes.link_ends_at(tree, link.task_step, tx.now)
    generation = link.generation + (link.expires_at <= tx.now)
    values = {"generation": generation, "expires_at": expires_at}
    tx.execute(sa.update(Link).where(Link.id == link.id).values(values))
    return generation, expires_at


def _person(link: Any, *, ip: str | None, agent: str | None) -> Actor:
    if link.person_email is None:
        raise NotYours(_("This link belongs to nobody who could use it."))
    return Actor(
        kind="participant",
        id=link.participant_id,
        name=link.person_name or link.person_email,
        email=link.person_email,
        via="page",
        auth=sessions.how_verified(link),
        link=link.id,
        handed_by=link.handed_by,
        handed_by_name=link.handed_by_name,
        ip=ip,
        agent=agent,
    )
