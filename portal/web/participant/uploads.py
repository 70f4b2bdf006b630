"""Uploads that survive a lost connection: the tus protocol, version 1.0.0, for one task's files.

https://tus.io/protocols/resumable-upload, its core with the extensions creation, expiration,
checksum and termination. Beyond it: every change carries the page's token in ``X-CSRF-Token``;
``Upload-Metadata`` names the ``document`` beside the ``filename``; the answer to the last piece,
and any look afterwards, says in ``Upload-Result`` whether the file was ``staged`` or ``repeated``
one that is here; a GET lists the pieces that arrived, ``END SHA256`` a line, by which whoever
chooses a file again can tell that it is the same. Refusals are one sentence of plain text.
"""

import base64
import functools
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Concatenate, ParamSpec

from flask import Response, request
from werkzeug.http import http_date

from portal import db
from portal.access import limits
from portal.access.sessions import Guest
from portal.actions import pieces, uploads
from portal.actions.pieces import Held
from portal.actions.upkeep import KEEP_UPLOADS
from portal.actions.uploads import Arrived
from portal.actor import Actor
from portal.delivery.pieces import Growing, Growth
from portal.delivery.storage import CHUNK, Store, TypeFault, judge, judge_name, safe_name
from portal.errors import Faulty, PortalError, TooLarge
from portal.language import gettext as _
from portal.language import mark
from portal.readings import asked as asked_readings
from portal.readings import uploads as readings
from portal.web import arrivals, forms
from portal.web.participant.door import actor_of, doors, guest_for, settings

P = ParamSpec("P")
_VERSION = "1.0.0"
_EXTENSIONS = "creation,expiration,checksum,termination"
_ALGORITHMS = ("sha256", "sha1")
_MOST, _AN_HOUR = 400, 3600
_ENOUGH = mark("You have sent very many files within an hour. Wait a little, then go on.")


class NotTus(PortalError):
    """A request that the protocol does not allow, with the status it asks for."""

    code, title = "not-tus", "This is no upload as it is agreed"

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.answer = status


class Damaged(PortalError):
    """A piece whose bytes are not those that its sender meant."""

    status, code, title = 460, "damaged", mark("A piece of this file arrived damaged")


def _upload(
    view: Callable[Concatenate[Guest, str, P], Response],
) -> Callable[..., Response]:
    """A door of the protocol: for whoever has the task, under the token of its page."""

    @functools.wraps(view)
    def run(task_id: str, *args: P.args, **kwargs: P.kwargs) -> Response:
        try:
            with db.reading() as conn:
                guest = guest_for(conn, task_id)
            if request.method not in ("GET", "HEAD"):
                forms.require_ours_beside("uploads", guest.person.id, task_id)
            if request.headers.get("Tus-Resumable", _VERSION) != _VERSION:
                raise NotTus(412, f"This portal speaks version {_VERSION} of the tus protocol.")
            response = view(guest, task_id, *args, **kwargs)
        except PortalError as error:
            response = _refusal(error)
        response.headers["Tus-Resumable"] = _VERSION
        return response

    return run


@doors.route("/w/<task_id>/uploads", methods=["OPTIONS"])
def spoken(task_id: str) -> Response:
    """What of the protocol is spoken here."""
    told = {
        "Tus-Resumable": _VERSION, "Tus-Version": _VERSION, "Tus-Extension": _EXTENSIONS,
        "Tus-Checksum-Algorithm": ",".join(_ALGORITHMS),
    }  # fmt: skip
    return Response(status=204, headers=told)


@doors.post("/w/<task_id>/uploads")
@_upload
def announce(guest: Guest, task_id: str) -> Response:
    """Announce a file; 201 with the address that takes its bytes."""
    meta = dict(_metadata())
    document, name = meta.get("document", ""), safe_name(meta.get("filename", ""))
    length = _number("Upload-Length")
    limits.spend(f"upload:{guest.person.id}", _MOST, _AN_HOUR, _(_ENOUGH))
    with db.reading() as conn:
        documents, _room = asked_readings.documents(conn, task_id)
    wanted = next((one for one in documents if one.id == document), None)
    if wanted is not None and length > wanted.max_size:
        raise TooLarge(arrivals.too_large(wanted, name, length))
    if wanted is not None:
        _judged(document, lambda: judge_name(meta.get("filename", ""), wanted.accept))
    begun = pieces.begin(task_id, document, name, length, actor=actor_of(guest))
    Growing(_store(), begun.storage_id).begin()
    place = f"/w/{task_id}/uploads/{begun.id}"
    with db.reading() as conn:
        row = readings.one(conn, task_id, begun.id)
    return Response(status=201, headers={"Location": place, **_expiry(row)})


