"""How long a link lives: by its step, else by the head of the definition, else by the house.

The language and the settings both stop at ninety days, which is the longest that any link lives
without being asked for anew.
"""

from datetime import datetime, timedelta

from portal import installation
from portal.definition.tree import Definition, PersonStep


def link_ends_at(tree: Definition, step: str | None, now: datetime) -> datetime:
    """Until when a link to a task of ``step`` is good if it is made, or renewed, now.

    Without a step it is a link to all of somebody's tasks.
    """
    own = tree.step(step) if step is not None else None
    life = (own.link_for if isinstance(own, PersonStep) else None) or tree.link_for
    return now + timedelta(days=float(life.days) if life else installation.current.link_days)
