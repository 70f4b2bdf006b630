"""``/.well-known/portal-ledger``: the key that checkpoints are signed with, and the newest one.

Anyone may read it and keep it: whoever holds an older checkpoint can tell whether the ledger
was rewritten since.
"""

from flask import Blueprint, Response, current_app

from portal import db
from portal.readings import export

doors = Blueprint("wellknown", __name__)


@doors.get("/.well-known/portal-ledger")
def portal_ledger() -> Response:
    """The public key in the form ``portal verify --key`` takes, then the newest signed note."""
    with db.reading() as conn:
        note = export.newest_checkpoint(conn)
    key = str(current_app.extensions["seal"].public_key)
    return Response(f"{key}\n\n{note or ''}", mimetype="text/plain")
