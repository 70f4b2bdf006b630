"""Some of the stored evidence at a time, looked at for what was changed (``tasks/sweeping``)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from portal.ledger import audit, audit_tree
from portal.ledger.tables import Entry, Head
from portal.models import FileRow, Process
from portal.readings import status

_LEDGERS, _FILES = 50, 20
_GONE = "was changed or is lost."


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in a sentence; in which process, and with which file, where it is of one."""

    sentence: str
    process: str | None = None
    file: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """How far it was looked (``None``: to the end of this stage), at how many, what was found."""

    upto: str | None
    count: int
    faults: tuple[Fault, ...] = ()
    drifted: tuple[Fault, ...] = ()  # rows of today that are not what the ledger comes to


def ledgers(conn: Connection, after: str) -> Looked:
    """The next ledgers, whoever still knows of them: a head, a first event, or a process."""
    ids = _next_logs(conn, after)
    faults = [Fault(told, id_) for id_ in ids if (told := _tried(_of_ledger, conn, id_))]
    broken = {fault.process for fault in faults}
    whole = (id_ for id_ in ids if id_ not in broken)
    drifted = [Fault(told, id_) for id_ in whole if (told := _tried(status.drift, conn, id_))]
    return Looked(ids[-1] if ids else None, len(ids), tuple(faults), tuple(drifted))


def site_tree(conn: Connection, after: str) -> Looked:
    """The next leaves of the site tree."""
    return _of_tree(audit_tree.leaves(conn, int(after or 0)))


def checkpoints(conn: Connection, after: str) -> Looked:
    """The next checkpoints."""
    return _of_tree(audit_tree.notes(conn, int(after or 0)))


def files(conn: Connection, after: str, is_there: Callable[[str, str], bool]) -> Looked:
    """The next files; ``is_there`` tells of a storage id whether its bytes have that SHA-256."""
    table = FileRow.__table__
    query = sa.select(table).where(table.c.id > after, table.c.state.in_(("received", "replaced")))
    rows = conn.execute(query.order_by(table.c.id).limit(_FILES)).all()
    gone = [row for row in rows if not is_there(row.storage_id, row.sha256)]
    faults = [
        Fault(f"The stored file “{one.name}” {_GONE}", one.process_id, one.id, one.name)
        for one in gone
    ]
    return Looked(rows[-1].id if len(rows) == _FILES else None, len(rows), tuple(faults))


def _of_tree(looked: audit_tree.Looked) -> Looked:
    """A tree that does not fit is not looked at further: all above a changed node would tell it."""
    upto = None if looked.fault or looked.upto is None else str(looked.upto)
    return Looked(upto, looked.many, (Fault(looked.fault),) if looked.fault else ())


def _next_logs(conn: Connection, after: str) -> Sequence[str]:
    sources = [
        sa.select(Head.log).where(Head.log > after).order_by(Head.log).limit(_LEDGERS),
        sa.select(Entry.log).where(Entry.log > after, Entry.seq == 0)
        .order_by(Entry.log).limit(_LEDGERS),
        sa.select(Process.id).where(Process.id > after).order_by(Process.id).limit(_LEDGERS),
    ]  # fmt: skip
    found = {str(id_) for query in sources for id_ in conn.execute(query).scalars()}
    return sorted(found)[:_LEDGERS]


def _tried(look: Callable[[Connection, str], str | None], conn: Connection, log: str) -> str | None:
    """What a look finds; where it stumbles over what is stored, that, and the others go on."""
    try:
        return look(conn, log)
    except SQLAlchemyError:
        raise
    except Exception as error:
        return f"It can't be read: {type(error).__name__}: {error}"[:300]


def _of_ledger(conn: Connection, log: str) -> str | None:
    return audit.fault_in(conn, log) or audit.fault_in_values(conn, log) or _of_rows(conn, log)


def _of_rows(conn: Connection, log: str) -> str | None:
    """Whether the rows of its files have the digests that the ledger tells."""
    table = FileRow.__table__
    rows = conn.execute(
        sa.select(table.c.id, table.c.sha256).where(table.c.process_id == log)
    ).all()
    if not rows:
        return None
    told = audit.files_told(conn, log)
    for row in rows:
        if told.get(row.id, row.sha256) != row.sha256:
            return f"The row of file {row.id} has another SHA-256 than the ledger."
    return None
