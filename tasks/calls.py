"""Makes the calls that are owed, some side by side: one that hangs keeps no other waiting."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from portal import db, fault
from portal.actions import calls, messages
from portal.actions.calls import Answer, Tried
from portal.delivery import http, secrets
from portal.ledger.outbox import Claimed
from portal.readings.calls import Owed, owed
from tasks import queues
from tasks.hold import Held, holding, job_of
from tasks.job import house

log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Make these calls, each noted as it ends."""
    if not claimed:
        return
    most = queues.TIME_LIMITS["default"]
    with holding(claimed, most) as held, ThreadPoolExecutor(len(claimed), "call") as crew:
        for _ in crew.map(lambda one: _do(one, held), claimed):
            continue


def _do(one: Claimed, held: Held) -> None:
    if not held.mine(one.id):
        return
    tried = Tried(one.ref["run"], one.id, one.fence, one.attempts)
    try:
        _make(one, tried)
    except Exception as error:  # one that fails must not stop the others
        log.exception("call.failed", outbox=one.id)
        calls.note_no_answer(tried, "fault", f"The call failed here: {type(error).__name__}.")
    held.done(one.id)


def _make(one: Claimed, tried: Tried) -> None:
    with db.reading() as conn:
        call = owed(conn, tried.run_id)
    if call is None:
        messages.note_needless(one.id, one.fence)
    elif one.attempts > call.attempts:  # it ended its worker each time
        calls.note_no_answer(tried, "fault", "It was not finished, however often it was begun.")
    else:
        _call(call, tried)


def _call(call: Owed, tried: Tried) -> None:
    settings = house()
    try:
        secret = secrets.find(settings, call.secret) if call.secret else None
        fault.at("F7")
        response = http.send(_request(call, secret), settings.outbound_allow)
    except http.NoAnswer as none:
        calls.note_no_answer(tried, none.word, none.sentence, is_final=none.is_final)
        return
    fault.at("F9")
    calls.note_answer(tried, _answer(response, secret))


def _request(call: Owed, secret: str | None) -> http.Request:
    body = None if call.body is None else call.body.encode()
    return http.Request(call.method, call.url, call.headers_with(secret), body)


def _answer(response: http.Response, secret: str | None) -> Answer:
    """What was answered; should the other side repeat the secret, it goes no further."""
    headers = {name: secrets.hide(text, secret) for name, text in response.headers.items()}
    return Answer(response.status, headers, secrets.hide(response.text, secret))


make = job_of(carry_out)
