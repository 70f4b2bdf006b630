"""What a list of processes is narrowed to, as an address or a form says it."""

from collections.abc import Mapping

from portal.readings import lists

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
    )
