"""What became of a call: it succeeded, it is made again later, or somebody has to look.

Every note holds the fence of whoever has the effect in hand, and looks whether the round is still
open: a late answer changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.actor import system
from portal.db import Tx, action
from portal.definition import calls as definition_calls
from portal.definition.expressions import ExpressionFailed
from portal.definition.tree import CallStep
from portal.engine import calls
from portal.engine.advance import advance
from portal.engine.rows import Round
from portal.engine.running import Running
from portal.ledger import outbox
from portal.ledger.catalogue import CallFailed, CallSucceeded
from portal.models import StepRun

CALLER = system("relay")
_MOST_SAID = 500


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt at the call of a round: ``attempt`` counts from 1."""

    run_id: str
    outbox_id: str
    fence: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other system answered; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class _InHand:
    """A call whose round is open, with its process."""

    running: Running
    found: Round
    step: CallStep
    tried: Tried

    @property
    def host(self) -> str:
        return definition_calls.host(self.url)

    @property
    def url(self) -> str:
        return str(self.found.answers[definition_calls.REQUEST]["url"])


@action
def note_answer(tx: Tx, tried: Tried, answer: Answer) -> None:
    """The other system answered: with 200 to 299 the step ends, else the call is made again."""
    call = _in_hand(tx, tried)
    if call is None:
        return
    if not 200 <= answer.status < 300:
        _fail(call, f"it answered {answer.status}", answer=answer)
        return
    try:
        saved = _saved(call, answer)
    except ExpressionFailed as failed:
        _fail(call, failed.sentence, answer=answer, error="save", is_final=True)
        return
    if outbox.settle(tx, tried.outbox_id, tried.fence):
        _succeed(call, answer, saved)


@action
def note_no_answer(
    tx: Tx, tried: Tried, error: str, sentence: str, *, is_final: bool = False
) -> None:
    """Nothing was answered: it is tried again, unless that would never help."""
    call = _in_hand(tx, tried)
    if call is not None:
        _fail(call, sentence, error=error, is_final=is_final)


def _in_hand(tx: Tx, tried: Tried) -> _InHand | None:
    """The call, where the effect is still in these hands and the round still open."""
    if not outbox.is_held(tx, tried.outbox_id, tried.fence):
        return None
    if _state(tx, tried.run_id) == "open":
        running = Running.of_round(tx, tried.run_id)
        for found in running.rounds.values():
            if found.id == tried.run_id and found.state == "open":
                step = running.tree.step(found.step)
                assert isinstance(step, CallStep)
                return _InHand(running, found, step, tried)
    outbox.settle(tx, tried.outbox_id, tried.fence)
    return None


def _state(tx: Tx, run_id: str) -> str | None:
    return tx.execute(sa.select(StepRun.state).where(StepRun.id == run_id)).scalar()


def _saved(call: _InHand, answer: Answer) -> dict[str, Any]:
    if not call.step.save:
        return {}
    seen = definition_calls.response(answer.status, answer.headers, answer.text)
    return definition_calls.saved(call.step, call.running.facts(call.found.scope), seen)


def _succeed(call: _InHand, answer: Answer, saved: dict[str, Any]) -> None:
    event = CallSucceeded(
        step=call.found.step,
        scope=call.found.scope or None,
        round=call.found.round,
        attempt=call.tried.attempt,
        status=answer.status,
        url=call.url,
    )
    call.running.chain.add(event, actor=CALLER)
    calls.end(call.running, call.found, saved)
    advance(call.running)


def _fail(
    call: _InHand,
    sentence: str,
    *,
    answer: Answer | None = None,
    error: str | None = None,
    is_final: bool = False,
) -> None:
    """Note a failed attempt: another one is owed, or an exception is opened."""
    is_last = is_final or call.tried.attempt > call.step.times
    if not (_give_up(call, sentence) if is_last else _later(call, sentence)):
        return
    said = sentence if answer is None or error else answer.text[:_MOST_SAID].strip()
    event = CallFailed(
        step=call.found.step,
        scope=call.found.scope or None,
        round=call.found.round,
        attempt=call.tried.attempt,
        status=answer.status if answer is not None else None,
        error=error,
        url=call.url,
        said=said.replace("\0", "\ufffd") or None,
    )
    call.running.chain.add(event, actor=CALLER)
    if is_last:
        attempts = "1 attempt" if call.tried.attempt == 1 else f"{call.tried.attempt} attempts"
        told = f"The call to {call.host} did not succeed ({attempts}): {sentence.rstrip('.')}."
        calls.fail(call.running, call.found, told)


def _give_up(call: _InHand, sentence: str) -> bool:
    return outbox.give_up(call.running.tx, call.tried.outbox_id, call.tried.fence, sentence)


def _later(call: _InHand, sentence: str) -> bool:
    """Owe the next attempt, twice as long after this one as this one was after the last."""
    running, tried = call.running, call.tried
    wait = call.step.first * 2 ** (tried.attempt - 1)
    at = wait.after(running.now, running.calendar, running.calendar.timezone)
    return outbox.retry(
        running.tx, tried.outbox_id, tried.fence, sentence[:_MOST_SAID], at - running.now
    )
