"""API calls for privacy: what is held, kept and due, holds, one person's copy, and erasing.

Addresses of people stand in bodies alone: those of calls are logged.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Response, jsonify, request

from portal import clock, db
from portal.access import holds as standing
from portal.access import may, pseudonyms
from portal.actions import erasures, privacy, retention
from portal.actions import holds as verbs
from portal.definition.values import is_email
from portal.errors import Fault, Faulty, Unknown
from portal.readings import erasures as readings
from portal.readings import held, payloads, subject
from portal.web.api.entry import call, caller, json_body, limit, page, text
from portal.web.copies import copy_out


@call("GET", "/privacy/retention", "How long processes are kept, and how many are due",
      gives="RetentionList")  # fmt: skip
def read_retention() -> Response:
    """Each definition with its rule and what became of its processes."""
    may.require(caller(), "privacy")
    with db.reading() as conn:
        rules = retention.rules(conn, clock.now())
    return page([_rule(one) for one in rules], None)


@call("GET", "/privacy/due", "What tonight’s run would erase, and what stays although it is due",
      query=("definition", "cursor", "limit"), gives="DueList")  # fmt: skip
def list_due() -> Response:
    """The dry run of retention: it lists just what the run of that moment would erase."""
    may.require(caller(), "privacy")
    most, key = limit(), request.args.get("definition") or None
    with db.reading() as conn:
        found = retention.due(conn, clock.now(), key, after_process=request.args.get("cursor"))
        rows = list(islice(found, most + 1))
    told = [
        {
            "process": one.process_id, "definition": one.key,
            "ended_at": one.ended_at.isoformat(), "hold": one.hold,
        }
        for one in rows[:most]
    ]  # fmt: skip
    return page(told, told[-1]["process"] if len(rows) > most else None)


@call("GET", "/privacy/holds", "Legal holds that stand, newest first",
      query=("cursor", "limit"), gives="HoldList")  # fmt: skip
def list_holds() -> Response:
    """On processes, on definitions and on people."""
    may.require(caller(), "privacy")
    most = limit()
    with db.reading() as conn:
        rows = held.holds(conn, before=request.args.get("cursor"), limit=most + 1)
    following = rows[most - 1].id if len(rows) > most else None
    return page([_hold(row) for row in rows[:most]], following)


@call("POST", "/privacy/holds", "Put a legal hold on a definition or a person",
      takes="PlaceHold", gives="Hold", status=201)  # fmt: skip
def place_hold() -> tuple[Response, int]:
    """201 with the hold; ``definition`` names all of its processes, ``email`` one person."""
    body = json_body()
    reason = text(body, "reason", "a reason")
    if ("definition" in body) == ("email" in body):
        raise Faulty.one("definition", "Name either a `definition` or the `email` of a person.")
    if "email" in body:
        return _placed(verbs.on_person(text(body, "email", "an address"), reason, actor=caller()))
    key = text(body, "definition", "the key of a definition")
    return _placed(verbs.on_definition(key, reason, actor=caller()))


@call("POST", "/privacy/holds/<hold_id>/lift", "End a legal hold, with a reason",
      takes="Reason", gives="HoldLifted")  # fmt: skip
def lift_hold(hold_id: str) -> Response:
    """What it was on goes with it; 409 where it was lifted before."""
    verbs.lift(hold_id, text(json_body(), "reason", "a reason"), actor=caller())
    return jsonify(id=hold_id, lifted=True)


@call("GET", "/processes/<process_id>/holds", "Legal holds that were put on a process itself",
      gives="HoldList")  # fmt: skip
def list_process_holds(process_id: str) -> Response:
    """Those on its definition or on a person in it stand at ``/privacy/holds``."""
    with db.reading() as conn:
        may.require(caller(), "privacy", payloads.process_row(conn, process_id))
        rows = held.holds(conn, process_id)
    return page([_hold(row) for row in rows], None)


@call("POST", "/processes/<process_id>/holds", "Put a legal hold on a process",
      takes="Reason", gives="Hold", status=201)  # fmt: skip
def hold_process(process_id: str) -> tuple[Response, int]:
    """201 with the hold; 409 where one stands on it."""
    reason = text(json_body(), "reason", "a reason")
    return _placed(verbs.on_process(process_id, reason, actor=caller()))


@call("GET", "/processes/<process_id>/erasure", "What erasing a process would take away",
      gives="WouldErase")  # fmt: skip
def foretell_process(process_id: str) -> Response:
    """The dry run: how much of each kind, and why it can’t be just now. Nothing is changed."""
    with db.reading() as conn:
        may.require(caller(), "privacy", payloads.process_row(conn, process_id))
        return jsonify(_foretold(*erasures.foretell(conn, process_id)))


@call("POST", "/processes/<process_id>/erasure", "Have erased what a process holds of people",
      takes="EraseProcess", gives="Erasure", status=202)  # fmt: skip
def erase_process(process_id: str) -> tuple[Response, int]:
    """202; workers carry it out. ``confirm`` is the word “erase”."""
    body = json_body()
    return _erasing(erasures.of_process(process_id, **_asked(body), actor=caller()))


@call("POST", "/privacy/person", "What is held of one person, and what erasing would take away",
      takes="OnePerson", gives="HeldOfPerson")  # fmt: skip
def look_up_person() -> Response:
    """The dry run of erasing a person; that somebody looked is written into the book."""
    may.require(caller(), "erase")
    email = _address(json_body())
    privacy.note_look_up(actor=caller())
    with db.reading() as conn:
        hold = standing.standing_on(conn, email)
        processes = list(_parts(conn, email))
        return jsonify(
            processes=processes,
            hold=hold.reason if hold else None,
            has_account=held.has_account(conn, email),
            erased=[
                {"erasure": row.id, "basis": row.basis, "asked_at": row.asked_at.isoformat()}
                for row in readings.of_subject(conn, pseudonyms.of(email))
            ],
        )


@call("POST", "/privacy/person/copy", "One person’s copy: all that is held of them alone",
      takes="OnePerson", media="application/zip")  # fmt: skip
def copy_person() -> Response:
    """A ZIP archive: ``data.json``, the same in words, and their files."""
    may.require(caller(), "erase")
    email, actor = _address(json_body()), caller()
    return copy_out(email, lambda count: privacy.note_export(count, actor=actor))


@call("POST", "/privacy/person/erasure", "Have erased what is held of one person",
      takes="ErasePerson", gives="Erasure", status=202)  # fmt: skip
def erase_person() -> tuple[Response, int]:
    """202; what still runs or is on hold follows when that is over. ``confirm``: the address."""
    body = json_body()
    email = text(body, "email", "an e-mail address")
    return _erasing(erasures.of_person(email, **_asked(body), actor=caller()))


@call("GET", "/privacy/erasures", "Erasures, newest first", query=("cursor", "limit"),
      gives="ErasureList")  # fmt: skip
def list_erasures() -> Response:
    """By ids, counts and words: of whom they were is known to nobody any more."""
    may.require(caller(), "privacy")
    most = limit()
    with db.reading() as conn:
        rows = readings.latest(conn, most + 1, before=request.args.get("cursor"))
    following = rows[most - 1].id if len(rows) > most else None
    return page([_erasure(row) for row in rows[:most]], following)


@call("GET", "/privacy/erasures/<erasure_id>", "How far an erasure is", gives="Erasure")
def read_erasure(erasure_id: str) -> Response:
    """How many processes are done, and how many wait because they run or are on hold."""
    may.require(caller(), "privacy")
    return jsonify(_erasure_of(erasure_id))


def _placed(hold_id: str) -> tuple[Response, int]:
    with db.reading() as conn:
        return jsonify(_hold(held.hold(conn, hold_id))), 201


def _erasing(erasure_id: str) -> tuple[Response, int]:
    return jsonify(_erasure_of(erasure_id)), 202


def _erasure_of(erasure_id: str) -> dict[str, Any]:
    with db.reading() as conn:
        rows = readings.latest(conn, 1, only=erasure_id)
    if not rows:
        raise Unknown("There is no such erasure.")
    return _erasure(rows[0])


def _address(body: dict[str, Any]) -> str:
    email = text(body, "email", "an e-mail address")
    if not is_email(email):
        raise Faulty.one("email", "Enter an e-mail address, such as ann@sea.example.")
    return email


def _asked(body: dict[str, Any]) -> dict[str, str]:
    """Ground, file number and confirmation as sent; what is left out the verb asks for."""
    sent = {name: body.get(name) or "" for name in ("basis", "reference", "confirm")}
    wrong = [Fault(name, f"`{name}` is not a text.") for name in sent
             if not isinstance(sent[name], str)]  # fmt: skip
    if wrong:
        raise Faulty(wrong)
    return {
        "basis": sent["basis"], "reference": sent["reference"], "confirmed": sent["confirm"]
    }  # fmt: skip


def _parts(conn: Any, email: str) -> Iterator[dict[str, Any]]:
    for part in subject.parts(conn, email):
        yield {
            "process": part.process_id, "title": part.title, "state": part.state,
            "roles": list(part.roles), "started_at": part.started_at.isoformat(),
            "ended_at": part.ended_at.isoformat() if part.ended_at else None,
            "erasing": _foretold(*erasures.foretell(conn, part.process_id, part.participants)),
        }  # fmt: skip


def _foretold(plan: Any, why_not: str | None) -> dict[str, Any]:
    goes = {kind: n for kind, n in sorted(plan.counts.items()) if n}
    return {"possible": why_not is None, "why_not": why_not, "goes": goes}


def _rule(one: retention.Rule) -> dict[str, Any]:
    return {
        "definition": one.key, "name": one.name, "keep": str(one.keep) if one.keep else None,
        "basis": one.keep.basis if one.keep else None, "by": one.by or None,
        "before": one.before.isoformat() if one.before else None, "ended": one.closed,
        "due": one.due, "held": one.held, "running": one.running,
    }  # fmt: skip


def _hold(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "process": row.process_id, "definition": row.definition, "email": row.email,
        "reason": row.reason, "placed_by": row.by, "placed_at": row.placed_at.isoformat(),
    }  # fmt: skip


def _erasure(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "basis": row.basis, "reference": row.reference,
        "asked_by": row.by, "asked_at": row.asked_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "total": row.n, "done": row.done, "running": row.running, "held": row.held,
    }  # fmt: skip
