"""Taking a process in hand by the head of its ledger alone, where no more of it is needed.

Whoever locks first and asks afterwards what is allowed is judged by what holds when the change
is made: a right or a link that ended while they waited no longer counts.
"""

import sqlalchemy as sa

from portal.db import Tx
from portal.errors import Unknown
from portal.language import gettext as _
from portal.ledger import record
from portal.ledger.record import Chain
from portal.ledger.tables import Head
from portal.models import Task
from portal.prepared import prepared

_HEAD = Head.__table__
_PROCESS_OF = sa.select(Task.process_id).where(Task.id == sa.bindparam("task"))
_LOCK = prepared(
    sa.select(_HEAD).where(_HEAD.c.log == _PROCESS_OF.scalar_subquery()).with_for_update()
)


def chain_of_task(tx: Tx, task_id: str) -> Chain:
    """The chain of a task's process, its head locked until the commit; Unknown if there is none."""
    head = tx.first(_LOCK, task=task_id)
    if head is None:
        raise Unknown(_("There is no such task."))
    return record.take_chain(tx, head._asdict())
