"""Exceptions that nobody resolves are told again, and to more people, each time once.

A working day after it opened its owner is told once more; three working days after that the
admins are, too; from then on both, every week of work.
"""

from typing import Any

import sqlalchemy as sa

from portal.actor import system
from portal.db import Tx, action
from portal.engine.running import work_calendar
from portal.ledger import record
from portal.ledger.catalogue import ExceptionEscalated
from portal.models import Process, Trouble, trees
from portal.models.troubles import told_again_after

CLOCK = system("clock")
_AT_ONCE = 50


@action
def tell_again(tx: Tx) -> int:
    """Owe a mail for each exception that has stood open for too long; how many those are.

    Moving its next moment on, the event and the mail are one step; moments missed together
    are one.
    """
    due = (
        sa.select(Trouble.id, Trouble.process_id)
        .where(Trouble.tell_at <= tx.now, Trouble.state == "open")
        .order_by(Trouble.tell_at, Trouble.id)
        .limit(_AT_ONCE)
    )
    return sum(_tell(tx, row.id, row.process_id) for row in tx.execute(due).all())


def _tell(tx: Tx, trouble_id: str, process_id: str) -> bool:
    chain = record.open_chain(tx, process_id)
    row = tx.execute(_TROUBLE, {"id": trouble_id}).one()
    if row.state != "open" or row.tell_at is None or row.tell_at > tx.now:
        return False  # somebody resolved it while its process was locked
    rung = row.rung + 1
    calendar = work_calendar(trees.tree(tx.conn, row.definition_id))
    tell_at = told_again_after(rung).after(tx.now, calendar, calendar.timezone)
    this = sa.update(Trouble).where(Trouble.id == trouble_id)
    tx.execute(this.values(rung=rung, tell_at=tell_at))
    once = f"trouble:{trouble_id}:{rung}"
    chain.add(_event(row, rung), actor=CLOCK, once=once)
    chain.send("mail.trouble", {"trouble": trouble_id, "rung": rung}, once=once)
    return True


_TROUBLE = (
    sa.select(
        *(Trouble.state, Trouble.tell_at, Trouble.rung, Trouble.id, Trouble.step),
        *(Trouble.task_id, Process.definition_id),
    )
    .join(Process, Process.id == Trouble.process_id)
    .where(Trouble.id == sa.bindparam("id"))
)


def _event(row: Any, rung: int) -> ExceptionEscalated:
    return ExceptionEscalated(
        exception=row.id,
        rung=rung,
        to="owner" if rung == 1 else "admins",
        step=row.step,
        task=row.task_id,
    )
