"""What is stored: every name a row speaks of, and the files that nobody needs any more."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import FileRow, Task, Trail, Upload


def stored(conn: Connection) -> set[str]:
    """The storage ids of all files and trails, and of what is still on its way."""
    trails = sa.select(Trail.storage_id).where(Trail.storage_id.is_not(None))
    coming = sa.select(Upload.storage_id).where(Upload.result.is_(None))
    found = conn.execute(sa.select(FileRow.storage_id).union_all(trails, coming)).scalars()
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


def storage_id(conn: Connection, file_id: str) -> str | None:
    """The name under which a file's bytes are stored; ``None`` where there is no such file."""
    found = conn.execute(sa.select(FileRow.storage_id).where(FileRow.id == file_id)).scalar()
    return None if found is None else str(found)
