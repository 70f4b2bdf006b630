"""API calls for the timeline: of one process, and of all of them."""

from flask import Response, request

from portal import db
from portal.errors import Faulty
from portal.readings import payloads, timeline
from portal.web.api.entry import call, limit, page


@call("GET", "/events", "The combined timeline, oldest first",
      query=("after", "limit", "definition", "process", "email"), gives="EventList")  # fmt: skip
def list_events() -> Response:
    """Events of all processes behind ``after``."""
    filters = timeline.Filters(
        definition=request.args.get("definition") or None,
        process=request.args.get("process") or None,
        email=request.args.get("email") or None,
    )
    return _events(filters)


@call("GET", "/processes/<process_id>/events", "The timeline of one process, oldest first",
      query=("after", "limit"), gives="EventList")  # fmt: skip
def list_process_events(process_id: str) -> Response:
    """Events of one process behind ``after``."""
    with db.reading() as conn:
        payloads.process_row(conn, process_id)
    return _events(timeline.Filters(process=process_id))


def _events(filters: timeline.Filters) -> Response:
    n = limit()
    with db.reading() as conn:
        entries = timeline.feed(conn, filters, after=_after(), limit=n + 1)
    following = entries[n - 1].id if len(entries) > n else None
    return page([payloads.event(entry) for entry in entries[:n]], following)


def _after() -> int:
    given = request.args.get("after") or request.args.get("cursor") or "0"
    if not given.isascii() or not given.isdigit() or len(given) > 18:
        raise Faulty.one("after", "`after` is not the id of an event.")
    return int(given)
