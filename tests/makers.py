"""Processes to test with, made by the verbs themselves, so that the ledger is always real."""

import io
import json
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import links as access
from portal.actions import (
    approvals,
    definitions,
    forms,
    messages,
    processes,
    tasks,
    trails,
    uploads,
)
from portal.actions import links as verbs
from portal.actor import Actor
from portal.definition.fields import JsonSent
from portal.delivery.storage import Store
from portal.ledger.tables import Entry, Outgoing
from portal.models import Link, Participant, Process, StepRun, Task, Timer, Trouble
from tests import people

HEAD = """\
key: demo
name: Demo
owner: dana@example.com
roles:
  vendor: {kind: external, name: Vendor}
  second: {kind: external, name: Second vendor, named_later: true}
  buyer: {kind: staff, name: Buyer}
  finance: {kind: staff, name: Finance, team: finance}
inputs:
  - {id: amount, type: number, label: Amount, required: false}
"""
FORM = (
    "  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}"
)


def publish(steps: str, head: str = HEAD) -> None:
    """Publish a definition with the head of these tests and the steps of this text."""
    definitions.publish(f"{head}steps:\n{steps}\n", actor=people.staff("dana"))


def start(steps: str, *, head: str = HEAD, vendor: Any = people.VERA, **more: Any) -> str:
    """Publish and start; the process id. ``vendor`` plays the outside role."""
    publish(steps, head)
    more.setdefault("inputs", {})
    participants = {"vendor": vendor, **more.pop("participants", {})}
    return processes.start("demo", participants=participants, actor=people.staff("dana"), **more)


def start_again(vendor: Any = people.VERA) -> str:
    """Start what was published last once more; the process id."""
    given = {"vendor": vendor}
    return processes.start("demo", inputs={}, participants=given, actor=people.staff("dana"))


def rows(model: Any, **where: Any) -> list[Any]:
    """The rows of a table with those values, in the order of their ids."""
    table = model.__table__
    query = sa.select(table).where(*(table.c[name] == value for name, value in where.items()))
    with db.reading() as conn:
        return list(conn.execute(query.order_by(table.c.id)).all())


def process(process_id: str) -> Any:
    """The process's row."""
    [found] = rows(Process, id=process_id)
    return found


def task(process_id: str, step: str, **where: Any) -> Any:
    """The one task of a step that fits; open, unless said otherwise."""
    where.setdefault("state", "open")
    [found] = rows(Task, process_id=process_id, step=step, **where)
    return found


def runs(process_id: str, step: str) -> list[Any]:
    """The rounds of a step, oldest first."""
    return sorted(rows(StepRun, process_id=process_id, step=step), key=lambda row: row.round)


def troubles(process_id: str, **where: Any) -> list[Any]:
    """The process's exceptions."""
    return rows(Trouble, process_id=process_id, **where)


def timers(process_id: str) -> list[Any]:
    """What is still to ring, earliest first."""
    return sorted(rows(Timer, process_id=process_id), key=lambda row: (row.rings_at, row.kind))


def events(process_id: str, *types: str) -> list[dict[str, Any]]:
    """The bodies of the events, of those types or of all."""
    query = sa.select(Entry.body, Entry.type).where(Entry.log == process_id).order_by(Entry.seq)
    with db.reading() as conn:
        found = conn.execute(query).all()
    return [json.loads(row.body) for row in found if not types or row.type in types]


def types(process_id: str) -> list[str]:
    """The types of all events, oldest first."""
    return [event["type"] for event in events(process_id)]


def owed(process_id: str, *kinds: str) -> list[Any]:
    """The effects owed to the outside, of those kinds or of all."""
    found = rows(Outgoing, process_id=process_id)
    return [row for row in found if not kinds or row.kind in kinds]


def actor_of(one: Any) -> Actor:
    """Whoever a task is for."""
    [person] = rows(Participant, id=one.participant_id)
    if person.kind == "external":
        return people.guest(person.id, {"email": person.email, "name": person.name})
    return people.staff(one.holder_id or "finn")


def fill(process_id: str, step: str = "details", **answers: Any) -> None:
    """Answer an open form as whoever it is for."""
    one = task(process_id, step)
    forms.submit(one.id, JsonSent(answers), nonce=db.new_id(), actor=actor_of(one))


def decide(process_id: str, decision: str = "approve", step: str = "review", **more: Any) -> None:
    """Decide an open approval as whoever it is for."""
    one = more.pop("one", None) or task(process_id, step)
    actor = more.pop("actor", None) or actor_of(one)
    approvals.decide(
        one.id,
        decision,
        more.pop("comment", "Because."),
        more.pop("items", ()),
        nonce=db.new_id(),
        actor=actor,
    )


def tick(process_id: str, step: str, note: str | None = None) -> None:
    """Tick off an open to-do as whoever it is for."""
    one = task(process_id, step)
    tasks.tick(one.id, note, nonce=db.new_id(), actor=actor_of(one))


def arrived(document: str, content: str = "a") -> uploads.Arrived:
    """A file as the door hands it over."""
    return uploads.Arrived(
        document=document,
        name=f"{document}.pdf",
        size=len(content),
        sha256=content[:1] * 64,
        media_type="application/pdf",
        storage_id=db.new_id(),
    )


def enter(one: Any) -> Actor:
    """Come in by the newest link to a task, as the person it was mailed to."""
    link = sorted(rows(Link, task_id=one.id, revoked_at=None), key=lambda row: row.made_at)[-1]
    verbs.enter(access.mint(link.id, link.generation), browser=None, ip=None, agent=None)
    [person] = rows(Participant, id=link.participant_id)
    told = {"email": person.email, "name": person.name or person.email}
    return people.guest(person.id, told, link.id)


def send(process_id: str, step: str, *files: uploads.Arrived) -> None:
    """Send files for an open upload as whoever it is for."""
    one = task(process_id, step)
    if files:
        uploads.stage(one.id, files, actor=actor_of(one))
    uploads.submit(one.id, nonce=db.new_id(), actor=actor_of(one))


def built_trail(
    process_id: str, store: Store, content: bytes = b"%PDF-1.7", spoken: str = "en"
) -> str:
    """An audit trail asked for and built of these bytes; its storage id."""
    trails.ask(process_id, spoken=spoken, actor=people.staff("dana"))
    [owed] = messages.take(100, 30, ("trail.build",))
    kept = store.put(io.BytesIO(content), max_bytes=len(content))
    built = trails.Built(kept.id, kept.sha256, kept.size, "b-b")
    trails.note_built(
        owed.ref["trail"], built, outbox_id=owed.id, fence=owed.fence, instead_of=None
    )
    return kept.id
