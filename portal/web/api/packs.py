"""API calls for evidence packs: ask for one, see how far it is, fetch it."""

from typing import Any

from flask import Response, jsonify, request

from portal import db, installation, language
from portal.actions import packs as verbs
from portal.errors import Conflict, Faulty
from portal.readings import packs
from portal.web.api.entry import call, caller, json_body
from portal.web.downloads import pack_out, room

_TEXTS = ("definition", "since", "until", "language")


@call("POST", "/packs", "Ask workers to build an evidence pack of many processes",
      takes="AskForPack", gives="Pack", status=202)  # fmt: skip
def ask_for_pack() -> tuple[Response, int]:
    """202; the named ``processes``, or all that ``definition``, ``states`` and days ask for."""
    body = json_body()
    asked = {name: _text(body, name) for name in _TEXTS}
    files = body.get("files", True)
    if not isinstance(files, bool):
        raise Faulty.one("files", "`files` is not true or false.")
    ids, states = _texts(body, "processes"), _texts(body, "states")
    name = f"{len(ids):,} chosen processes"
    if "processes" not in body:
        wanted, name = packs.choice(asked, states, installation.current.timezone, caller())
        with db.reading() as conn:
            ids = list(packs.chosen(conn, wanted, verbs.MOST + 1))
    plan = verbs.Plan(name, files, asked["language"] or language.SOURCE)
    pack_id = verbs.draft(plan, ids, actor=caller())
    with db.reading() as conn:
        size = packs.size(conn, pack_id, files=files)
    verbs.begin(pack_id, size=size, room=room(), actor=caller())
    return _pack(pack_id), 202


@call("GET", "/packs/<pack_id>", "How far an evidence pack is", gives="Pack")
def read_pack(pack_id: str) -> Response:
    """Its state, how many processes are through, and which of them could not be built."""
    return _pack(pack_id)


@call("GET", "/packs/<pack_id>/file", "The evidence pack", media="application/zip",
      also=(404, 409))  # fmt: skip
def read_pack_file(pack_id: str) -> Response:
    """The archive; 409 until it is built, and after it was removed."""
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(caller()))
    verbs.require_taking(pack_id, actor=caller())
    if found.storage_id is None:
        raise Conflict(found.why or "This pack is not ready yet.", "Ask again later.")
    return pack_out(found, f"evidence-{pack_id[-12:]}.zip")


def _pack(pack_id: str) -> Response:
    with db.reading() as conn:
        found = packs.pack(conn, pack_id, packs.whose(caller()))
        tally = packs.tally(conn, pack_id)
        failed = packs.parts(conn, pack_id, "failed", limit=verbs.MOST)
    where = f"{request.url_root}api/v1/packs/{pack_id}/file"
    return jsonify(
        id=found.id,
        name=found.name,
        state=found.state,
        why=found.why,
        total=tally.total,
        through=tally.through,
        failed=[{"process": one.process_id, "fault": one.fault} for one in failed],
        size=found.size,
        sha256=found.sha256,
        kept_until=found.kept_until.isoformat() if found.kept_until else None,
        url=where if found.storage_id else None,
    )


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise Faulty.one(name, f"`{name}` is not a text.")
    return value or ""


def _texts(body: dict[str, Any], name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Faulty.one(name, f"`{name}` is not a list of texts.")
    return value
