"""A link to somebody's task for a channel of the caller's own, shown once."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import db
from portal.actions import links
from portal.readings import dossier as dossiers
from portal.web.staff.door import doors, house_zone, me


@doors.post("/processes/<process_id>/tasks/<task_id>/link")
def make_link(process_id: str, task_id: str) -> ResponseReturnValue:
    """Make it, and show it on this one page: it is stored nowhere and can't be shown again."""
    url, expires_at = links.make(task_id, actor=me())
    with db.reading() as conn:
        found = dossiers.of_process(conn, process_id)
    task = next((one for one in found.tasks if one.id == task_id), None)
    return render_template(
        "staff/link.html",
        process=found.process,
        task=task,
        url=url,
        expires_at=expires_at,
        tz=house_zone(),
    )
