"""The step-up before an answer is recorded: a one-time code to the same address (L20, L21).

A verb reads and judges its answer first, and then asks here whether whoever gives it has proved
enough. Everything is counted in the database, under the lock of the process: guesses that come
at once are guesses one after the other. Where anything is missing, nothing is let through.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import codes
from portal.actor import Actor
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.errors import NotYours, TooFast
from portal.language import gettext as _
from portal.language import mark
from portal.models import Code

LIVES = timedelta(minutes=10)
MOST_A_DAY = 10

_SENT = mark(
    "We have sent a code of eight digits to the address that your link came to. It works for ten"
    " minutes. Nothing is recorded before you enter it."
)
_MISSING = mark("Enter the code of eight digits from the e-mail.")
_VOID = mark("This code no longer works: five entries were wrong. Ask for a new one.")
_OVER = mark("This code no longer works: its ten minutes are over. Ask for a new one.")
_NONE = mark("No code was sent to this browser for this. Ask for a new one.")
_CHANGED = mark("What you entered has changed since the code was sent. Ask for a new one.")
_TOO_MANY = mark(
    "Ten codes were sent by this link within a day, and no more are. Try again tomorrow, or write"
    " to the person who asked you."
)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a page brings beside an answer: its browser session and once-number, and the code.

    ``code`` is ``None`` from a page that does not ask for one yet; ``wants_new``: the person
    asks for another one.
    """

    session: str
    page: str
    code: str | None = None
    wants_new: bool = False


@dataclass(frozen=True, slots=True)
class Unproved:
    """The answer is right, and is not recorded yet: a code was sent, or the one given is wrong."""

    sentence: str
    is_fault: bool = False


def prove(
    running: Running, task: Asked, actor: Actor, answer: Any, proof: Proof | None
) -> Actor | Unproved:
    """Whoever gives an answer, with what they proved; or what is missing before it counts.

    ``answer`` is all that would be recorded, as JSON: a code is good for just that. Raises
    TooFast after ten codes by one link within a day.
    """
    step = running.tree.person_step(task.step)
    if actor.kind != "participant" or step.verify != "code":
        return actor
    if proof is None or actor.link is None:
        raise NotYours(_("This takes a one-time code, which is asked for on its page."))
    about = [task.id, task.round, answer]
    sent = _newest(running, task, actor, proof)
    is_new_page = sent is None or sent.page != proof.page
    if proof.wants_new or (proof.code is None and is_new_page):
        return _send(running, task, actor, proof, codes.seal(about))
    if proof.code is None:
        return Unproved(_(_SENT))
    wrong = _fault(running, sent, about, proof.code)
    return actor.proved_by_code() if wrong is None else Unproved(wrong, is_fault=True)


def _newest(running: Running, task: Asked, actor: Actor, proof: Proof) -> Any:
    """The last code for this task, link and browser session: an earlier one is good no more."""
    query = sa.select(Code.__table__).where(
        Code.task_id == task.id,
        Code.session_id == proof.session,
        Code.link_id == actor.link,
        Code.participant_id == actor.id,
    )
    newest = query.order_by(Code.made_at.desc(), Code.id.desc()).limit(1)
    return running.tx.execute(newest).first()


def _fault(running: Running, sent: Any, about: Any, entered: str) -> str | None:
    """Why a code does not count; ``None`` where it does. A wrong one is one try less."""
    if not entered.strip():
        return _(_MISSING)
    if sent is None:
        return _(_NONE)
    if sent.tries >= codes.MOST_TRIES:
        return _(_VOID)
    if sent.expires_at <= running.now:
        return _(_OVER)
    if not codes.is_sealed(sent.seal, about):
        return _(_CHANGED)
    if codes.is_right(sent.id, entered):
        return None
    tried = sa.update(Code).where(Code.id == sent.id).values(tries=Code.tries + 1)
    running.tx.execute(tried)
    return codes.told_of_miss(sent.tries) or _(_VOID)


def _send(running: Running, task: Asked, actor: Actor, proof: Proof, seal: str) -> Unproved:
    """Owe the person a code for this answer."""
    tx = running.tx
    today = sa.select(sa.func.count()).where(
        Code.link_id == actor.link, Code.made_at > running.now - _DAY
    )
    if tx.execute(today).scalar_one() >= MOST_A_DAY:
        raise TooFast(_(_TOO_MANY), int(_DAY.total_seconds()))
    code_id = db.new_id()
    tx.execute(
        sa.insert(Code).values(
            id=code_id, task_id=task.id, participant_id=actor.id, link_id=actor.link,
            session_id=proof.session, seal=seal, page=proof.page, tries=0, made_at=running.now,
            expires_at=running.now + LIVES,
        )
    )  # fmt: skip
    ref = {"code": code_id, "participant": actor.id}
    running.chain.send("mail.code", ref, once=f"code:{code_id}")
    return Unproved(_(_SENT))
