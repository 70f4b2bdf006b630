"""Exceptions: what needs a person, and seven ways to resolve it."""

from flask import Response, jsonify, request

from portal import db
from portal.actions import troubles as verbs
from portal.readings import lists, payloads
from portal.web.api import entry
from portal.web.api.entry import call, caller, json_body, page


@call("GET", "/exceptions", "List exceptions, the oldest first",
      query=("state", "process", "owner", "cursor", "limit"), gives="ExceptionList")  # fmt: skip
def list_exceptions() -> Response:
    """One page of them."""
    filters = lists.TroubleFilters(
        state=entry.one_of("state", lists.TROUBLE_STATES),
        process=request.args.get("process") or None,
        owner=request.args.get("owner") or None,
    )
    with db.reading() as conn:
        found = lists.troubles(
            conn, filters, cursor=request.args.get("cursor"), limit=entry.limit()
        )
    return page([payloads.trouble(row) for row in found.items], found.next)


@call("POST", "/exceptions/<exception_id>/resolve", "Resolve an exception, with a reason",
      takes="Resolve", gives="Exception")  # fmt: skip
def resolve_exception(exception_id: str) -> Response:
    """The exception; still open where a second person has to agree."""
    body = json_body()
    how = body.get("how")
    reason = body.get("reason")
    verbs.resolve(
        exception_id,
        how if isinstance(how, str) else "",
        reason if isinstance(reason, str) else "",
        body,
        actor=caller(),
    )
    with db.reading() as conn:
        return jsonify(payloads.trouble(lists.trouble(conn, exception_id)))
