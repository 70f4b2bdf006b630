"""Who answered the tasks of a process, told from the ledger alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.ledger.record import ACTOR_PREFIX
from portal.ledger.tables import Disclosure, Entry
from portal.readings.entries import ANSWERS, ERASED

MOST = 200  # of one process, the latest
_NAME = ACTOR_PREFIX + "name"


@dataclass(frozen=True, slots=True)
class Giver:
    """Who answered a task, by which event; ``on_behalf`` of its assignee or as themselves."""

    name: str
    on_behalf: bool
    event: int


def of_process(conn: Connection, process_id: str) -> Mapping[str, Giver]:
    """Who answered, by task; one statement."""
    named = sa.and_(
        Disclosure.log == Entry.log, Disclosure.seq == Entry.seq, Disclosure.field == _NAME
    )
    query = (
        sa.select(Entry.seq, Entry.body, Disclosure.value)
        .outerjoin(Disclosure, named)
        .where(Entry.log == process_id, Entry.type.in_([event.TYPE for event in ANSWERS]))
        .order_by(Entry.seq.desc())
        .limit(MOST)
    )
    found: dict[str, Giver] = {}
    for seq, body, name in conn.execute(query):
        told = json.loads(body)
        task = told["data"].get("task")
        if task is not None:
            said = json.loads(name) if name is not None else ERASED
            found.setdefault(task, Giver(said, bool(told["actor"].get("on_behalf")), seq))
    return found
