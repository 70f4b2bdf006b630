"""Keeping what somebody has typed and not sent: not an act, so nothing of it is recorded."""

import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from portal import language
from portal.access import may
from portal.actor import Actor
from portal.db import Tx, action
from portal.engine import locking
from portal.errors import Conflict, TooLarge
from portal.language import gettext as _
from portal.language import mark
from portal.models import Draft, Task
from portal.models.tasks import require_open

KINDS = ("form", "approval", "task")
"""Kinds of step whose pages are kept; a signature is given in one go, files are kept as such."""
_MOST_BYTES = 1_000_000
_ELSEWHERE = mark(
    "This was filled in on another device meanwhile. Keep what stands here, or look at what was"
    " typed there."
)


class KeptElsewhere(Conflict):
    """A draft was kept from another page since this one was opened; that one stands."""

    code = "kept-elsewhere"


@action
def keep(
    tx: Tx,
    task_id: str,
    typed: Mapping[str, Sequence[str]],
    *,
    page: str | None = None,
    base: str | None = None,
    actor: Actor,
) -> None:
    """Keep the controls of a task's page for its person, in place of what was kept before.

    The portal's own controls, which begin with ``_``, and codes are left out. ``page`` is the
    once-number of the page, ``base`` that of the page whose draft it began with (empty: it began
    with none); where another draft stands there now KeptElsewhere is raised. Without ``base``
    nothing of that is asked. Raises Conflict where this kind of page is not kept or the task is
    closed, TooLarge beyond a million bytes.
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
    if base is not None:
        _require_same(tx, whose, told, {page, base})
    tx.execute(sa.delete(Draft).filter_by(**whose))
    how = {"page": page, "language": language.current()}
    tx.execute(sa.insert(Draft).values(**whose, typed=told, kept_at=tx.now, **how))


def _require_same(
    tx: Tx, whose: Mapping[str, str], told: Mapping[str, Sequence[str]], pages: set[str | None]
) -> None:
    """Refuse to write over what was typed elsewhere, unless it is the same."""
    row = tx.execute(sa.select(Draft.page, Draft.typed).filter_by(**whose)).first()
    if row is not None and row.page not in pages and row.typed != told:
        raise KeptElsewhere(_(_ELSEWHERE))


def _is_kept(name: str) -> bool:
    return not name.startswith("_") and name != "code"
