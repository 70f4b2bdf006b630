"""Files that people sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base

NOT_SCANNED, BEING_CHECKED, PASSED, REFUSED = "not scanned", "being checked", "passed", "refused"

SHOWN = frozenset(
    ("application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "image/tiff",
     "text/plain", "text/csv")
)  # fmt: skip
"""The media types of which pictures or text are made, to be looked at on a page."""


class FileRow(Base):
    """One stored file.

    ``state``: ``staged`` (arrived, the answer not yet sent), ``received`` (part of an
    answer), ``replaced`` (a later round brought another), ``refused`` (the scanner refused what
    was part of an answer), ``dropped``.
    ``scan``: ``not scanned``, ``being checked``, ``passed`` or ``refused``; a portal without a
    scanner never says that a file passed.
    """

    __tablename__ = "files"
    __table_args__ = (
        sa.Index("ix_files_task", "task_id"),
        sa.Index("ix_files_process", "process_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(sa.ForeignKey("processes.id"))
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("tasks.id"))
    participant_id: Mapped[str] = mapped_column(sa.ForeignKey("participants.id"))
    step: Mapped[str]
    document: Mapped[str]
    name: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    media_type: Mapped[str]
    storage_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    scan: Mapped[str] = mapped_column(default="not scanned")
    arrived_at: Mapped[datetime]


def described(file: Any) -> dict[str, Any]:
    """What expressions read of a file."""
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "type": file.media_type}


def brought(answers: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """What an upload brought, each file described; one that is not among ``files`` is left out."""
    return {
        document: [described(files[id_]) for id_ in ids if id_ in files]
        for document, ids in answers.items()
    }
