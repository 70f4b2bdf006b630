"""All that is held of one outside person, and of nobody else: for them to have, as JSON and words.

What others wrote is not theirs and stays out, even where it is about the same task.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.language import gettext as _
from portal.ledger.record import ACTOR_PREFIX
from portal.ledger.tables import Entry
from portal.models import (
    DefinitionRow,
    Draft,
    FileRow,
    Mail,
    Participant,
    Preference,
    Process,
    Task,
    addresses,
)
from portal.readings import entries, room_questions, words

_OWN_FACTS = ("name", "email", "ip", "agent")


@dataclass(frozen=True, slots=True)
class Part:
    """One process that somebody takes part in, as ``participants``."""

    process_id: str
    title: str
    definition: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    roles: Sequence[str]
    participants: Sequence[str]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of theirs: ``path`` is where it stands in the archive."""

    path: str
    storage_id: str


def parts(conn: Connection, email: str) -> list[Part]:
    """The processes in which an address takes part as somebody outside, newest first."""
    query = (
        sa.select(
            Participant.id, Participant.role, Process.id.label("process_id"), Process.title,
            DefinitionRow.name.label("definition"), Process.state, Process.started_at,
            Process.ended_at,
        )
        .join(Process, Process.id == Participant.process_id)
        .join(DefinitionRow, DefinitionRow.id == Process.definition_id)
        .where(
            Participant.email == addresses.plain(email), Participant.user_id.is_(None)
        )
        .order_by(Process.started_at.desc(), Process.id, Participant.id)
    )  # fmt: skip
    found: dict[str, list[Any]] = {}
    for row in conn.execute(query):
        found.setdefault(row.process_id, []).append(row)
    return [_part(rows) for rows in found.values()]


def _part(rows: Sequence[Any]) -> Part:
    first = rows[0]
    return Part(
        first.process_id, first.title, first.definition, first.state, first.started_at,
        first.ended_at, [row.role for row in rows if row.role], [row.id for row in rows],
    )  # fmt: skip


def told(conn: Connection, email: str, made_at: datetime) -> tuple[dict[str, Any], list[Attached]]:
    """What is held, in plain JSON, and the files that belong to it."""
    address = addresses.plain(email)
    files: list[Attached] = []
    processes = [_process(conn, part, address, files) for part in parts(conn, address)]
    query = sa.select(Preference.__table__).where(Preference.email == address)
    chosen = conn.execute(query).first()
    other = sa.select(Mail.__table__).where(Mail.to == address, Mail.process_id.is_(None))
    return {
        "about": address,
        "made_at": made_at.isoformat(),
        "processes": processes,
        "audit_rooms": room_questions.of_auditor(conn, address),
        "other_mails": [_mail(row) for row in conn.execute(other.order_by(Mail.id))],
        "preferences": None
        if chosen is None
        else {
            "language": chosen.language,
            "timezone": chosen.timezone,
            "one_mail_a_day": bool(chosen.has_digest),
        },
    }, files


def texts(held: dict[str, Any]) -> dict[str, str]:
    """What stands in the archive beside the files, by name."""
    return {
        "summary.txt": summary(held),
        "data.json": json.dumps(held, ensure_ascii=False, indent=2),
    }


def summary(held: dict[str, Any]) -> str:
    """The same in words, for whoever reads no JSON."""
    whose, day = held["about"], held["made_at"][:10]
    said = [_("What is held of %(email)s, on %(day)s.", email=whose, day=day), ""]
    if not held["processes"]:
        said.append(_("No process has this address among those who take part."))
    for one in held["processes"]:
        said += [_lasted(one), *(f"  {line}" for line in _lines(one)), ""]
    return "\n".join([*said, _("All of it, with every answer, stands in data.json."), ""])


def _lasted(one: dict[str, Any]) -> str:
    began, name = one["started_at"][:10], one["definition"]
    if not one["ended_at"]:
        return _("%(process)s: began on %(day)s, not ended.", process=name, day=began)
    ended = one["ended_at"][:10]
    return _("%(process)s: from %(day)s to %(end)s.", process=name, day=began, end=ended)


