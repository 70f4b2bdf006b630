"""Deciding: approve, ask for changes, or reject."""

from collections.abc import Sequence
from typing import Any, Literal, cast

from portal.actions import codes, permits
from portal.actions.codes import Proof, Unproved
from portal.actions.wording import remark, words
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.tree import ApprovalStep, ReturnTo
from portal.engine import asking, closing, rounds
from portal.engine.advance import advance
from portal.engine.decide import End, Verdict, after, verdict
from portal.engine.rounds import Item
from portal.engine.rows import Asked
from portal.engine.running import Running
from portal.errors import Faulty, together
from portal.language import gettext as _
from portal.language import mark
from portal.ledger.catalogue import (
    ApprovalApproved,
    ApprovalChangesRequested,
    ApprovalRejected,
    Event,
)

Decision = Literal["approve", "request_changes", "reject"]

_OUTCOMES: dict[str, Verdict] = {
    "approve": "approved",
    "request_changes": "changes_requested",
    "reject": "rejected",
}

_CHOOSE = mark("Choose whether to approve, to ask for changes or to reject.")
_CHOOSE_OF_TWO = mark("Choose whether to approve or to reject.")


@action
def decide(
    tx: Tx,
    task_id: str,
    decision: str,
    comment: str | None = None,
    items: Sequence[str] = (),
    *,
    nonce: str | None = None,
    proof: Proof | None = None,
    actor: Actor,
) -> Unproved | None:
    """Take one person's decision, or return what is missing before it counts.

    With the last decision needed the step has its outcome.
    ``items`` are ``STEP.ID`` or bare ids of what is wrong, with ``request_changes`` alone.
    Raises Faulty at ``decision``, ``comment`` or ``items``; NotYours for whoever took part in
    what is judged. The same page's answer again changes nothing and is no fault.
    """
    running = permits.take_in_hand(tx, task_id, actor)
    task = running.task_to_do(task_id, nonce)
    if task is None:
        return None
    step = running.step_of(task, ApprovalStep, "an approval")
    asking.require_separate(running, step, task, actor)
    asking.require_own_vote(running, task, actor)
    outcome = _outcome(step, decision)
    why, marked = together(
        lambda: _comment(comment, outcome),
        lambda: _items(running, step, task, outcome, items),
    )
    said = {"comment": why, "items": marked}
    proved = codes.prove(running, task, actor, {**said, "outcome": outcome}, proof)
    if isinstance(proved, Unproved):
        return proved
    closing.finish_task(
        running,
        task,
        _event(task, outcome, said),
        outcome=outcome,
        answers=said,
        nonce=nonce,
        actor=proved,
    )
    _count(running, step, task, outcome, said)
    advance(running)
    return None


def _count(
    running: Running, step: ApprovalStep, task: Asked, outcome: Verdict, said: dict[str, Any]
) -> None:
    """Add the vote to the round; where it decides, end the round and go where that leads."""
    begun = running.round_of(task)
    votes = [*begun.answers["votes"], outcome]
    asked = begun.answers["asked"]
    begun.answers = {"asked": asked, "votes": votes}
    decided = verdict(step, asked, votes)
    if decided is None:
        running.keep_round(begun)
        return
    closing.end_round(running, begun, decided, {**begun.answers, **said})
    closing.withdraw(running, running.open_tasks(begun.id), "decided")
    way = after(step, decided)
    if isinstance(way, End):
        closing.end_by_walk(running, way.state, step.id)
    elif isinstance(way, ReturnTo):
        marked = [Item(*text.split(".", 1)) for text in said["items"]]
        rounds.send_back(
            running, begun, way.step, items=marked, comment=said["comment"] or "", why=decided
        )


def _outcome(step: ApprovalStep, decision: str) -> Verdict:
    offered = [one for one in _OUTCOMES if one != "request_changes" or step.on_changes]
    if not decision:
        raise Faulty.one("decision", _(_CHOOSE if step.on_changes else _CHOOSE_OF_TWO))
    if decision not in offered:
        raise Faulty.one("decision", _("Choose one of: %(words)s.", words=", ".join(offered)))
    return _OUTCOMES[decision]


def _comment(comment: str | None, outcome: Verdict) -> str | None:
    if outcome == "approved":
        return remark("comment", comment)
    ask = _("Say in a sentence why, so that the others know what to do.")
    return words("comment", comment, ask)


def _items(
    running: Running, step: ApprovalStep, task: Asked, outcome: Verdict, items: Sequence[str]
) -> list[str]:
    if outcome != "changes_requested":
        if items:
            raise Faulty.one(
                "items", _("Marks go with a request for changes. Ask for it, or unmark.")
            )
        return []
    try:
        marked = rounds.read_items(rounds.markable(running, step, task.scope), items)
    except ValueError as unknown:
        raise Faulty.one(
            "items",
            _("“%(id)s” is not a field or document that can be asked again here.", id=unknown),
        ) from None
    return [str(item) for item in marked]


def _event(task: Asked, outcome: Verdict, said: dict[str, Any]) -> Event:
    about = {"step": task.step, "task": task.id}
    comment = cast("str | None", said["comment"])
    if outcome == "changes_requested":
        return ApprovalChangesRequested(
            **about, round=task.round, items=said["items"], comment=comment
        )
    kind = ApprovalApproved if outcome == "approved" else ApprovalRejected
    return kind(**about, round=task.round, comment=comment)
