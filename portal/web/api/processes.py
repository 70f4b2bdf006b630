"""API calls for running processes: start, list, read, cancel, comment, ledger, trail."""

import hashlib
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from portal import clock, db, language
from portal.actions import processes as verbs
from portal.actions import signals, trails
from portal.actions.repeats import Repeat
from portal.errors import AlreadyRecorded, Conflict, Faulty, Unknown
from portal.readings import lists, payloads, requests, timeline, trail
from portal.web.api import entry
from portal.web.api.entry import call, caller, json_body, page, parse_object, raw_body, text
from portal.web.downloads import handed_out, ledger_out

_LONGEST_KEY = 255


@call("POST", "/processes", "Start a process (repeatable with an Idempotency-Key)",
      takes="Start", gives="Process", status=201)  # fmt: skip
def start_process() -> tuple[Response, int]:
    """201 with the process; the same Idempotency-Key again gives the same one."""
    raw = raw_body()
    body = parse_object(raw)
    repeat = repeat_of(raw)
    known = kept_start(repeat)
    if known is None:
        known = _start(body, repeat)
    return _process(known), 201


def _start(body: dict[str, Any], repeat: Repeat | None) -> str:
    reference = body.get("reference")
    if reference is not None and not isinstance(reference, str):
        raise Faulty.one("reference", "`reference` is not text.")
    try:
        return verbs.start(
            text(body, "definition", "the key of a definition"),
            inputs=entry.mapping(body, "inputs"),
            participants=entry.mapping(body, "participants"),
            reference=reference,
            actor=caller(),
            repeat=repeat,
        )
    except AlreadyRecorded:
        # The same key came twice at once; the other one was first.
        known = kept_start(repeat)
        if known is None:
            raise
        return known


def repeat_of(raw: bytes) -> Repeat | None:
    """What makes this call safe to repeat, where it has an Idempotency-Key."""
    key = request.headers.get("Idempotency-Key")
    if not key:
        return None
    if len(key) > _LONGEST_KEY:
        raise Faulty.one("Idempotency-Key", "The Idempotency-Key is longer than 255 characters.")
    return Repeat(id=f"{caller().id}:{key}", body_sha256=hashlib.sha256(raw).hexdigest())


def kept_start(repeat: Repeat | None) -> str | None:
    """The process that the same call started before. Conflict where its body was another."""
    if repeat is None:
        return None
    with db.reading() as conn:
        kept = requests.kept_answer(conn, repeat.id)
    if kept is None:
        return None
    if kept.body_sha256 != repeat.body_sha256:
        raise Conflict("This Idempotency-Key was used before with another body.")
    return str(kept.answer["process"])


@call("GET", "/processes", "Processes, earliest due first",
      query=("state", "owner", "overdue", "role", "q", "definition", "cursor", "limit"),
      gives="ProcessList")  # fmt: skip
def list_processes() -> Response:
    """One page of them."""
    filters = lists.ProcessFilters(
        state=entry.one_of("state", lists.PROCESS_STATES),
        definition=request.args.get("definition") or None,
        owner=request.args.get("owner") or None,
        overdue=entry.flag("overdue"),
        role=request.args.get("role") or None,
        q=request.args.get("q") or None,
    )
    with db.reading() as conn:
        found = lists.processes(
            conn, filters, clock.now(), cursor=request.args.get("cursor"), limit=entry.limit()
        )
    return page([payloads.process_item(row) for row in found.items], found.next)


@call("GET", "/processes/<process_id>", "One process in full", gives="Process")
def read_process(process_id: str) -> Response:
    """State, data, open tasks, who holds the work, exceptions."""
    return _process(process_id)


def _process(process_id: str) -> Response:
    with db.reading() as conn:
        return jsonify(payloads.process(conn, process_id))


@call("POST", "/processes/<process_id>/cancel", "Cancel a process, with a reason",
      takes="Reason", gives="Process")  # fmt: skip
