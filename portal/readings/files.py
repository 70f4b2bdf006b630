"""What is stored: every name a row speaks of, and the files that nobody needs any more."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import FileRow, Pack, PackPart, Task, Trail, Upload
from portal.models.files import BEING_CHECKED, REFUSED, SHOWN


def stored(conn: Connection) -> set[str]:
    """The storage ids of all files, trails and packs, and of what is still on its way."""
    trails = sa.select(Trail.storage_id).where(Trail.storage_id.is_not(None))
    coming = sa.select(Upload.storage_id).where(Upload.result.is_(None))
    packs = [
        sa.select(one.storage_id).where(one.storage_id.is_not(None)) for one in (Pack, PackPart)
    ]
    every = sa.select(FileRow.storage_id).union_all(trails, coming, *packs)
    found = conn.execute(every).scalars()
    return {str(id_) for id_ in found}


def unwanted(conn: Connection, limit: int) -> Sequence[str]:
    """Ids of files that were taken back, or came for a task that was closed without them."""
    query = (
        sa.select(FileRow.id)
        .join(Task, Task.id == FileRow.task_id)
        .where(
            sa.or_(
                # What the scanner refused is told on the page while its task is open.
                sa.and_(
                    FileRow.state == "dropped",
                    sa.or_(FileRow.scan != "refused", Task.state != "open"),
                ),
                sa.and_(FileRow.state == "staged", Task.state != "open"),
            )
        )
        .limit(limit)
    )
    return conn.execute(query).scalars().all()


_ONE = (FileRow.id, FileRow.storage_id, FileRow.media_type, FileRow.sha256)


def one(conn: Connection, file_id: str) -> Any:
    """Where a file's bytes are (``storage_id``), what they are, and their digest; or ``None``."""
    return conn.execute(sa.select(*_ONE).where(FileRow.id == file_id)).first()


class Kept(NamedTuple):
    """Where a file's bytes are, and what the malware scanner said."""

    storage_id: str
    sha256: str
    is_refused: bool
    is_being_checked: bool


def of_process(conn: Connection, process_id: str) -> Mapping[str, Kept]:
    """Every file of a process that is kept, by its id."""
    query = sa.select(FileRow.id, FileRow.storage_id, FileRow.sha256, FileRow.scan)
    rows = conn.execute(query.where(FileRow.process_id == process_id))
    return {
        row.id: Kept(row.storage_id, row.sha256, row.scan == REFUSED, row.scan == BEING_CHECKED)
        for row in rows
    }


def to_show(conn: Connection, after: str, limit: int) -> Sequence[Any]:
    """Files of which pictures are shown, whoever can still see them, in the order they arrived."""
    query = sa.select(*_ONE).where(
        FileRow.id > after,
        FileRow.media_type.in_(SHOWN),
        FileRow.state != "dropped",
        FileRow.scan.not_in((BEING_CHECKED, REFUSED)),
    )
    return conn.execute(query.order_by(FileRow.id).limit(limit)).all()
