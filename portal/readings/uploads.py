"""Files on their way: how far each one is, and what its pieces were."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.errors import Unknown
from portal.language import gettext as _
from portal.models import Piece, Upload

_COMING = sa.select(
    Upload.id, Upload.document, Upload.name, Upload.length, Upload.reached, Upload.moved_at
)


def coming(conn: Connection, task_id: str) -> Sequence[Any]:
    """What has arrived in part for a task, in the order it was begun."""
    which = (Upload.task_id == task_id, Upload.result.is_(None), Upload.reached > 0)
    return conn.execute(_COMING.where(*which).order_by(Upload.id)).all()


def one(conn: Connection, task_id: str, upload_id: str) -> Any:
    """The row of a file on its way, also shortly after it is whole; Unknown for any other."""
    ours = (Upload.id == upload_id, Upload.task_id == task_id)
    row = conn.execute(sa.select(*Upload.__table__.columns).where(*ours)).one_or_none()
    if row is None:
        raise Unknown(_("There is no such file on its way."))
    return row


def holds(conn: Connection, upload_id: str, fence: int) -> bool:
    """Whether the request with that fence is still the one that goes on with the file."""
    ours = (Upload.id == upload_id, Upload.fence == fence)
    return conn.execute(sa.select(Upload.id).where(*ours)).first() is not None


def pieces(conn: Connection, upload_id: str) -> Sequence[Any]:
    """The pieces that arrived (``end``, ``sha256``), first to last, without a gap."""
    query = sa.select(Piece.end, Piece.sha256).where(Piece.upload_id == upload_id)
    return conn.execute(query.order_by(Piece.start)).all()
