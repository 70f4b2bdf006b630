"""What people said of their tasks in other words than an answer, from the ledger alone."""

from typing import Any

from sqlalchemy.engine import Connection

from portal.ledger import catalogue as c
from portal.ledger.tables import Entry
from portal.readings.entries import Told, query, told


def declined_by(conn: Connection, task: Any, participant_id: str) -> Told | None:
    """The last event by which somebody declined a task (its row); ``None`` where nobody did."""
    return _last(conn, task, c.TaskDeclined, "participant", participant_id)


def resolution(conn: Connection, task: Any, trouble_id: str) -> Told | None:
    """The event by which an exception about a task (its row) was resolved, if it was."""
    return _last(conn, task, c.ExceptionResolved, "exception", trouble_id)


def _last(conn: Connection, task: Any, event: type[c.Event], name: str, value: str) -> Told | None:
    wanted = query().where(Entry.log == task.process_id, Entry.task == task.id)
    rows = conn.execute(wanted.where(Entry.type == event.TYPE).order_by(Entry.seq)).all()
    return next((one for one in reversed(told(conn, rows)) if one.data[name] == value), None)
