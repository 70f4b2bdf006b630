"""Ledgers made through the real door, for tests to read, export and tamper with."""

import json
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.actor import Actor, system
from portal.delivery.seal import Seal
from portal.ledger import catalogue as c
from portal.ledger import checkpoints, record
from portal.ledger.tables import Disclosure, Entry

DIGEST = "5" * 64
LINK = "9f2b11aa"
ENGINE = system("engine")


def tell(process: str, vera: Actor) -> list[record.Recorded]:
    """A whole process: form, file, changes asked for, second round, approval, end."""
    dana = Actor(kind="staff", id="u1", name="Dana", via="page", auth="password", user_id="u1")
    events: list[tuple[c.Event, Actor]] = [
        (_started(), dana),
        (_opened("t1", 1, "form"), ENGINE),
        (c.LinkSent(task="t1", link=LINK, mail="m1", to="vera@vendor.example"), ENGINE),
        (c.LinkEntered(task="t1", link=LINK), vera),
        (c.FormSubmitted(task="t1", step="details", round=1, answers={"iban": "DE02"}), vera),
        (_opened("t2", 1, "upload"), ENGINE),
        (_file(), vera),
        (c.UploadSubmitted(task="t2", step="papers", round=1, files=["f1"]), vera),
        (_opened("t3", 1, "approval"), ENGINE),
        (_changes(), dana),
        (_opened("t4", 2, "form"), ENGINE),
        (c.FormSubmitted(task="t4", step="details", round=2, answers={"iban": "DE03"}), vera),
        (_opened("t5", 2, "approval"), ENGINE),
        (c.ApprovalApproved(task="t5", step="check", round=2, comment="Fine — thank you"), dana),
        (c.ProcessCompleted(), ENGINE),
    ]
    with db.transaction() as tx:
        opened = record.begin_chain(tx, process, DIGEST, definition="vendor")
        return [opened.add(event, actor=actor) for event, actor in events]


def _started() -> c.Event:
    return c.ProcessStarted(
        definition="vendor", version=1, digest=DIGEST, participants={"vendor": "p3"},
        title="Onboard Müller & Söhne", people={"vendor": {"name": "Vera", "email": "v@x.example"}},
    )  # fmt: skip


def _opened(task: str, round_: int, kind: str) -> c.Event:
    return c.TaskOpened(task=task, step=kind, round=round_, kind=kind, name=kind, assignee="p3")


def _file() -> c.Event:
    return c.FileReceived(
        task="t2", file="f1", document="w9", scan="not scanned", file_name='"x".pdf',
        sha256="ab" * 32, size=12,
    )  # fmt: skip


def _changes() -> c.Event:
    return c.ApprovalChangesRequested(
        task="t3", step="check", round=1, items=["details.iban"], comment="Wrong IBAN"
    )


def anchored(process: str, seal: Seal, seq: int | None = None) -> None:
    """Have a checkpoint cover a process."""
    with db.transaction() as tx:
        checkpoints.anchor(tx, seal, process, seq)


def exported(process: str, upto: int | None = None) -> list[dict[str, Any]]:
    """The export as parsed lines."""
    with db.reading() as conn:
        entries = sa.select(Entry.seq, Entry.hash, Entry.body).where(Entry.log == process)
        lines = [
            {"seq": row.seq, "hash": row.hash, "body": row.body, "disclosed": {}}
            for row in conn.execute(entries.order_by(Entry.seq))
            if upto is None or row.seq <= upto
        ]
        table = Disclosure.__table__
        for row in conn.execute(sa.select(table).where(table.c.log == process)).mappings():
            if row["seq"] < len(lines):
                value = {"salt": row["salt"].hex(), "value": json.loads(row["value"])}
                lines[row["seq"]]["disclosed"][row["field"]] = value
        return lines + [json.loads(line) for line in checkpoints.export(conn, process, upto)]


def as_bytes(lines: list[dict[str, Any]]) -> list[bytes]:
    """Parsed lines as a file has them."""
    return [json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines]
