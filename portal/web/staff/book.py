"""The book at the door, for admins and auditors."""

from flask import render_template, request

from portal import db
from portal.errors import NotYours
from portal.readings import book as readings
from portal.readings import house
from portal.web.staff.door import doors, me


@doors.get("/book")
def book() -> str:
    """Who signed in, what was changed of people, who read what; newest first."""
    if me().role not in ("admin", "auditor"):
        raise NotYours("Only admins and auditors see this page.")
    asked = {name: request.args.get(name, "") for name in ("about", "topic", "process")}
    if asked["topic"] not in readings.TOPICS:
        asked["topic"] = ""
    with db.reading() as conn:
        return render_template(
            "staff/book.html",
            book=readings.lines(
                conn,
                about=asked["about"] or None,
                process=asked["process"] or None,
                topic=asked["topic"] or None,
                before=request.args.get("cursor") or None,
            ),
            colleagues=house.colleagues(conn),
            topics=list(readings.TOPICS),
            asked=asked,
        )
