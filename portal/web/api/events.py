"""API calls for the timeline: of one process, and of all of them."""

from flask import Response, request

from portal import db
from portal.errors import Faulty
from portal.readings import payloads, timeline
from portal.web.api.entry import call, limit, page


@call("GET", "/events", "The combined timeline, oldest first",
      query=("after", "limit", "definition", "process", "email"), gives="EventList")  # fmt: skip
def list_events() -> Response:
    """Events of all processes behind the one whose ``id`` is ``after``."""
    filters = timeline.Filters(
        definition=request.args.get("definition") or None,
        process=request.args.get("process") or None,
        email=request.args.get("email") or None,
    )
    n, after = limit(), _after(0)
    with db.reading() as conn:
        entries = timeline.feed(conn, filters, after=after, limit=n + 1)
    following = entries[n - 1].id if len(entries) > n else None
    return page([payloads.event(entry) for entry in entries[:n]], following)


@call("GET", "/processes/<process_id>/events", "The timeline of one process, oldest first",
      query=("after", "limit"), gives="EventList")  # fmt: skip
def list_process_events(process_id: str) -> Response:
    """Events of one process behind the one whose ``seq`` is ``after``."""
    n, after = limit(), _after(-1)
    with db.reading() as conn:
        payloads.process_row(conn, process_id)
        entries = timeline.of_process(conn, process_id, after=after, limit=n + 1)
    following = entries[n - 1].seq if len(entries) > n else None
    return page([payloads.event(entry) for entry in entries[:n]], following)


def _after(start: int) -> int:
    """The event to go on behind; ``start`` where none is named."""
    given = request.args.get("after") or request.args.get("cursor")
    if not given:
        return start
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise Faulty.one("after", "`after` is not the number of an event.")
    return int(given)
