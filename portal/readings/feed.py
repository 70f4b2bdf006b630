"""The timeline as people read it: a feed of sentences, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger import audience
from portal.models import Process
from portal.readings import timeline, trees
from portal.readings.dossier import Dossier
from portal.readings.entries import Told
from portal.readings.sentences import Names, tell

# Who acted, as the timeline colours it.
_COURTS = {"participant": "theirs", "staff": "ours", "api": "ours", "system": "system"}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of the feed; ``title`` names the process where several are told."""

    entry: Told
    text: str
    quote: str | None
    court: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """Some lines, newest first, and what to ask for the earlier ones (``None``: no more)."""

    lines: Sequence[Line]
    before: int | None


def of_process(
    conn: Connection, dossier: Dossier, tz: str, *, before: int | None = None, limit: int = 100
) -> Feed:
    """The history of one process before event ``before``; two statements."""
    top = dossier.process.head_seq if before is None else min(before - 1, dossier.process.head_seq)
    entries = timeline.of_process(
        conn, dossier.process.id, after=top - limit, upto=top, limit=limit
    )
    # Every task the dossier holds is known already; older ones are called by their step.
    shown = [entry for entry in entries if audience.on_timeline(entry.type)]
    names = timeline.names(conn, (), [dossier.tree], tz)
    known = Names(
        tasks={task.id: task.name for task in dossier.tasks},
        steps=names.steps,
        labels=names.labels,
        tz=tz,
    )
    lines = [_line(entry, known) for entry in reversed(shown)]
    return Feed(lines, top - limit + 1 if top - limit >= 0 else None)


def combined(
    conn: Connection,
    filters: timeline.Filters,
    tz: str,
    *,
    before: int | None = None,
    limit: int = 100,
) -> Feed:
    """The history of all processes before the entry ``before``; five statements at most."""
    entries = timeline.newest(conn, filters, before=before, limit=limit + 1)
    more, entries = len(entries) > limit, entries[:limit]
    query = sa.select(Process.id, Process.title, Process.definition_id)
    found = query.where(Process.id.in_({entry.process for entry in entries}))
    processes = {row.id: row for row in conn.execute(found)}
    known = trees.trees(conn, {row.definition_id for row in processes.values()})
    # The same step id may stand in two definitions, so each entry is named by its own tree.
    tasks = timeline.names(conn, entries, (), tz).tasks
    named = {id_: timeline.names(conn, (), [tree], tz) for id_, tree in known.items()}
    lines = []
    for entry in entries:
        row = processes[entry.process]
        own = named[row.definition_id]
        names = Names(tasks=tasks, steps=own.steps, labels=own.labels, tz=tz)
        lines.append(_line(entry, names, row.title))
    return Feed(lines, entries[-1].id if more else None)


def _line(entry: Told, names: Names, title: str | None = None) -> Line:
    said = tell(entry, names)
    court = _COURTS.get(entry.actor_kind, "system")
    return Line(entry, said.text, said.quote, court, title)