@doors.get("/w/<task_id>/uploads/<upload_id>")
@_upload
def how_far(guest: Guest, task_id: str, upload_id: str) -> Response:
    """How far a file is (HEAD), and what its pieces were (GET)."""
    with db.reading() as conn:
        row = readings.one(conn, task_id, upload_id)
        found = readings.pieces(conn, upload_id) if request.method == "GET" else ()
    lines = "".join(f"{one.end} {one.sha256}\n" for one in found)
    told = {"Upload-Offset": str(row.reached), "Upload-Length": str(row.length), **_result(row)}
    return Response(lines, mimetype="text/plain", headers=told)


@doors.patch("/w/<task_id>/uploads/<upload_id>")
@_upload
def bring(guest: Guest, task_id: str, upload_id: str) -> Response:
    """Bring the next piece; with the last one the file is judged, and kept with the others."""
    if request.mimetype != "application/offset+octet-stream":
        raise NotTus(415, "A piece comes as application/offset+octet-stream.")
    checksum = _checksum()
    actor = actor_of(guest)
    held = pieces.take(task_id, upload_id, _number("Upload-Offset"), actor=actor)
    end = held.reached
    if held.result is None and held.reached < held.length:
        end = _bring(held, checksum)
    if end == held.length:
        _finish(task_id, held, actor)
    with db.reading() as conn:
        row = readings.one(conn, task_id, upload_id)
    told = {"Upload-Offset": str(row.reached), **_result(row), **_expiry(row)}
    return Response(status=204, headers=told)


@doors.delete("/w/<task_id>/uploads/<upload_id>")
@_upload
def break_off(guest: Guest, task_id: str, upload_id: str) -> Response:
    """Let go of a file on its way."""
    let_go(task_id, upload_id, actor_of(guest))
    return Response(status=204)


@doors.post("/w/<task_id>/uploads/<upload_id>")
def bring_otherwise(task_id: str, upload_id: str) -> Response:
    """PATCH and DELETE for whoever can send neither: ``X-HTTP-Method-Override`` names it."""
    view = {"PATCH": bring, "DELETE": break_off}.get(
        request.headers.get("X-HTTP-Method-Override", "")
    )
    if view is None:
        return _refusal(NotTus(405, "A piece comes by PATCH."))
    return view(task_id, upload_id=upload_id)


def let_go(task_id: str, upload_id: str, actor: Actor) -> None:
    """Give up a file on its way, with what has arrived of it. Raises Unknown for no such file."""
    storage_id = pieces.give_up(task_id, upload_id, actor=actor)
    if storage_id is not None:
        Growing(_store(), storage_id).delete()


# Bytes


def _bring(held: Held, checksum: "tuple[str, bytes] | None") -> int:
    """Append what the request brings; how many bytes of the file are here then.

    A piece with a checksum counts whole or not at all; of one without, what came before the
    connection was lost counts.
    """
    left = held.length - held.reached
    if request.content_length is None:
        raise NotTus(411, "A piece says how long it is.")
    if request.content_length > left:
        raise TooLarge("This piece is longer than what is missing of the file.")
    growing = Growing(_store(), held.storage_id)
    with growing.piece(held.reached, lambda: _holds(held)) as growth:
        is_whole = _read_into(growth, checksum)
        if growth.at > held.reached:
            growth.keep()
            pieces.note(held, growth.at, growth.sha256.hex())
            growth.remember()
    if not is_whole:
        raise NotTus(400, _("The connection was lost before the piece was whole."))
    return growth.at


