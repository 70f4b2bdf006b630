"""Sends the mails that are owed: a batch over one connection, each noted as it ends."""

from collections.abc import Sequence
from typing import Literal

import structlog

from portal import db, fault, installation
from portal.actions import messages
from portal.actions.messages import Posted
from portal.delivery.mail import Mailer, Refused, Unreachable
from portal.ledger.outbox import Claimed
from portal.readings import letters
from portal.readings.letters import Letter
from tasks import letterhead, queues
from tasks.hold import Held, holding, job_of
from tasks.job import house

# How an attempt ends: noted for good, to be tried later, or no mail server was there.
Ending = Literal["settled", "later", "away"]
# A letter that can't even be written will not be writable tomorrow.
_MOST_FAULTS = 8
log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Send the letters of these effects, one kept connection for them all."""
    with holding(claimed, queues.TIME_LIMITS["default"]) as held, Mailer(house()) as mailer:
        is_away = False
        for one in claimed:
            if not held.mine(one.id):
                continue
            if is_away:
                messages.note_later(one.id, one.fence, one.attempts, "The mail server was away.")
            else:
                is_away = _do(mailer, one, held) == "away"
            held.done(one.id)


def _do(mailer: Mailer, one: Claimed, held: Held) -> Ending:
    if one.attempts > messages.MOST_ATTEMPTS:  # it ended its worker each time
        _later(one, None, "It ended its worker each time.", 0)
        return "later"
    try:
        return _send_all(mailer, one, held)
    except Exception as error:  # one bad letter must not stop the others
        log.exception("mail.failed", outbox=one.id, kind=one.kind)
        _later(one, None, f"{type(error).__name__}: {error}", _MOST_FAULTS)
        return "later"


def _send_all(mailer: Mailer, one: Claimed, held: Held) -> Ending:
    """Send what was not sent on an earlier attempt; the first that must wait ends the attempt."""
    with db.reading() as conn:
        owed = letters.of(
            conn, one.kind, one.ref, made_at=one.made_at, tz=installation.current.timezone
        )
        known = letters.noted(conn, [letterhead.mail_id(one.id, letter) for letter in owed])
    left = [letter for letter in owed if letterhead.mail_id(one.id, letter) not in known]
    if not left:
        messages.note_needless(one.id, one.fence)
    for place, letter in enumerate(left):
        if not held.mine(one.id):
            return "later"
        ending = _send(mailer, one, letter, left[place:])
        if ending != "settled":
            return ending
    return "settled"


def _send(mailer: Mailer, one: Claimed, letter: Letter, left: Sequence[Letter]) -> Ending:
    id_ = letterhead.mail_id(one.id, letter)
    signed = installation.current
    message = letterhead.message(
        letter, id_, at=one.made_at, brand=signed.brand, sender=signed.sender
    )
    posted = _posted(one, letter, id_, message.subject, left)
    fault.at("F7")
    try:
        mailer.send(message)
    except Refused as refusal:
        if refusal.permanent:
            return "settled" if messages.note_refused(posted, refusal.sentence) else "later"
        _later(one, posted, refusal.sentence, messages.MOST_ATTEMPTS)
        return "later"
    except Unreachable as away:
        log.warning("mail.unreachable", outbox=one.id, why=away.sentence)
        _later(one, posted, away.sentence, messages.MOST_ATTEMPTS)
        return "away"
    fault.at("F8")
    return "settled" if messages.note_taken(posted) else "later"


def _later(one: Claimed, posted: Posted | None, error: str, most: int) -> None:
    if one.attempts >= most:
        messages.note_failed(one, posted, error)
    else:
        messages.note_later(one.id, one.fence, one.attempts, error)


def _posted(one: Claimed, letter: Letter, id_: str, subject: str, left: Sequence[Letter]) -> Posted:
    return Posted(
        id=id_,
        outbox_id=one.id,
        fence=one.fence,
        kind=one.kind,
        to=letter.to.email,
        subject=subject,
        process_id=letter.process_id,
        task_id=letter.task_id,
        step=letter.step,
        link=letter.link[0] if letter.link else None,
        rung=letter.rung,
        label=letter.label,
        name=letter.name,
        is_last=len(left) == 1,
        ref=one.ref,
        reader=letter.to.id,
        left=tuple(dict.fromkeys(other.to.id for other in left)),
        covers=_covered(letter),
    )


def _covered(letter: Letter) -> tuple[tuple[str, str, str], ...]:
    """What a digest reminds of."""
    waiting = letter.facts["waiting"] if letter.template == "digest" else ()
    return tuple((one.process, one.id, one.step) for one in waiting)


deliver = job_of(carry_out)
