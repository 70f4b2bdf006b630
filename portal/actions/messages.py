"""What became of the mails: taken by the server, refused for good, to be tried again, given up.

Every note holds the fence of whoever has the effect in hand: a late finisher records nothing.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.actor import system
from portal.db import Tx, action
from portal.engine import lifetimes, troubles
from portal.engine.running import Running
from portal.ledger import catalogue, outbox, record
from portal.models import Link, Mail, Process, trees
from portal.models.troubles import Kind

POST = system("relay")
SOONEST, LATEST = timedelta(seconds=5), timedelta(hours=1)
# With the backoff below a mail server may be away for a day and a half before mails are lost.
MOST_ATTEMPTS = 40
DIGEST = "in the mail of the day"
_TELLS_OF_TROUBLE = ("mail.trouble", "mail.alarm")
# What somebody waits for even when the process has ended.
_OUTLIVES = ("mail.message", "mail.receipt", "trail.build", "trail.stamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One mail of one effect: ``id`` names it on every attempt, ``kind`` is the effect's.

    ``is_last`` tells that the effect is over with it. ``name`` is how people call what it is
    about, ``link`` the link it carries (32 hex digits). ``ref`` is the effect's, ``reader`` whom
    it is for, ``left`` all whom the effect has not reached yet.
    """

    id: str
    outbox_id: str
    fence: int
    kind: str
    to: str
    subject: str
    process_id: str | None = None
    task_id: str | None = None
    step: str | None = None
    link: str | None = None
    rung: int | None = None
    label: str = ""
    name: str = ""
    is_last: bool = True
    ref: Mapping[str, Any] = field(default_factory=dict)
    reader: str = ""
    left: tuple[str, ...] = ()
    covers: tuple[tuple[str, str, str], ...] = ()
    """Process, task and step of each reminder that it stands for, where it is one of several."""


@action
def note_taken(tx: Tx, mail: Posted) -> bool:
    """The mail server took the mail. False for a late finisher, who changes nothing."""
    if not _go_on(tx, mail):
        return False
    if _is_noted(tx, mail):
        return True
    _write(tx, mail, "taken", None)
    if mail.covers:
        _note_covered(tx, mail)
    elif mail.process_id is not None:
        chain = record.open_chain(tx, mail.process_id)
        chain.add(_event(mail), actor=POST, once=f"sent:{mail.id}")
    return True


@action
def note_refused(tx: Tx, mail: Posted, said: str) -> bool:
    """The mail server will never take the mail; the process's owner is told."""
    if not _go_on(tx, mail):
        return False
    if _is_noted(tx, mail):
        return True
    _write(tx, mail, "refused", said)
    if mail.process_id is not None:
        running = Running.load(tx, mail.process_id)
        running.chain.add(
            catalogue.MailBounced(
                step=mail.step, task=mail.task_id, about=_about(mail.kind), mail=mail.id,
                to=mail.to, said=said,
            ),
            actor=POST,
            once=f"sent:{mail.id}",
        )  # fmt: skip
        effect = _owed_to(mail, [mail.reader])
        _tell(running, "bounced", f"A mail to {mail.to} was refused: {said}", effect, mail)
    return True


@action
def note_failed(tx: Tx, one: outbox.Claimed, mail: Posted | None, error: str) -> bool:
    """Every attempt failed; the effect is given up and its process has an exception.

    ``mail`` is ``None`` where the effect never got as far as a mail.
    """
    if not outbox.give_up(tx, one.id, one.fence, error):
        return False
    if one.process_id is not None:
        running = Running.load(tx, one.process_id)
        effect = _owed_to(mail, mail.left) if mail else {"kind": one.kind, "ref": one.ref}
        message = f"{_given_up(one.kind, mail)}, however often it was tried: {error}"
        _tell(running, "effect", message, effect, mail)
    return True


@action
def note_later(tx: Tx, outbox_id: str, fence: int, attempts: int, error: str) -> bool:
    """It did not work this time: try again, later each time. False for a late finisher."""
    return outbox.retry(tx, outbox_id, fence, error[:500], backoff(attempts))


@action
def note_needless(tx: Tx, outbox_id: str, fence: int) -> bool:
    """What the effect was for is over: nobody is written to, and that is that."""
    return outbox.settle(tx, outbox_id, fence)


@action
def hold(tx: Tx, held: list[tuple[str, int]], seconds: float) -> list[outbox.Claimed]:
    """Renew the hold of effects (id and fence); those that are still one's own."""
    found = (outbox.claim_one(tx, id_, fence, seconds) for id_, fence in held)
    return [claimed for claimed in found if claimed is not None]


@action
def take(tx: Tx, limit: int, seconds: float, kinds: tuple[str, ...] = ()) -> list[outbox.Claimed]:
    """Take due effects, for some seconds."""
    return outbox.claim(tx, limit, seconds, kinds=kinds)


