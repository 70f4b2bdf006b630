"""Many at once: one outcome, one mail, one winner."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier

import pytest
import sqlalchemy as sa

from portal import db
from portal.actions import forms, links, processes, tasks, timers, uploads
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import LinkRevoked, PortalError
from portal.ledger import audit, record
from portal.models import FileRow, Link, Process, Task
from tests import makers, people

DANA = people.staff("dana")


def at_once(verbs: Sequence[Callable[[], object]]) -> Counter[str]:
    """Run them side by side, all started together; how each ended."""
    gate = Barrier(len(verbs))

    def run(verb: Callable[[], object]) -> str:
        gate.wait()
        try:
            verb()
        except PortalError as refused:
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(len(verbs)) as pool:
        return Counter(pool.map(run, verbs))


def is_sound(process: str) -> bool:
    """Whether the process's chain verifies."""
    with db.reading() as conn:
        return audit.fault_in(conn, process) is None


def test_thirty_answers_at_once_are_one() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    actor = makers.actor_of(one)

    def answer(nonce: str) -> Callable[[], None]:
        sent = JsonSent({"company": nonce})
        return lambda: forms.submit(one.id, sent, nonce=nonce, actor=actor)

    ended = at_once([answer(f"n{n}") for n in range(30)])
    assert ended == {"done": 1, "TaskDone": 29}
    assert makers.types(process).count("form.submitted") == 1
    assert len(makers.owed(process, "mail.receipt")) == 1
    assert is_sound(process)


def test_the_same_button_pressed_thirty_times_is_quiet() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    actor, sent = makers.actor_of(one), JsonSent({"company": "Sea"})
    ended = at_once([lambda: forms.submit(one.id, sent, nonce="n", actor=actor)] * 30)
    assert ended == {"done": 30}
    assert makers.types(process).count("form.submitted") == 1


DUE = makers.FORM.replace("assign: vendor,", "assign: vendor, due: 1 day,")


@pytest.mark.parametrize("time", range(5))
def test_completing_against_cancelling_has_one_winner(clock: Clock, time: int) -> None:
    process = makers.start(DUE)
    one = makers.task(process, "details")
    actor, sent = makers.actor_of(one), JsonSent({"company": "Sea"})
    ids = [row.id for row in makers.timers(process)]
    clock.advance(days=2)
    at_once(
        [
            lambda: forms.submit(one.id, sent, nonce="n", actor=actor),
            lambda: processes.cancel(process, "No.", actor=DANA),
            lambda: timers.ring(ids),
            lambda: tasks.reassign(one.id, people.OTTO, "Why.", actor=DANA),
        ]
    )
    state, types = makers.process(process).state, makers.types(process)
    assert (state, "form.submitted" in types) in {("completed", True), ("cancelled", False)}
    [end] = [type_ for type_ in types if type_ in ("process.completed", "process.cancelled")]
    assert "deadline.missed" not in types[types.index(end) :]
    assert makers.timers(process) == []
    assert is_sound(process)


def test_a_quorum_reached_by_all_at_once_is_reached_once() -> None:
    process = makers.start(
        "  - id: review\n    assign: [vendor, second, buyer]\n"
        "    approval: {question: Well, needs: 2}\n",
        participants={"second": people.OTTO},
    )
    asked = makers.rows(Task, process_id=process)
    ended = at_once([partial(makers.decide, process, one=one) for one in asked])
    assert ended == {"done": 2, "TaskWithdrawn": 1}
    assert makers.types(process).count("step.completed") == 1
    assert makers.process(process).state == "completed"
    assert is_sound(process)


def test_an_answer_that_waited_while_its_link_was_revoked_is_refused() -> None:
    process = makers.start(makers.FORM)
    one = makers.task(process, "details")
    [link] = makers.rows(Link, process_id=process)
    before = people.guest(one.participant_id, people.VERA, link.id)
    links.revoke(one.id, "It went to the wrong address.", actor=DANA)
    with pytest.raises(LinkRevoked):
        forms.submit(one.id, JsonSent({"company": "Sea"}), actor=before)
    assert makers.types(process)[-1] == "link.revoked"


UPLOAD = (
    "  - {id: details, assign: vendor, upload: {documents: [{id: doc, name: Document, max: 3}]}}"
)


def after_waiting(
    process: str, verb: Callable[[], object], meanwhile: Callable[[db.Tx], object]
) -> str:
    """How a verb ends that had to wait for the process's head while something was decided."""
    with ThreadPoolExecutor(1) as pool:
        with db.transaction() as tx:
            record.open_chain(tx, process)
            late = pool.submit(at_once, [verb])
            wait([late], timeout=0.3)  # long enough for a verb that does not wait to end
            meanwhile(tx)
        [ended] = late.result()
    return ended


@pytest.mark.parametrize("verb", ["stage", "drop"])
def test_whoever_waited_while_their_link_ended_changes_no_files(verb: str) -> None:
    process = makers.start(UPLOAD)
    task = makers.task(process, "details")
    [link] = makers.rows(Link, task_id=task.id)
    vera = people.guest(task.participant_id, people.VERA, link.id)
    [file_id] = uploads.stage(task.id, [makers.arrived("doc")], actor=vera)
    verbs = {
        "stage": lambda: uploads.stage(task.id, [makers.arrived("doc", "b")], actor=vera),
        "drop": lambda: uploads.drop(file_id, actor=vera),
    }
    ends = sa.update(Link).where(Link.id == link.id).values(generation=2)
    assert after_waiting(process, verbs[verb], lambda tx: tx.execute(ends)) == "LinkRevoked"
    assert [(row.id, row.state) for row in makers.rows(FileRow)] == [(file_id, "staged")]


@pytest.mark.parametrize("verb", ["revoke", "make"])
def test_whoever_waited_while_the_process_changed_hands_has_no_say(verb: str) -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    verbs = {
        "revoke": lambda: links.revoke(task.id, "Wrong mailbox.", actor=DANA),
        "make": lambda: links.make(task.id, actor=DANA),
    }
    moves = sa.update(Process).where(Process.id == process).values(owner_id="olga")
    assert after_waiting(process, verbs[verb], lambda tx: tx.execute(moves)) == "NotYours"
    assert not makers.events(process, "link.revoked", "link.made")
