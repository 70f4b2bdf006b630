"""Signing a statement or an uploaded document, and declining to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.actions import codes, permits
from portal.actions.codes import Proof, Unproved
from portal.actions.wording import words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition import drawings, statements, ways
from portal.definition.drawings import Strokes
from portal.definition.operators import ExpressionFailed
from portal.definition.tree import DocumentOf, SignStep
from portal.engine import closing
from portal.engine.advance import advance
from portal.engine.rows import Asked, Place
from portal.engine.running import Running
from portal.errors import Conflict, Faulty, together
from portal.language import gettext as _
from portal.language import mark
from portal.ledger.catalogue import SignatureDeclined, SignatureMade
from portal.models import FileRow, Look
from portal.models.looks import SAVED

LONGEST_NAME = 200
_CHANGED = mark("This has changed since you opened the page. Read it again as it stands now.")


class Changed(Faulty):
    """What is signed is no longer what was shown."""

    status, code, title = 409, "changed", mark("What you sign has changed")


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is put before the signer: a statement or files, and the digest that stands for it."""

    sha256: str
    statement: str | None = None
    files: Sequence[Any] = ()

    def told(self) -> dict[str, Any]:
        """What stands of it in the event, and in what the step brought."""
        files = [
            {"file": one.id, "name": one.name, "size": one.size, "sha256": one.sha256}
            for one in self.files
        ]
        return {"statement": self.statement, "document": files or None, "sha256": self.sha256}


