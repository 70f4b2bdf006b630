"""Keeping what somebody has typed and not sent: not an act, so nothing of it is recorded."""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import locking
from portal.errors import Conflict, TooLarge
from portal.language import gettext as _
from portal.models import Draft, Task
from portal.models.tasks import require_open

KINDS = ("form", "approval", "task")
"""Kinds of step whose pages are kept; a signature is given in one go, files are kept as such."""
_MOST_BYTES = 1_000_000


@action
def keep(tx: Tx, task_id: str, typed: Mapping[str, Sequence[str]], *, actor: Actor) -> None:
    """Keep the controls of a task's page for its person, in place of what was kept before.

    The portal's own controls, which begin with ``_``, and codes are left out. Raises Conflict
    where this kind of page is not kept or the task is closed, TooLarge beyond a million bytes.
    """
    locking.chain_of_task(tx, task_id)
    may.task_for(tx, actor, task_id, "decide")
    which = sa.select(Task.state, Task.name, Task.kind).where(Task.id == task_id)
    task = tx.execute(which).one()
    require_open(task.state, task.name)
    if task.kind not in KINDS:
        raise Conflict(_("What is entered here is kept only once it is sent."))
    told = {name: list(sent) for name, sent in typed.items() if _is_kept(name)}
    if len(json.dumps(told)) > _MOST_BYTES:
        raise TooLarge(_("This is more than can be kept as a draft. Send it, or shorten it."))
    whose = {"task_id": task_id, "participant_id": actor.id}
    tx.execute(sa.delete(Draft).filter_by(**whose))
    tx.execute(sa.insert(Draft).values(**whose, typed=told, kept_at=tx.now))


def _is_kept(name: str) -> bool:
    return not name.startswith("_") and name != "code"
