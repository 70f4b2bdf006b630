"""``/.well-known/portal-ledger``: the key that checkpoints are signed with, and what it signed.

Anyone may read it and keep it: whoever holds an older checkpoint can tell whether the ledger
was rewritten since, and here is the proof that it was not.
"""

from flask import Blueprint, Response, current_app, jsonify

from portal import db
from portal.readings import export

doors = Blueprint("wellknown", __name__)
_SIZE = "int(min=1,max=2147483647)"


@doors.get("/.well-known/portal-ledger")
def portal_ledger() -> Response:
    """The public key as ``portal verify --key`` takes it, what seals trails, the newest note.

    The second line is there once a trail could be sealed: the SHA-256 of the certificate.
    """
    with db.reading() as conn:
        note = export.checkpoint(conn)
    certificate = current_app.extensions["certificate"]()
    seals = f"\nseal-certificate-sha256 {certificate.fingerprint}" if certificate else ""
    return _plain(f"{_key()}{seals}\n\n{note or ''}")


@doors.get("/.well-known/portal-ledger/keys")
def keys() -> Response:
    """The public key of today, then every change of keys so far, signed by old and new."""
    return _plain(f"{_key()}\n\n{current_app.extensions['handovers']()}")


@doors.get("/.well-known/portal-ledger/checkpoint")
def newest() -> Response:
    """The newest signed note alone."""
    return _checkpoint(None)


@doors.get(f"/.well-known/portal-ledger/checkpoint/<{_SIZE}:size>")
def checkpoint(size: int) -> Response:
    """The signed note over the tree of that size, where one was signed."""
    return _checkpoint(size)


@doors.get(f"/.well-known/portal-ledger/consistency/<{_SIZE}:old>/<{_SIZE}:new>")
def consistency(old: int, new: int) -> Response:
    """The proof that the newer of two checkpoints only adds to the older."""
    with db.reading() as conn:
        proof = export.consistency(conn, old, new)
    if proof is None:
        return _plain("There is no checkpoint of one of these sizes, the smaller first.\n", 404)
    return jsonify(proof)


def _checkpoint(size: int | None) -> Response:
    with db.reading() as conn:
        note = export.checkpoint(conn, size)
    if note is None:
        return _plain("There is no checkpoint of that size.\n", 404)
    return _plain(note)


def _key() -> str:
    return str(current_app.extensions["seal"]().public_key)


def _plain(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/plain")