@action
def postpone(tx: Tx, kinds: tuple[str, ...], until: datetime) -> int:
    """Have due effects of these kinds wait until a moment; how many."""
    return outbox.postpone(tx, kinds, until)


@action
def standing_link(tx: Tx, process_id: str, participant_id: str) -> tuple[str, int]:
    """Id and generation of somebody's link to all their open tasks of a process; made once."""
    record.open_chain(tx, process_id)
    row = tx.execute(
        sa.select(Link.id, Link.generation)
        .where(Link.process_id == process_id, Link.participant_id == participant_id)
        .where(Link.task_id.is_(None), Link.revoked_at.is_(None), Link.expires_at > tx.now)
        .limit(1)
    ).first()
    if row is not None:
        return row.id, row.generation
    link_id = secrets.token_hex(16)
    tx.execute(
        sa.insert(Link).values(
            id=link_id, process_id=process_id, participant_id=participant_id, task_id=None,
            generation=1, made_at=tx.now, revoked_at=None, revoked_reason=None, entered_at=None,
            expires_at=_standing_until(tx, process_id),
        )
    )  # fmt: skip
    return link_id, 1


def _standing_until(tx: Tx, process_id: str) -> datetime:
    query = sa.select(Process.definition_id).where(Process.id == process_id)
    tree = trees.tree(tx.conn, tx.execute(query).scalar_one())
    return lifetimes.link_ends_at(tree, None, tx.now)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, doubled each time, an hour at most."""
    return min(LATEST, SOONEST * (1 << min(max(attempts - 1, 0), 12)))


def _note_covered(tx: Tx, mail: Posted) -> None:
    """Record in each process what a mail about several reminded of."""
    for process_id, task_id, step in sorted(mail.covers):
        event = catalogue.ReminderSent(
            step=step, task=task_id, label=DIGEST, mail=mail.id, to=mail.to
        )
        chain = record.open_chain(tx, process_id)
        chain.add(event, actor=POST, once=f"sent:{mail.id}:{task_id}")


def _go_on(tx: Tx, mail: Posted) -> bool:
    """End the effect with its last mail; False where somebody else has it in hand."""
    if mail.is_last:
        return outbox.settle(tx, mail.outbox_id, mail.fence)
    return outbox.is_held(tx, mail.outbox_id, mail.fence)


def _is_noted(tx: Tx, mail: Posted) -> bool:
    return tx.execute(sa.select(Mail.id).where(Mail.id == mail.id)).first() is not None


def _write(tx: Tx, mail: Posted, state: str, said: str | None) -> None:
    tx.execute(
        sa.insert(Mail).values(
            id=mail.id, process_id=mail.process_id, task_id=mail.task_id, kind=mail.kind,
            to=mail.to, subject=mail.subject, state=state, said=said, settled_at=tx.now,
        )
    )  # fmt: skip


def _about(kind: str) -> str:
    return kind.removeprefix("mail.")


def _event(mail: Posted) -> catalogue.Event:
    about = _about(mail.kind)
    where: dict[str, Any] = {
        "step": mail.step, "task": mail.task_id, "mail": mail.id, "to": mail.to,
    }  # fmt: skip
    if about in ("invite", "renewal", "lost"):
        return catalogue.LinkSent(link=mail.link[:8] if mail.link else None, **where)
    if about == "reminder":
        return catalogue.ReminderSent(rung=mail.rung, label=mail.label, **where)
    if about == "receipt":
        return catalogue.ReceiptSent(**where)
    if about == "code":
        return catalogue.CodeSent(**where)
    if about == "message":
        return catalogue.MessageSent(subject=mail.subject, **where)
    return catalogue.NoticeSent(about=about, **where)


def _given_up(kind: str, mail: Posted | None) -> str:
    if mail is not None:
        return f"A mail to {mail.to} could not be sent"
    if kind == "trail.build":
        return "The audit trail could not be built"
    if kind == "trail.stamp":
        return "The audit trail’s seal still lacks what was to be in it"
    return "A mail could not be written"


def _owed_to(mail: Posted, readers: Sequence[str]) -> dict[str, Any]:
    """The effect of a mail, for these of its readers alone."""
    return {"kind": mail.kind, "ref": {**mail.ref, "only": list(readers)}}


def _tell(
    running: Running, kind: Kind, message: str, effect: Mapping[str, Any], mail: Posted | None
) -> None:
    """Open an exception, unless nobody waits for it any more or the mail itself told of one.

    One for each reader of each matter: what failed for somebody else needs a look of its own.
    """
    owed = effect["kind"]
    if owed in _TELLS_OF_TROUBLE or not (running.is_running or owed in _OUTLIVES):
        return
    matter = [owed, *effect["ref"].values()]
    step, task = None, None
    if mail is not None:
        step, task = mail.step, mail.task_id
        matter = [task or mail.ref.get("run", ""), mail.reader]
    about = ".".join(map(str, matter))
    troubles.open_trouble(running, kind, message, step=step, task=task, about=about, effect=effect)