def _lines(one: dict[str, Any]) -> Iterator[str]:
    """What there is of one process, a line each."""
    for name in one["names"]:
        yield _("Name: %(name)s", name=name)
    for event in one["events"]:
        yield f"{event['at'][:16]}  {event['type']}"
    for file in one["files"]:
        size = words.size(file["size"])
        yield _("File %(path)s: %(name)s (%(size)s)", path=file["path"], name=file["name"],
                size=size)  # fmt: skip
    for mail in one["mails"]:
        yield _("E-mail of %(when)s: %(subject)s", when=mail["at"][:16], subject=mail["subject"])
    names = {task["task"]: task["name"] for task in one["tasks"]}
    for task in one["drafts"]:
        yield _("Typed for “%(task)s”, not sent yet", task=names.get(task, task))


def _process(conn: Connection, part: Part, address: str, files: list[Attached]) -> dict[str, Any]:
    mine = list(part.participants)
    people = sa.select(Participant.name, Participant.timezone).where(Participant.id.in_(mine))
    named = conn.execute(people).all()
    tasks = conn.execute(
        sa.select(Task.__table__).where(Task.participant_id.in_(mine)).order_by(Task.id)
    ).all()
    drafts = sa.select(Draft.task_id, Draft.typed).where(Draft.participant_id.in_(mine))
    mails = sa.select(Mail.__table__).where(Mail.process_id == part.process_id, Mail.to == address)
    return {
        "process": part.process_id,
        "definition": part.definition,
        "state": part.state,
        "started_at": part.started_at.isoformat(),
        "ended_at": part.ended_at.isoformat() if part.ended_at else None,
        "roles": list(part.roles),
        "names": sorted({row.name for row in named if row.name}),
        "tasks": [
            {
                "task": row.id, "name": row.name, "kind": row.kind, "state": row.state,
                "outcome": row.outcome, "opened_at": row.opened_at.isoformat(),
                "done_at": row.done_at.isoformat() if row.done_at else None,
            }
            for row in tasks
        ],
        "events": _events(conn, part),
        "files": _files(conn, part, files),
        "drafts": {row.task_id: row.typed for row in conn.execute(drafts)},
        "mails": [_mail(row) for row in conn.execute(mails.order_by(Mail.id))],
    }  # fmt: skip


def _events(conn: Connection, part: Part) -> list[dict[str, Any]]:
    """What they did, with the values that they gave."""
    query = entries.query().where(
        Entry.log == part.process_id, Entry.actor_ref.in_(list(part.participants))
    )
    rows = conn.execute(query.order_by(Entry.seq)).all()
    return [
        {
            "seq": one.seq, "at": one.at.isoformat(), "type": one.type,
            "gave": {
                name: shown["value"]
                for name, shown in one.disclosed.items()
                if not name.startswith(ACTOR_PREFIX)
            },
            "from": {
                name: one.disclosed[ACTOR_PREFIX + name]["value"]
                for name in _OWN_FACTS
                if ACTOR_PREFIX + name in one.disclosed
            },
        }
        for one in entries.told(conn, rows)
    ]  # fmt: skip


def _files(conn: Connection, part: Part, files: list[Attached]) -> list[dict[str, Any]]:
    query = sa.select(FileRow.__table__).where(
        FileRow.participant_id.in_(list(part.participants)),
        FileRow.state != "dropped",
        FileRow.scan.in_(("not scanned", "passed")),
    )
    found = []
    for row in conn.execute(query.order_by(FileRow.id)):
        path = f"files/{row.id}"
        files.append(Attached(path, row.storage_id))
        found.append(
            {
                "name": row.name, "size": row.size, "sha256": row.sha256,
                "type": row.media_type, "arrived_at": row.arrived_at.isoformat(), "path": path,
            }
        )  # fmt: skip
    return found


def _mail(row: Any) -> dict[str, Any]:
    return {"at": row.settled_at.isoformat(), "subject": row.subject, "state": row.state}
