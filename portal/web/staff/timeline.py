"""The combined timeline over all processes, as a feed of sentences."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import db
from portal.readings import feed, lists
from portal.readings.timeline import Filters
from portal.web.staff.door import doors, house_zone

# What the filter offers: the noun of the event types, and what a reader calls it.
GROUPS = {
    "process": "Starts and ends",
    "task": "Tasks",
    "form": "Forms",
    "file": "Files",
    "approval": "Decisions",
    "signature": "Signatures",
    "link": "Links",
    "reminder": "Reminders",
    "deadline": "Deadlines missed",
    "mail": "Mails that came back",
    "exception": "Exceptions",
    "comment": "Comments",
}
AT_ONCE = 60


@doors.get("/timeline")
def timeline() -> ResponseReturnValue:
    """What happened, newest first, narrowed and paged by cursor."""
    asked = request.args
    group = asked.get("group", "")
    filters = Filters(
        definition=asked.get("definition") or None,
        group=group if group in GROUPS else None,
        email=asked.get("email", "").strip() or None,
    )
    with db.reading() as conn:
        definitions = lists.definition_names(conn)
        told = feed.combined(
            conn, filters, house_zone(), before=_number(asked.get("before")), limit=AT_ONCE
        )
    return render_template(
        "timeline/all.html", feed=told, definitions=definitions, groups=GROUPS, asked=asked
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
