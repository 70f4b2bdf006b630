"""API call for a request: one person is asked for something, without a definition file."""

from flask import Response, jsonify

from portal import db
from portal.actions import requests as verbs
from portal.errors import AlreadyRecorded, Faulty
from portal.readings import payloads
from portal.web.api import entry
from portal.web.api.entry import call, caller, parse_object, raw_body, text
from portal.web.api.processes import kept_start, repeat_of


@call("POST", "/requests", "Ask somebody for something (repeatable with an Idempotency-Key)",
      takes="Request", gives="Process", status=201)  # fmt: skip
def start_request() -> tuple[Response, int]:
    """201 with the process; the same Idempotency-Key again gives the same one."""
    raw = raw_body()
    body, repeat = parse_object(raw), repeat_of(raw)
    known = kept_start(repeat)
    if known is None:
        reference = body.get("reference")
        if reference is not None and not isinstance(reference, str):
            raise Faulty.one("reference", "`reference` is not text.")
        try:
            known = verbs.start(
                to=entry.mapping(body, "to"),
                ask=text(body, "ask", "what is asked"),
                wanted=text({"wanted": "files", **body}, "wanted", "what is wanted back"),
                by=text(body, "by", "a day such as 2026-12-24"),
                approver=entry.mapping(body, "approver") or None,
                reference=reference,
                repeat=repeat,
                actor=caller(),
            )
        except AlreadyRecorded:
            # The same key came twice at once; the other one was first.
            known = kept_start(repeat)
            if known is None:
                raise
    with db.reading() as conn:
        return jsonify(payloads.process(conn, known)), 201
