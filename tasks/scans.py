"""Has the malware scanner look at the files that arrived."""

from collections.abc import Sequence

import structlog

from portal import db
from portal.actions import messages, scans
from portal.delivery import clamd
from portal.delivery.storage import Store
from portal.errors import Unavailable, Unknown
from portal.ledger.outbox import Claimed
from portal.readings import files
from tasks import queues
from tasks.hold import Held, holding, job_of
from tasks.job import house

log = structlog.get_logger(__name__)


def carry_out(claimed: Sequence[Claimed]) -> None:
    """Have these files judged, each noted as it ends."""
    if not claimed:
        return
    with holding(claimed, queues.TIME_LIMITS["default"]) as held:
        for one in claimed:
            _do(one, held)


def _do(one: Claimed, held: Held) -> None:
    if not held.mine(one.id):
        return
    file_id = one.ref["file"]
    with db.reading() as conn:
        file = files.one(conn, file_id)
    if file is None:
        messages.note_needless(one.id, one.fence)  # it was taken back meanwhile
        return
    try:
        verdict = _look_at(file.storage_id)
    except Unavailable as away:
        log.warning("scan.no_verdict", file=file_id, said=away.sentence)
        scans.note_no_verdict(file_id, away.sentence, one.id, one.fence, one.attempts)
    except Unknown:
        messages.note_needless(one.id, one.fence)
    else:
        scans.note_verdict(file_id, verdict.result, verdict.said, one.id, one.fence)
    held.done(one.id)


def _look_at(storage_id: str) -> clamd.Verdict:
    url = house().clamd_url
    if url is None:
        return clamd.Verdict(clamd.NOT_SCANNED, "there is no scanner any more")
    with Store(house().storage_dir).open(storage_id) as stream:
        return clamd.scan(url, stream)


scan = job_of(carry_out)