@action
def sign(
    tx: Tx,
    task_id: str,
    signature: str | None,
    agrees: bool,
    *,
    drawing: Any = None,
    shown: str | None = None,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Take a signature: the name, and where it was drawn as well the strokes.

    ``shown`` is the digest of what the page showed, where one did. Raises Faulty at
    ``signature``, ``drawing`` and ``agree``, Changed where something else stands there now.
    What is missing before it counts is returned. The same page's answer again changes nothing.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, SignStep, "a signature")
    matter = _matter(running, step, task, shown)
    name, strokes = _judged(step, signature, drawing, agrees=agrees)
    answer = ["sign", name, matter.sha256, *([strokes] if strokes else [])]
    proved = codes.prove(running, task, actor, answer, proof)
    if isinstance(proved, Unproved):
        return proved
    method = "drawn" if strokes else "typed"
    signed: dict[str, Any] = {"signature": name, "method": method, **matter.told()}
    if strokes:
        signed["drawing"] = strokes
    about: dict[str, Any] = {"step": step.id, "task": task.id, "round": task.round}
    looked = _looked(tx, matter, actor) if matter.files else None
    event = SignatureMade(**about, **signed, agreement=statements.AGREEMENT, looked=looked)
    _finish(running, task, event, "completed", signed, nonce, proved)
    return None


@action
def decline(
    tx: Tx,
    task_id: str,
    comment: str | None,
    *,
    shown: str | None = None,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Take a refusal to sign, with the reason; the step is ``rejected`` and the process goes on.

    Raises Faulty at ``comment``, and as ``sign`` does.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, SignStep, "a signature")
    matter = _matter(running, step, task, shown)
    why = words("comment", comment, _("Say in a sentence why you do not sign."))
    proved = codes.prove(running, task, actor, ["decline", why, matter.sha256], proof)
    if isinstance(proved, Unproved):
        return proved
    event = SignatureDeclined(
        step=step.id, task=task.id, round=task.round, comment=why, sha256=matter.sha256
    )
    answers = {"comment": why, "sha256": matter.sha256}
    _finish(running, task, event, "rejected", answers, nonce, proved)
    return None


def _looked(tx: Tx, matter: _Matter, actor: Actor) -> list[dict[str, Any]]:
    """What of the files was sent to the signer: pictures by their pages, or the files themselves.

    Whatever was made to be shown was made from these very bytes: a file never changes its digest.
    """
    is_signer = (
        Look.participant_id == actor.id
        if actor.kind == "participant"
        else Look.user_id == actor.user_id
    )
    which = (Look.file_id.in_([one.id for one in matter.files]), is_signer)
    query = sa.select(Look.file_id, Look.how, Look.rendition, Look.page).where(*which).distinct()
    pages: dict[tuple[str, str], list[int]] = {}
    saved: set[str] = set()
    for look in tx.execute(query.order_by(Look.page)):
        if look.how == SAVED:
            saved.add(look.file_id)
        else:
            pages.setdefault((look.file_id, look.rendition), []).append(look.page)
    seen = [
        {"file": file, "rendition": made, "pages": told} for (file, made), told in pages.items()
    ]
    return [*seen, *({"file": one.id, "saved": True} for one in matter.files if one.id in saved)]


def _finish(
    running: Running,
    task: Asked,
    event: SignatureMade | SignatureDeclined,
    outcome: str,
    answers: dict[str, Any],
    nonce: str | None,
    actor: Actor,
) -> None:
    begun = running.round_of(task)
    closing.finish_task(
        running, task, event, outcome=outcome, answers=answers, nonce=nonce, actor=actor
    )
    closing.end_round(running, begun, outcome, answers)
    advance(running)


def _judged(
    step: SignStep, signature: str | None, drawing: Any, *, agrees: bool
) -> tuple[str, Strokes | None]:
    """The name and the strokes. A name stands under a drawing, too: who signed can be read."""
    ask = _("Type your name to sign.")
    name, strokes, _agreed = together(
        lambda: words("signature", signature, ask, longest=LONGEST_NAME),
        lambda: _drawn(step, drawing),
        lambda: _require_agreed(agrees=agrees),
    )
    return " ".join(name.split()), strokes


def _drawn(step: SignStep, drawing: Any) -> Strokes | None:
    try:
        strokes = drawings.read(drawing)
    except ValueError as unfit:
        raise Faulty.one("drawing", _(str(unfit))) from None
    if strokes is None and "typed" not in step.methods:
        raise Faulty.one("drawing", _(drawings.EMPTY))
    if strokes is not None and "drawn" not in step.methods:
        raise Faulty.one("drawing", _("This takes a typed name as the signature, and no drawing."))
    return strokes


def _require_agreed(*, agrees: bool) -> None:
    if not agrees:
        raise Faulty.one("agree", _("Tick this box to sign."))


def _matter(running: Running, step: SignStep, task: Asked, shown: str | None) -> _Matter:
    """What is signed as it stands now; Changed where that is not what was shown."""
    matter = (
        _files(running, step.document, task) if step.document else _statement(running, step, task)
    )
    if shown is not None and shown != matter.sha256:
        raise Changed.one("agree", _(_CHANGED))
    return matter


def _statement(running: Running, step: SignStep, task: Asked) -> _Matter:
    assert step.statement is not None
    facts = {} if step.statement.is_constant else running.facts(task.scope)
    try:
        text = statements.statement(step.statement, facts, task.opened_at)
    except ExpressionFailed as failed:
        raise Conflict(
            _("What is to be signed can’t be read just now: %(why)s", why=failed.sentence),
            _("Tell the person who asked you."),
        ) from failed
    return _Matter(statements.digest_of_statement(text), statement=text)


def _files(running: Running, document: DocumentOf, task: Asked) -> _Matter:
    done = running.latest.get(Place(*ways.beside(running.tree, document.step, task.scope)))
    ids = done.answers.get(document.document, []) if done is not None else []
    query = sa.select(*FileRow.__table__.columns).where(FileRow.id.in_(ids))
    by_id = {row.id: row for row in running.tx.execute(query)}
    files = [by_id[id_] for id_ in ids if id_ in by_id]
    if not files:
        raise Conflict(_("The document that is to be signed is not there any more."))
    return _Matter(statements.digest_of_files([one.sha256 for one in files]), files=files)
