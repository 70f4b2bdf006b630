"""What must be true after every fault, asked of a portal at rest.

I1 needs to know what clients were told: hand in ``acknowledged``. Everything else is read from
the database, the files, the logs and what the receiver of mails got.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import clock, db
from portal.access import links
from portal.delivery.storage import Store
from portal.ledger import audit
from portal.ledger.tables import Entry, Outgoing
from portal.ledger.verify import verify
from portal.models import FileRow, Link, Mail, Process, StepRun, Task, Timer
from portal.readings import export, status
from tests.servers import Letter

_ANSWERED = ("form.submitted", "upload.submitted", "approval.approved", "approval.rejected",
             "approval.changes_requested", "task.done")  # fmt: skip
_LATEST_RING = 60.0


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An action that a client was told had been done: an outcome of a task, or a start."""

    type: str
    task: str | None = None
    process: str | None = None


def assert_invariants(
    *,
    letters: Sequence[Letter] = (),
    store: Store | None = None,
    logs: str = "",
    acknowledged: Iterable[Acknowledged] = (),
    outbox_is_empty: bool = True,
) -> None:
    """Fail with every broken invariant of the bound database, by its name.

    ``letters`` is all that the receiving mail server took, ``logs`` all that the processes
    wrote. ``outbox_is_empty`` says that the night shift had the time to finish.
    """
    faults = [
        *_durable(acknowledged),
        *_no_lost_effect(letters, must_be_done=outbox_is_empty),
        *_same_names(letters),
        *_chains(),
        *_once(),
        *_projections(),
        *(_files(store) if store else ()),
        *_timers(),
        *(_quiet() if outbox_is_empty else ()),
        *_no_leak(logs),
    ]
    assert not faults, "\n".join(faults)


def all_of(query: Any) -> list[Any]:
    """The rows of a query on the bound database."""
    with db.reading() as conn:
        return list(conn.execute(query).all())


def processes() -> list[str]:
    """The ids of all processes."""
    return [row.id for row in all_of(sa.select(Process.id))]


def _durable(acknowledged: Iterable[Acknowledged]) -> Iterator[str]:
    """I1: what was acknowledged is in the ledger, exactly once where it closed a task."""
    rows = all_of(sa.select(Entry.log, Entry.type, Entry.task))
    outcomes = Counter((row.type, row.task) for row in rows)
    starts = Counter((row.type, row.log) for row in rows)
    for one in acknowledged:
        count = outcomes[one.type, one.task] if one.task else starts[one.type, one.process]
        if count != 1:
            yield f"I1: {one} was acknowledged and stands {count} times in the ledger"


def _no_lost_effect(letters: Sequence[Letter], *, must_be_done: bool) -> Iterator[str]:
    """I2: every effect is done or visibly dead, and what counts as taken was received."""
    if must_be_done:
        for row in all_of(sa.select(Outgoing).where(Outgoing.state == "pending")):
            yield f"I2: {row.kind} {row.id} is still pending after {row.attempts}: {row.error}"
    if letters:
        got = {_name_of(letter) for letter in letters}
        for row in all_of(sa.select(Mail.id, Mail.kind).where(Mail.state == "taken")):
            if row.id not in got:
                yield f"I2: {row.kind} {row.id} is noted as taken, and nobody received it"


def _name_of(letter: Letter) -> str:
    return str(letter.message["Message-ID"]).strip("<>").partition("@")[0]


def _same_names(letters: Sequence[Letter]) -> Iterator[str]:
    """I3: whoever got a mail twice got the same mail."""
    texts: dict[tuple[str, str], str] = {}
    for letter in letters:
        key = (_name_of(letter), letter.to)
        if texts.setdefault(key, letter.text) != letter.text:
            yield f"I3: {key} came twice with different words"


def _chains() -> Iterator[str]:
    """I4 and I11: every ledger verifies, gapless, ends at its head, and time never runs back."""
    for process in processes():
        with db.reading() as conn:
            fault = audit.fault_in(conn, process)
            lines = [line.encode() for line in export.lines(conn, process)]
        if fault:
            yield f"I4: {process}: {fault}"
        report = verify(lines)
        if report.verdict != 0:
            yield f"I4, I11: {process}: {'; '.join(report.told())}"


def _once() -> Iterator[str]:
    """I5: a task has one outcome at the most, a round ends once."""
    rows = all_of(sa.select(Entry.log, Entry.task).where(Entry.type.in_(_ANSWERED)))
    for key, count in Counter((row.log, row.task) for row in rows).items():
        if count > 1:
            yield f"I5: {count} outcomes for {key}"
    opened = all_of(sa.select(StepRun.process_id, StepRun.step, StepRun.scope, StepRun.round))
    for run, count in Counter(map(tuple, opened)).items():
        if count > 1:
            yield f"I5: round {run} was opened {count} times"


def _projections() -> Iterator[str]:
    """I6: the tables say what the events come to."""
    for process in processes():
        with db.reading() as conn:
            fault = status.drift(conn, process)
        if fault:
            yield f"I6: {process}: {fault}"
    tasks = all_of(sa.select(Task.id, Task.process_id).where(Task.state == "open"))
    waiting: dict[str, set[str]] = {}
    for row in tasks:
        waiting.setdefault(row.process_id, set()).add(row.id)
    for row in all_of(sa.select(Process.id, Process.waiting)):
        listed = {one["task"] for one in row.waiting if one["task"]}
        if listed != waiting.get(row.id, set()) and len(listed) < 20:
            yield f"I6: {row.id} lists {listed} as waiting"


def _files(store: Store) -> Iterator[str]:
    """I7: every file that an answer speaks of is there and reads back the same."""
    for row in all_of(sa.select(FileRow.id, FileRow.storage_id, FileRow.sha256)):
        if not store.verify(row.storage_id, row.sha256):
            yield f"I7: file {row.id} is not what was received"


def _timers() -> Iterator[str]:
    """I8: one row for each rung, none for closed tasks, none long overdue."""
    query = sa.select(Timer.id, Timer.rings_at, Task.state).join(Task, Task.id == Timer.task_id)
    for row in all_of(query):
        if row.state != "open":
            yield f"I8: timer {row.id} stands for a task that is {row.state}"
        if (clock.now() - row.rings_at).total_seconds() > _LATEST_RING:
            yield f"I8: timer {row.id} should have rung at {row.rings_at}"


def _quiet() -> Iterator[str]:
    """I9: nobody holds a lease, nothing is tried over and over."""
    for row in all_of(sa.select(Outgoing).where(Outgoing.state == "pending")):
        yield f"I9: {row.kind} {row.id}: fence {row.fence}, attempts {row.attempts}"


def _no_leak(logs: str) -> Iterator[str]:
    """I10: no usable link in the logs, the outbox or the ledger's public part."""
    refs = "".join(json.dumps(row.ref) for row in all_of(sa.select(Outgoing.ref)))
    bodies = "".join(row.body for row in all_of(sa.select(Entry.body)))
    for row in all_of(sa.select(Link.id, Link.generation)):
        token = links.mint(row.id, row.generation)
        for place, text in (("the logs", logs), ("the outbox", refs), ("the ledger", bodies)):
            if token in text or row.id in text:
                yield f"I10: link {row.id[:8]} can be read in {place}"
