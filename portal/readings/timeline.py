"""The timeline of one process, and of all of them together: a query over the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.definition.tree import Definition, FormStep, Step, UploadStep
from portal.ledger import audience, following
from portal.ledger.catalogue import CATALOGUE
from portal.ledger.tables import Entry
from portal.models import Participant, Process, Task, sights, trees
from portal.readings import spoken
from portal.readings.entries import Told, query, told
from portal.readings.sentences import Names

_OF = (Entry.id, Entry.definition, Entry.log)
_UNTOLD = [type_ for type_ in CATALOGUE if not audience.on_timeline(type_)]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the combined timeline is narrowed to; ``None`` leaves a side open.

    ``group`` is the noun of an event type (``approval``); ``email`` a participant's address.
    """

    definition: str | None = None
    process: str | None = None
    owner_id: str | None = None
    team_id: str | None = None
    group: str | None = None
    email: str | None = None


def of_process(
    conn: Connection, process_id: str, *, after: int = -1, upto: int | None = None, limit: int = 50
) -> list[Told]:
    """Entries of one process behind ``seq`` ``after``, oldest first."""
    wanted = query().where(Entry.log == process_id, Entry.seq > after)
    if upto is not None:
        wanted = wanted.where(Entry.seq <= upto)
    return told(conn, conn.execute(wanted.order_by(Entry.seq).limit(limit)).all())


def feed(conn: Connection, filters: Filters, *, after: int = 0, limit: int = 50) -> list[Told]:
    """Entries of all processes behind ``id`` ``after``, in the order they became known."""
    wanted = _narrowed(query(), filters).where(Entry.id > after, following.settled(conn))
    return told(conn, conn.execute(sights.first(conn, wanted, [Entry.id], limit, of=_OF)).all())


def newest(
    conn: Connection, filters: Filters, *, before: int | None = None, limit: int = 100
) -> list[Told]:
    """Entries of all processes for people to read, newest first, before ``id`` ``before``."""
    wanted = _narrowed(query(), filters).where(Entry.type.not_in(_UNTOLD))
    if before is not None:
        wanted = wanted.where(Entry.id < before)
    newest_first = sights.first(conn, wanted, [Entry.id], limit, of=_OF, newest=True)
    return told(conn, conn.execute(newest_first).all())


def _narrowed(
    wanted: "sa.Select[*tuple[Any, ...]]", filters: Filters
) -> "sa.Select[*tuple[Any, ...]]":
    for column, value in (
        (Entry.definition, filters.definition),
        (Entry.log, filters.process),
        (Entry.owner_id, filters.owner_id),
        (Entry.team_id, filters.team_id),
    ):
        if value:
            wanted = wanted.where(column == value)
    if filters.group:
        wanted = wanted.where(Entry.type.like(f"{_plain(filters.group)}.%", escape="\\"))
    if filters.email:
        theirs = sa.select(Participant.process_id).where(
            Participant.email == filters.email.strip().lower()
        )
        wanted = wanted.where(Entry.log.in_(theirs))
    return wanted


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def names(conn: Connection, entries: Iterable[Told], trees: Sequence[Definition], tz: str) -> Names:
    """What the ids in these entries are called, in one statement."""
    wanted = {entry.task for entry in entries if entry.task}
    tasks: dict[str, str] = {}
    if wanted:
        named = sa.select(Task.id, Task.name).where(Task.id.in_(wanted))
        tasks = {row.id: row.name for row in conn.execute(named)}
    return called(tasks, trees, tz)


def names_by_process(conn: Connection, entries: Sequence[Told], tz: str) -> dict[str, Names]:
    """What the ids in these entries are called, each by the definition of its own process."""
    found = sa.select(Process.id, Process.definition_id).where(
        Process.id.in_({entry.process for entry in entries})
    )
    rows = conn.execute(found).all()
    known = trees.trees(conn, {row.definition_id for row in rows})
    tasks = names(conn, entries, (), tz).tasks
    return {row.id: called(tasks, [known[row.definition_id]], tz) for row in rows}


def called(tasks: Mapping[str, str], trees: Sequence[Definition], tz: str) -> Names:
    """What tasks are called, with the names that definitions give to steps and fields."""
    steps: dict[str, str] = {}
    labels: dict[str, str] = {}
    for tree in trees:
        for step in tree.all_steps():
            steps.setdefault(step.id, spoken.filled(step.name))
            labels.update(_labels(step))
    return Names(tasks=tasks, steps=steps, labels=labels, tz=tz)


def _labels(step: Step) -> dict[str, str]:
    """What the fields and documents of a step are called, by ``ID`` and ``STEP.ID``."""
    if isinstance(step, FormStep):
        items = [(field.id, spoken.filled(field.label)) for field in step.fields]
    elif isinstance(step, UploadStep):
        items = [(document.id, spoken.filled(document.name)) for document in step.documents]
    else:
        return {}
    bare = dict(items)
    return bare | {f"{step.id}.{item}": label for item, label in items}
