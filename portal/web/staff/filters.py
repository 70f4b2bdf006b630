"""What a list of processes is narrowed to, as an address or a form says it."""

from collections.abc import Mapping

from portal.actor import Actor
from portal.readings import combined, lists

STATES = {
    "running": "Running",
    "completed": "Completed",
    "rejected": "Ended by a rejection",
    "cancelled": "Cancelled",
}


def process_filters(asked: Mapping[str, str]) -> lists.ProcessFilters:
    """The filters; running processes where no state is named, all where it is none."""
    state = asked.get("state", "running")
    return lists.ProcessFilters(
        state=state if state in STATES else None,
        definition=asked.get("definition") or None,
        owner=asked.get("owner", "").strip() or None,
        overdue=True if asked.get("overdue") else None,
        role=asked.get("role", "").strip() or None,
        q=asked.get("q", "").strip()[:200] or None,
        unmet=bool(asked.get("unmet")),
    )


TASK_STATES = ("open", "done", "withdrawn", "expired")


def whose(asked: Mapping[str, str]) -> str:
    """Whose tasks are asked for: ``mine`` and my teams', or ``all``."""
    is_all = asked.get("whose") == "all" or asked.get("assignee", "").strip()
    return "all" if is_all else "mine"


def task_filters(asked: Mapping[str, str], actor: Actor) -> lists.TaskFilters:
    """The filters of a list of tasks; the open ones of the actor where nothing is said."""
    state, is_mine = asked.get("state", "open"), whose(asked) == "mine"
    return lists.TaskFilters(
        state=state if state in TASK_STATES else "open",
        assignee=asked.get("assignee", "").strip() or None,
        user_id=actor.user_id if is_mine else None,
        team_ids=actor.team_ids if is_mine else frozenset(),
        stands_for=actor.user_ids if is_mine and actor.stands_for else frozenset(),
        overdue=bool(asked.get("overdue")),
    )


def timeline_filters(asked: Mapping[str, str]) -> combined.Filters:
    """What the timeline is narrowed to."""
    state = asked.get("state", "")
    return combined.Filters(
        definition=asked.get("definition"),
        owner=asked.get("owner"),
        team=asked.get("team"),
        person=asked.get("person"),
        state=state if state in combined.STATES else "running",
        overdue="overdue" in asked,
    )
