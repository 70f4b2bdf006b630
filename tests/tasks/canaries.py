"""A process with a canary in everything that somebody can write, and a scan for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from portal import db
from portal.access import links as access
from portal.actions import (
    changes,
    declines,
    doubts,
    drafts,
    links,
    mine,
    preferences,
    processes,
    questions,
    signals,
    signatures,
    tasks,
    uploads,
    views,
)
from portal.actor import Actor
from portal.db import Base
from portal.delivery.storage import Store
from portal.models import Participant, Question
from tasks import relay
from tests import makers, people

MARK = "zqx"
WHO = {"email": f"{MARK}vera@bounce.example", "name": f"{MARK}vera {MARK}name"}
OTHER = {"email": "otto@other.example", "name": "Otto Quist"}
DANA = people.staff("dana")

HEAD = """\
key: demo
name: Demo
title: "Onboard {{ inputs.company }}"
owner: dana@example.com
roles:
  vendor: {kind: external, name: Vendor}
  other: {kind: external, name: Other}
  buyer: {kind: staff, name: Buyer}
inputs:
  - {id: company, type: text, label: Company}
  - {id: amount, type: number, label: Amount}
"""
STEPS = """\
  - id: details
    name: "Details of {{ participants.vendor.name }}"
    assign: vendor
    due: 2 days
    form:
      fields:
        - {id: iban, type: text, label: IBAN}
        - {id: story, type: multiline, label: Story}
        - {id: people, type: table, label: People, columns: [{id: name, type: text, label: Name}]}
  - id: told
    wait: {signal: ready}
  - id: sums
    set: {both: "steps.details.iban + inputs.company"}
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence, accept: [pdf]}]}
  - id: check
    assign: buyer
    approval: {question: "Is {{ inputs.company }} right?", show: [details],
               on_changes: {return_to: details}}
  - id: agree
    assign: vendor
    verify: link
    sign: {statement: "I am {{ participants.vendor.name }}."}
  - id: note
    assign: vendor
    task: {}
  - id: thanks
    message: {to: [vendor, other], subject: "Thanks {{ participants.vendor.name }}",
              body: "For {{ steps.details.iban }}"}
  - id: last
    assign: other
    form: {fields: [{id: word, type: text, label: Word}]}
"""


def mark(what: str) -> str:
    """A canary that says where it was put."""
    return f"{MARK}-{what}"


def live(store: Store) -> str:
    """A process that is lived through to its end, with a canary in everything; its id."""
    process = makers.start(
        STEPS,
        head=HEAD,
        vendor=WHO,
        participants={"other": OTHER, "buyer": {"email": "dana@example.com", "name": "Dana"}},
        inputs={"company": mark("company"), "amount": "12"},
        reference=mark("reference"),
    )
    relay.carry_out_here()  # bounces, and opens an exception that quotes the address
    _talk(process)
    _answer(process)
    signals.send(process, "ready", {mark("key"): mark("signal")}, actor=DANA)
    signals.send(process, "never", mark("kept signal"), actor=DANA)
    _send(process, store)
    makers.decide(process, "request_changes", "check", comment=mark("comment"),
                  items=["details.iban"])  # fmt: skip
    _answer(process)
    signals.send(process, "ready", None, actor=DANA)
    changes.add_step(
        process, f"id: extra\nname: {mark('step')}\nassign: vendor\ntask: {{}}", mark("why"),
        after="check", actor=DANA,
    )  # fmt: skip
    makers.decide(process, "approve", "check", comment=mark("praise"))
    makers.tick(process, "extra", mark("ticked"))
    one = makers.task(process, "agree")
    with db.reading():
        signatures.sign(one.id, WHO["name"], True, nonce=db.new_id(), actor=makers.actor_of(one))
    makers.tick(process, "note", mark("note"))
    makers.fill(process, "last", word=f"I know {WHO['name']}")
    relay.carry_out_here()
    assert makers.process(process).state == "completed"
    return process


def beside(process: str) -> None:
    """What the house keeps of the person beside the process."""
    preferences.choose_language("de", email=WHO["email"])
    mine.ask_for_link(WHO["email"], ip=None)
    views.keep("tasks", WHO["name"], {"q": WHO["email"]}, actor=DANA)


def _talk(process: str) -> None:
    one = makers.task(process, "details")
    vera = makers.enter(one)
    questions.ask(one.id, mark("question"), nonce=db.new_id(), actor=vera)
    [thread] = makers.rows(Question, task_id=one.id)
    questions.answer(thread.id, mark("answer"), actor=DANA)
    questions.block(one.id, mark("blocked"), nonce=db.new_id(), actor=vera)
    questions.unblock(one.id, mark("unblocked"), actor=DANA)
    doubt = doubts.tell(one.id, mark("doubt"), nonce=db.new_id(), actor=vera)
    doubts.settle(doubt, mark("settled"), actor=DANA)
    processes.comment(process, f"{WHO['name']} called.", actor=DANA)
    drafts.keep(one.id, {"story": [mark("draft")]}, actor=vera)
    declines.decline(one.id, mark("declined"), actor=vera)
    links.revoke(one.id, mark("revoked"), actor=DANA)
    tasks.reassign(one.id, OTHER, mark("reassigned"), actor=DANA)
    tasks.reassign(one.id, WHO, mark("reassigned back"), actor=DANA)


def _answer(process: str) -> None:
    makers.fill(process, iban=mark("iban"), story=mark("story"), people=[{"name": mark("row")}])


def _send(process: str, store: Store) -> None:
    one = makers.task(process, "papers")
    kept = store.put(_Stream(f"%PDF {mark('content')}".encode()), max_bytes=1000)
    pictures = store.pictures(kept.id)
    pictures.mkdir(parents=True)
    (pictures / "1.txt").write_text(mark("picture"))
    arrived = uploads.Arrived(
        document="licence", name=f"{mark('file')}.pdf", size=kept.size, sha256=kept.sha256,
        media_type="application/pdf", storage_id=kept.id,
    )  # fmt: skip
    uploads.stage(one.id, [arrived], actor=makers.actor_of(one))
    uploads.submit(one.id, nonce=db.new_id(), actor=makers.actor_of(one))


class _Stream:
    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, size: int, /) -> bytes:
        some, self._left = self._left[:size], self._left[size:]
        return some


def in_database() -> list[str]:
    """Every column of every table in which a canary still stands."""
    found = []
    with db.reading() as conn:
        for table in Base.metadata.sorted_tables:
            for row in conn.execute(sa.select(table)).mappings():
                found += [
                    f"{table.name}.{name}: {str(value)[:90]}"
                    for name, value in row.items()
                    if MARK in _text(value).casefold()
                ]
    return found


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return json.dumps(value, ensure_ascii=False, default=str)


def on_disk(folder: Path) -> Iterator[str]:
    """Every file, by its name or in its bytes, in which a canary still stands."""
    for path in folder.rglob("*"):
        if MARK in path.name or (path.is_file() and MARK.encode() in path.read_bytes().lower()):
            yield str(path)


def actor_named(process: str, email: str) -> Actor:
    """Somebody outside, as they come back later."""
    [person] = makers.rows(Participant, process_id=process, email=email)
    return people.guest(person.id, {"email": email, "name": person.name})


def token(link: Any) -> str:
    """The token of a link."""
    return access.mint(link.id, link.generation)
