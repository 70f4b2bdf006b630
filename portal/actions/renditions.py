"""Owing a file the pictures that are shown of it; a worker makes them (``tasks/renditions``)."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import Tx, action
from portal.ledger import outbox
from portal.models import FileRow
from portal.models.files import SHOWN


def owed(
    tx: Tx, process_id: str, file_id: str, media_type: str, occasion: str = "arrived"
) -> list[dict[str, Any]]:
    """What ``outbox.put`` takes for a file: its pictures, once an occasion; none of most kinds."""
    if media_type not in SHOWN:
        return []
    ref, once = {"file": file_id}, f"show:{file_id}:{occasion}"
    return [outbox.row("file.show", ref, once=once, process_id=process_id, now=tx.now)]


@action
def owe(tx: Tx, file_ids: Sequence[str]) -> None:
    """Owe these files their pictures anew: of some they were lost, or never made. Once a day."""
    columns = (FileRow.process_id, FileRow.id, FileRow.media_type)
    rows = tx.execute(sa.select(*columns).where(FileRow.id.in_(file_ids))).all()
    today = f"{tx.now:%Y-%m-%d}"
    anew = [owed(tx, row.process_id, row.id, row.media_type, today) for row in rows]
    outbox.put(tx, [row for one in anew for row in one])