def _read_into(growth: Growth, checksum: "tuple[str, bytes] | None") -> bool:
    """Read the request's body into the file; whether all of it came.

    Raises Damaged where it is not what its checksum says, also where a part is missing.
    """
    missing = request.content_length or 0
    # The protocol asks for SHA-1 as the least; SHA-256 of a piece is taken anyhow.
    other = hashlib.sha1(usedforsecurity=False) if checksum and checksum[0] == "sha1" else None
    for block in _blocks():
        growth.write(block)
        missing -= len(block)
        if other is not None:
            other.update(block)
    if checksum is not None and (other.digest() if other else growth.sha256) != checksum[1]:
        raise Damaged(_("A piece of this file arrived damaged or in part, and was not kept."))
    return missing == 0


def _blocks() -> Iterator[bytes]:
    """What comes, until it ends or the connection is lost: past werkzeug, which copies it twice."""
    stream, missing = request.environ["wsgi.input"], request.content_length or 0
    while missing:
        try:
            block = stream.read(min(CHUNK, missing))
        except OSError:
            return
        if not block:
            return
        missing -= len(block)
        yield block


def _holds(held: Held) -> bool:
    with db.reading() as conn:
        return readings.holds(conn, held.id, held.fence)


def _finish(task_id: str, held: Held, actor: Actor) -> None:
    """Judge the whole file and stage it; one that is refused does not stay."""
    if held.result is not None:
        return
    growing = Growing(_store(), held.storage_id)
    try:
        with growing.open() as file:
            media_type = _judged(
                held.document.id, lambda: judge(file, held.name, held.document.accept)
            )
        stored = growing.finish(held.length)
        arrived = Arrived(
            document=held.document.id, name=held.name, size=stored.size, sha256=stored.sha256,
            media_type=media_type, storage_id=stored.id,
        )  # fmt: skip
        result = uploads.finish(held.id, held.fence, arrived, actor=actor)
    except Faulty:
        if pieces.give_up(task_id, held.id, actor=actor) is not None:
            growing.delete()
            _store().delete(held.storage_id)
        raise
    if result == "repeated":
        _store().delete(held.storage_id)


# Words of the protocol


def _metadata() -> Iterator[tuple[str, str]]:
    """The pairs of ``Upload-Metadata``: a key, a space, its value in Base64."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _space, value = pair.strip().partition(" ")
        try:
            yield key, base64.b64decode(value, validate=True).decode()
        except ValueError:  # no Base64, no UTF-8, or letters that no header has
            raise NotTus(400, _("The name of a file came in letters that can’t be read.")) from None


def _number(header: str) -> int:
    sent = request.headers.get(header, "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 16):
        raise NotTus(400, f"{header} is a whole number of bytes.")
    return int(sent)


def _checksum() -> "tuple[str, bytes] | None":
    sent = request.headers.get("Upload-Checksum")
    if sent is None:
        return None
    name, _, digest = sent.partition(" ")
    if name not in _ALGORITHMS:
        raise NotTus(400, f"Checksums are taken as {' or '.join(_ALGORITHMS)}.")
    try:
        return name, base64.b64decode(digest, validate=True)
    except ValueError:
        raise NotTus(400, "A checksum comes in Base64.") from None


def _judged(document: str, judging: Callable[[], Any]) -> Any:
    try:
        return judging()
    except TypeFault as fault:
        raise Faulty.one(document, fault.sentence) from None


def _expiry(row: Any) -> dict[str, str]:
    return {"Upload-Expires": http_date(row.moved_at + KEEP_UPLOADS)} if not row.result else {}


def _result(row: Any) -> dict[str, str]:
    return {"Upload-Result": row.result} if row.result else {}


def _refusal(error: PortalError) -> Response:
    """A sentence, and where the piece should have begun if that is the trouble."""
    said = " ".join(one.message for one in error.faults) if isinstance(error, Faulty) else None
    status = error.answer if isinstance(error, NotTus) else error.status
    response = Response(said or error.sentence, status=status, mimetype="text/plain")
    response.headers["Tus-Resumable"] = response.headers["Tus-Version"] = _VERSION
    if isinstance(error, pieces.Elsewhere):
        response.headers["Upload-Offset"] = str(error.reached)
    return response


def _store() -> Store:
    return Store(settings().storage_dir)
