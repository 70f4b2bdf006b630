"""The uploaded files that an audit trail carries: their bytes, or why they are not in it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from portal.delivery.pdf import Enclosure
from portal.delivery.storage import Store
from portal.language import gettext as _
from portal.readings import files
from portal.readings.trail import File

_UNSAFE = re.compile(r"[^\w.()+-]+")
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Carried:
    """What stands of one file in its trail: ``told`` on the page, and the enclosure if it is in."""

    told: str
    enclosure: Enclosure | None = None


def of_trail(
    conn: Connection, process_id: str, received: Iterable[File], store: Store
) -> dict[str, Carried]:
    """What became of each file that the ledger names, by its id.

    In goes only what still has the digest that the ledger holds; what the malware scanner
    refused, or has not judged yet, stays out.
    """
    kept = files.of_process(conn, process_id)
    return {one.id: _carried(one, kept.get(one.id), store) for one in received}


def enclosures(carried: dict[str, Carried]) -> Iterator[Enclosure]:
    """What is embedded, in the order in which it came."""
    return (one.enclosure for one in carried.values() if one.enclosure is not None)


def _carried(file: File, kept: files.Kept | None, store: Store) -> Carried:
    if kept is None:
        return Carried(_("not in it: the file is kept no longer"))
    if kept.is_refused:
        return Carried(_("not in it: the malware scanner refused the file"))
    if kept.is_being_checked:
        return Carried(_("not in it: the file was still being checked for malware"))
    digest = file.sha256 or kept.sha256
    if not store.verify(kept.storage_id, digest):
        return Carried(_("not in it: what is stored is not what was received any more"))
    with store.open(kept.storage_id) as stream:
        content = stream.read()
    name = f"event-{file.seq}-{_safe(file.name or 'file')}"
    described = _("Received in event %(seq)s", seq=file.seq)
    media_type = file.media_type or "application/octet-stream"
    return Carried(name, Enclosure(name, content, media_type, described, "Supplement"))


def _safe(name: str) -> str:
    """The name without what could mislead a file system or a reader; its ending is kept."""
    plain = _UNSAFE.sub("_", name).strip("._") or "file"
    return plain if len(plain) <= _LONGEST_NAME else plain[-_LONGEST_NAME:]
