"""The rows of what will ring for a task."""

from datetime import datetime
from typing import Any

from portal import db
from portal.engine.rows import Asked
from portal.engine.running import Running


def set_timer(
    running: Running, task: Asked, kind: str, rung: int, at: datetime, what: dict[str, Any]
) -> None:
    """Have a task's rung of that kind ring at a moment; ``what`` is what it then needs to know."""
    running.timers.append(
        {
            "id": db.new_id(), "process_id": running.id, "run_id": task.run_id,
            "task_id": task.id, "kind": kind, "rung": rung, "rings_at": at, "what": what,
        }
    )  # fmt: skip
