"""Adding up where time goes, from the events that were just told: the one writer of insights.

It is called by ``actions/stretches.py`` within its transaction, with events that nobody has
counted yet; so each is counted once, and dropping all of it and telling anew gives the same.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.access import pseudonyms
from portal.db import Base, Tx, action
from portal.ledger import catalogue as c
from portal.ledger import outbox
from portal.ledger.stretches import Step, Telling
from portal.models import (
    DefinitionRow,
    InsightAlarm,
    InsightCount,
    InsightCycle,
    InsightParty,
    InsightTime,
    Participant,
    Process,
)
from portal.models.insights import STEP_OF_BUCKETS

_ENDS = {end.TYPE: end.TYPE.partition(".")[2] for end in c.ENDS}
_DONE = frozenset(
    one.TYPE
    for one in (
        c.FormSubmitted, c.UploadSubmitted, c.ApprovalApproved, c.ApprovalChangesRequested,
        c.ApprovalRejected, c.SignatureMade, c.SignatureDeclined, c.TaskDone,
    )
)  # fmt: skip
_HAPPENED = {
    c.ProcessStarted.TYPE: "started",
    c.ExceptionOpened.TYPE: "exceptions",
    c.ReminderSent.TYPE: "reminders",
    **_ENDS,
    **dict.fromkeys(_DONE, "done"),
}
_AT_ONCE = 500
TABLES = (InsightTime, InsightCount, InsightCycle, InsightParty)
LATELY, BEFORE = timedelta(weeks=4), timedelta(weeks=16)
"""The weeks in which exceptions may have doubled, and those that they are compared with."""
_FEWEST = 5  # exceptions, before anybody is alarmed


def add(
    tx: Tx,
    entries: Sequence[Any],
    steps: Mapping[int, Step],
    tellings: Mapping[str, Telling],
) -> None:
    """Count events of ledgers, each never counted before, and the stretches that they ended.

    ``steps`` are those of them that move anything, by their ids, as the telling took them.
    """
    sums = _Sums()
    for entry in entries:
        what = _HAPPENED.get(entry.type)
        if what is not None:
            sums.happened(week_of(entry.at), tellings[entry.log].state["definition"], what)
    ends = {entry.log: entry for entry in entries if entry.type == c.ProcessCompleted.TYPE}
    for id_, started_at in _starts(tx, list(ends)).items():
        of = tellings[id_].state["definition"]
        sums.completed(week_of(ends[id_].at), of, ends[id_].at - started_at)
    answered = (entry for entry in entries if entry.type in _DONE)
    done = {(entry.log, entry.seq): steps[entry.id].data.get("task") for entry in answered}
    parties = _parties(tx, (row for one in tellings.values() for row in one.closed))
    for id_, telling in tellings.items():
        for row in telling.closed:
            was_done = row["task_id"] is not None and (
                done.get((id_, row["to_seq"])) == row["task_id"]
            )
            user = row["user_id"] and f"user:{row['user_id']}"
            party = user or parties.get(row["participant_id"])
            sums.held(row, party, was_done=was_done)
    sums.write(tx)


def forget(tx: Tx) -> None:
    """Drop all that was added up; it is told anew with the stretches."""
    for table in TABLES:
        tx.execute(sa.delete(table))


@action
def tell_of_doubled(tx: Tx) -> int:
    """Owe a mail to the owners of definitions whose exceptions doubled; how many those are.

    The last four weeks are compared with the twelve before, as exceptions for each process
    started; an owner is told once in four weeks at the most.
    """
    today = tx.now.date()
    told = {row.definition: row.told_on for row in tx.execute(sa.select(InsightAlarm.__table__))}
    owed = {
        key: found
        for key, found in _doubled(tx, today).items()
        if key not in told or told[key] <= today - LATELY
    }
    for key, found in owed.items():
        current = sa.and_(DefinitionRow.key == key, DefinitionRow.is_current)
        row = tx.execute(sa.select(DefinitionRow.id).where(current)).first()
        if row is None:
            continue
        insert = tx.insert(InsightAlarm).values(definition=key, told_on=today)
        tx.execute(
            insert.on_conflict_do_update(
                index_elements=["definition"], set_={"told_on": insert.excluded.told_on}
            )
        )
        once = f"doubled:{key}:{today}"
        ref = {
            "definition": row.id, "lately": found["exceptions", True],
            "starts": found["started", True],
        }  # fmt: skip
        outbox.put(tx, [outbox.row("mail.doubled", ref, once=once, process_id=None, now=tx.now)])
    return len(owed)


def week_of(at: datetime) -> date:
    """The Monday of the week of a moment, in UTC."""
    return at.date() - timedelta(days=at.weekday())


def bucket_of(span: timedelta) -> int:
    """In which bucket a span lies."""
    return math.floor(math.log(max(span.total_seconds(), 1)) / math.log(STEP_OF_BUCKETS))


def _doubled(tx: Tx, today: date) -> dict[str, Counter[tuple[str, bool]]]:
    """What was counted of definitions whose exceptions doubled, by whether it was of late."""
    since = today - LATELY
    is_late = InsightCount.week >= since - timedelta(days=since.weekday())
    query: sa.Select[*tuple[Any, ...]] = (
        sa.select(
            *(InsightCount.definition, InsightCount.what, is_late.label("is_late")),
            sa.func.sum(InsightCount.n).label("n"),
        )
        .where(
            InsightCount.what.in_(("started", "exceptions")),
            InsightCount.week >= today - BEFORE,
        )
        .group_by(InsightCount.definition, InsightCount.what, is_late)
    )
    sums: dict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for row in tx.execute(query):
        sums[row.definition][row.what, bool(row.is_late)] = int(row.n)
    return {key: found for key, found in sums.items() if _has_doubled(found)}


def _has_doubled(found: Counter[tuple[str, bool]]) -> bool:
    lately, before = found["exceptions", True], found["exceptions", False]
    if lately < _FEWEST or not found["started", False]:
        return False  # nothing to compare with
    rate = lately / max(found["started", True], 1)
    return rate >= 2 * max(before, 1) / found["started", False]


class _Sums:
    """What a piece of the ledgers comes to, before it is added to what stands."""

    def __init__(self) -> None:
        self._times: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        self._counts: Counter[tuple[Any, ...]] = Counter()
        self._cycles: Counter[tuple[Any, ...]] = Counter()
        self._parties: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._people: dict[tuple[Any, ...], str] = {}

    def happened(self, week: date, definition: str, what: str) -> None:
        """Something of ``COUNTED`` happened once."""
        self._counts[week, definition, what] += 1

    def completed(self, week: date, definition: str, span: timedelta) -> None:
        """A process was completed."""
        self._cycles[week, definition, bucket_of(span)] += 1

    def held(self, row: Mapping[str, Any], party: str | None, *, was_done: bool) -> None:
        """A stretch ended; of a task ``was_done`` that ended it."""
        week, of = week_of(row["to_at"]), row["definition"]
        seconds = int((row["to_at"] - row["from_at"]).total_seconds())
        time = self._times[week, of, row["step"] or "", row["court"], row["team_id"] or ""]
        time[0] += 1
        time[1] += seconds
        has_due = was_done and row["due_at"] is not None
        is_late = has_due and row["to_at"] > row["due_at"]
        if has_due:
            self._counts[week, of, "with_due"] += 1
            self._counts[week, of, "late"] += is_late
        if party is not None:
            own = self._parties[week, of, party]
            own[0] += 1
            own[1] += seconds
            own[2] += was_done
            own[3] += is_late
            self._people.setdefault((week, of, party), row["participant_id"])

    def write(self, tx: Tx) -> None:
        """Add it to what stands."""
        _add(tx, InsightTime, ("week", "definition", "step", "court", "team_id"),
             ("n", "seconds"), self._times)  # fmt: skip
        _add(tx, InsightCount, ("week", "definition", "what"), ("n",), _ones(self._counts))
        _add(tx, InsightCycle, ("week", "definition", "bucket"), ("n",), _ones(self._cycles))
        _add(tx, InsightParty, ("week", "definition", "party"), ("n", "seconds", "done", "late"),
             self._parties, {"participant_id": self._people})  # fmt: skip


def _ones(counts: Counter[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[int]]:
    return {key: [n] for key, n in counts.items() if n}


def _add(
    tx: Tx,
    table: type[Base],
    keys: Sequence[str],
    sums: Sequence[str],
    found: Mapping[tuple[Any, ...], Sequence[int]],
    more: Mapping[str, Mapping[tuple[Any, ...], Any]] | None = None,
) -> None:
    """Add sums to the rows of their keys; what is not there yet begins with them."""
    if not found:
        return
    insert = tx.insert(table)
    columns = table.__table__.c
    plus = {name: columns[name] + insert.excluded[name] for name in sums}
    rows = [
        {
            **dict(zip(keys, key, strict=True)),
            **dict(zip(sums, values, strict=True)),
            **{name: by[key] for name, by in (more or {}).items()},
        }
        for key, values in sorted(found.items())  # always in the same order: no deadlock
    ]
    for first in range(0, len(rows), _AT_ONCE):
        piece = rows[first : first + _AT_ONCE]
        tx.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=plus), piece)


def _starts(tx: Tx, ids: Sequence[str]) -> dict[str, datetime]:
    if not ids:
        return {}
    query = sa.select(Process.id, Process.started_at).where(Process.id.in_(ids))
    return {row.id: row.started_at for row in tx.execute(query)}


def _parties(tx: Tx, rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Who they were that held tasks, by participant."""
    ids = {row["participant_id"] for row in rows} - {None}
    if not ids:
        return {}
    query = sa.select(
        Participant.id, Participant.email, Participant.user_id, Participant.team_id
    ).where(Participant.id.in_(ids))
    return {row.id: _party(row) for row in tx.execute(query)}


def _party(row: Any) -> str:
    if row.user_id:
        return f"user:{row.user_id}"
    return f"team:{row.team_id}" if row.team_id else f"outside:{pseudonyms.of(row.email or row.id)}"