def cancel_process(process_id: str) -> Response:
    """The process as it now stands."""
    verbs.cancel(process_id, text(json_body(), "reason", "a reason"), actor=caller())
    return _process(process_id)


@call("POST", "/processes/<process_id>/participants/<role>", "Name who plays a role left open",
      takes="Named", gives="Process")  # fmt: skip
def name_participant(process_id: str, role: str) -> Response:
    """The process as it now stands; a step that waited for somebody to be named goes on."""
    verbs.name_participant(process_id, role, json_body(), actor=caller())
    return _process(process_id)


@call("POST", "/processes/<process_id>/signals/<name>", "Tell that something happened outside",
      takes="Signal", gives="SignalTaken", also=(202,))  # fmt: skip
def signal_process(process_id: str, name: str) -> tuple[Response, int]:
    """200 where a step waited for it; 202 where it is kept for the next one that does."""
    body = json_body()
    data = body["data"] if body.keys() == {"data"} else body or None
    is_taken = signals.send(process_id, name, data, actor=caller())
    return jsonify(process=process_id, name=name, taken=is_taken), 200 if is_taken else 202


@call("POST", "/processes/<process_id>/comments", "Write a comment that staff can read",
      takes="Comment", gives="Event", status=201)  # fmt: skip
def comment_on_process(process_id: str) -> tuple[Response, int]:
    """201 with the event."""
    recorded = verbs.comment(process_id, text(json_body(), "text", "the comment"), actor=caller())
    with db.reading() as conn:
        told = timeline.of_process(conn, process_id, after=recorded.seq - 1, limit=1)
    return jsonify(payloads.event(told[0])), 201


@call("GET", "/processes/<process_id>/ledger", "The full ledger as JSON lines",
      media="application/jsonl")  # fmt: skip
def read_ledger(process_id: str) -> Response:
    """What ``portal verify`` takes; anchored in a signed checkpoint up to its last event."""
    with db.reading() as conn:
        payloads.process_row(conn, process_id)
    return ledger_out(process_id)


@call("POST", "/processes/<process_id>/trail", "Ask a worker to build the audit trail",
      takes="AskForTrail", gives="TrailAsked", status=202)  # fmt: skip
def ask_for_trail(process_id: str) -> tuple[Response, int]:
    """202; the PDF is at ``url`` once it is built, of the make that was asked for."""
    body = json_body()
    given = {name: body[name] for name in ("language", "paper", "files") if name in body}
    if not isinstance(given.get("files", False), bool):
        raise Faulty.one("files", "Whether the uploaded files are in it is true or false.")
    asked = trails.ask(
        process_id,
        spoken=language.SOURCE if given.get("language") is None else given["language"],
        paper=given.get("paper", trails.PAPERS[0]),
        with_files=given.get("files", False),
        actor=caller(),
    )
    where = f"{request.url_root}api/v1/processes/{process_id}/trail.pdf"
    told: dict[str, str] = {
        str(name): str(value).lower() if name == "files" else str(value)
        for name, value in given.items()
        if value is not None
    }
    where += f"?{urlencode(told)}" if told else ""
    return jsonify(id=asked, url=where), 202


@call("GET", "/processes/<process_id>/trail.pdf", "The audit trail last asked for",
      query=("language", "paper", "files"), media="application/pdf", also=(404,))  # fmt: skip
def read_trail(process_id: str) -> Response:
    """The PDF; 404 until the one last asked for, of the make if one is given, is built."""
    make = trail.make_of(request.args)
    trails.require_spoken(make.get("language", language.SOURCE))
    trails.require_paper(make.get("paper", trails.PAPERS[0]))
    with db.reading() as conn:
        payloads.process_row(conn, process_id)
        row = trail.last_asked(conn, process_id, make)
    if row is None or row.storage_id is None:
        raise Unknown("There is no audit trail yet.", "POST /trail asks a worker to build it.")
    return handed_out(row, f"trail-{process_id}.pdf", "application/pdf")
