"""Who looked at the files of a process, and who downloaded them; for staff and for auditors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import FileRow, Look, Participant, User
from portal.models.looks import SAVED

AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Looked:
    """What one person saw of one file: how many pages or downloads, and when the last time."""

    who: str
    is_staff: bool
    file: str
    is_saved: bool
    times: int
    last_at: datetime


_OF_PROCESS = (
    sa.select(
        Participant.name.label("guest"),
        Participant.email.label("guest_email"),
        User.name.label("user"),
        FileRow.name.label("file"),
        sa.case((Look.how == SAVED, 1), else_=0).label("is_saved"),
        sa.func.count().label("times"),
        sa.func.count(sa.distinct(Look.page)).label("pages"),
        sa.func.max(Look.at).label("last_at"),
    )
    .join(FileRow, FileRow.id == Look.file_id)
    .outerjoin(Participant, Participant.id == Look.participant_id)
    .outerjoin(User, User.id == Look.user_id)
    .where(Look.process_id == sa.bindparam("process"))
    .group_by(
        Participant.id, Participant.name, Participant.email, User.id, User.name, FileRow.id,
        FileRow.name, sa.text("is_saved"),
    )
    .order_by(sa.text("last_at DESC"))
    .limit(AT_MOST)
)  # fmt: skip


def of_process(conn: Connection, process_id: str) -> Sequence[Looked]:
    """Each person and file once for looking and once for downloading, the latest first."""
    return [
        Looked(
            who=row.user or row.guest or row.guest_email or "a program",
            is_staff=row.user is not None,
            file=row.file,
            is_saved=bool(row.is_saved),
            times=row.times if row.is_saved else row.pages,
            last_at=row.last_at,
        )
        for row in conn.execute(_OF_PROCESS, {"process": process_id})
    ]
