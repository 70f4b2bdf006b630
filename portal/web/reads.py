"""Which pages and calls show what people sent: each is written down before it is handed out."""

from typing import Any

from flask import Response, current_app, request

from portal import clock
from portal.actions import packs, reads
from portal.actor import Actor
from portal.readings.sights import SEES_ALL

# What is read by whom opens it, and whether each time is a read of its own. A page or call with
# the id of a process or a task that is in neither table fails a test.
READS = {
    "staff.process": ("answers", False),
    "staff.task": ("task", False),
    "staff.timeline_row": ("history", False),
    "staff.timeline_feed": ("history", False),
    "staff.find": ("search", False),
    "staff.suggest": ("search", False),
    "staff.process_file": ("file", True),
    "staff.task_file": ("file", True),
    "staff.process_file_view": ("view", False),
    "staff.process_file_page": ("view", False),
    "staff.task_file_view": ("view", False),
    "staff.task_file_page": ("view", False),
    "staff.trail_pdf": ("trail", True),
    "staff.ledger": ("ledger", True),
    "staff.batch_result": ("result", True),
    "staff.pack_file": ("pack", True),
    "api.read_process": ("answers", False),
    "api.read_task": ("task", False),
    "api.list_processes": ("list", False),
    "api.list_tasks": ("list", False),
    "api.list_process_events": ("history", False),
    "api.list_events": ("history", False),
    "api.list_questions": ("questions", False),
    "api.list_exceptions": ("list", False),
    "api.list_doubts": ("doubts", False),
    "api.read_ledger": ("ledger", True),
    "api.read_trail": ("trail", True),
    "api.read_pack_file": ("pack", True),
}
# The lists by which everybody finds their work; whoever sees everything on them is written down.
LISTS = {"staff.list_processes", "staff.list_tasks", "staff.list_batches", "staff.batch"}
# Days and steps, counts, or which colleagues may see it: nobody’s words.
TELL_NOTHING = {
    "api.forecast_process", "api.read_process_sight", "api.foretell_process",
    "api.list_process_holds", "staff.erase_process_page",
}  # fmt: skip
_KEPT = "reads"


def note(response: Response, actor: Actor | None) -> None:
    """Write down what is about to be handed out; where that fails nothing is.

    What this process has written in this stretch of time already costs no look at the database.
    """
    known = READS.get(request.endpoint or "")
    if known is None and request.endpoint in LISTS and actor and actor.role in SEES_ALL:
        known = ("list", False)
    if known is None or actor is None or request.method != "GET" or response.status_code >= 300:
        return
    what, is_each = known
    args = request.view_args or {}
    if what == "pack":  # a line for each process in it
        packs.note_taken(args["pack_id"], actor=actor)
        return
    told: dict[str, Any] = {
        "process_id": args.get("process_id"),
        "task_id": args.get("task_id"),
        "detail": args.get("file_id") or args.get("batch_id"),
    }
    if is_each:
        reads.note(what, actor=actor, is_each=True, **told)
    elif (read := (actor.id, what, *told.values())) not in (written := _written()):
        reads.note(what, actor=actor, **told)
        written.add(read)


def _written() -> set[tuple[object, ...]]:
    """What was written in this stretch of time."""
    now = reads.window(clock.now())
    kept: tuple[int, set[tuple[object, ...]]] | None = current_app.extensions.get(_KEPT)
    if kept is not None and kept[0] == now:
        return kept[1]
    written: set[tuple[object, ...]] = set()
    current_app.extensions[_KEPT] = (now, written)
    return written
