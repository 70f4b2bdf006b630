"""What the benchmark drives: a portal with people, processes, open links and signed-in staff.

Everything is made by the product's own verbs; only bulk that nobody looks at is copied.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock, db
from portal.access import links, sessions
from portal.actions import approvals, forms, processes, stretches, uploads
from portal.definition.fields import JsonSent
from portal.ledger import outbox
from portal.ledger.tables import Entry, Head
from portal.models import Follower, Link, Process, StaffSession, Stretch, Task, Told
from portal.prepared import prepared
from portal.settings import Settings
from tests import makers, people

_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_NAME, _VALUE = re.compile(r'name="([^"]*)"'), re.compile(r'value="([^"]*)"')

# Eight server transactions and ten steps, the start and the end included: the process that the
# peers run. Neither of them knows a date, a reminder or a message: those are measured apart.
TEN_STEPS = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: mail, type: email, label: E-mail}
        - {id: amount, type: number, label: Amount, required: false}
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence}]}
  - id: review
    assign: buyer
    approval: {question: Complete?, show: [details, papers], on_changes: {return_to: papers}}
  - id: board
    assign: [buyer, second]
    approval: {question: Agreed?, needs: all}
  - id: note
    set: {result: 'steps.details.company'}
"""

# The same as it is run: with due dates, reminders by working days, and a message at its end.
DATED_STEPS = (
    TEN_STEPS.replace("    form:", "    due: 3 days\n    remind: [1 day before]\n    form:")
    .replace("    upload:", "    due: 3 days\n    upload:")
    .replace("    approval: {question: C", "    due: 2 days\n    approval: {question: C")
    + "  - id: thanks\n"
    "    message: {to: [vendor], subject: Thank you, body: We are done.}\n"
)

# One task after the other, sent back for ever: what growth is measured on.
LOOP = """\
  - id: details
    assign: vendor
    due: 3 days
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: review
    assign: buyer
    due: 2 days
    approval: {question: Well?, on_changes: {return_to: details}}
"""

# Reminded two days after it opened, by the hour and so at any hour.
REMINDED = """\
  - id: details
    assign: vendor
    due: 120 hours
    remind: [72 hours before]
    form: {fields: [{id: company, type: text, label: Company}]}
"""

# One file, as large as may be.
LARGE = """\
  - id: papers
    assign: vendor
    upload: {documents: [{id: film, name: Film, max_size: 5 GB}]}
"""

# A page like those that suppliers get: a dozen questions of all kinds.
QUESTIONS = """\
  - id: details
    assign: vendor
    due: 3 days
    instructions: Please tell us who you are. It takes **two minutes**.
    form:
      fields:
        - {id: company, type: text, label: Company}
        - {id: street, type: text, label: Street}
        - {id: city, type: text, label: City}
        - {id: mail, type: email, label: E-mail}
        - {id: since, type: date, label: In business since, required: false}
        - {id: people, type: number, label: Employees, required: false}
        - {id: eu, type: yes_no, label: Is it in the EU?}
        - {id: note, type: multiline, label: Anything else, required: false}
  - id: review
    assign: buyer
    due: 2 days
    approval: {question: Complete?, show: [details], on_changes: {return_to: details}}
"""
ANSWERS = {
    "company": "Sea & Sons", "street": "Pier 7", "city": "Bergen", "mail": "vera@vendor.example",
    "since": "1999-05-01", "people": "12", "eu": "no", "note": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a side runs: a folder, databases of its own, a Redis where the case asks for one.

    ``url`` has the product's schema and nobody in it; ``floor_url`` is an empty database of the
    same kind. ``times`` is how many calls are timed, ``size`` what the case makes of it.
    """

    folder: Path
    url: str
    floor_url: str
    redis_url: str
    times: int
    size: int


def settle(place: Place) -> None:
    """Bind the place's database and put the staff into it."""
    links.configure(("a key of the benchmark that is long enough",), "https://portal.example")
    db.bind(db.Database(place.url))
    people.settle()


def app_at(place: Place) -> Flask:
    """The whole web application over the place's database, with the staff in it."""
    from app import create_app

    settings = {"PORTAL_DATA_DIR": str(place.folder / "data"), "PORTAL_DATABASE_URL": place.url}
    if place.redis_url:
        settings["PORTAL_REDIS_URL"] = place.redis_url
    app = create_app(Settings.load(settings))
    people.settle()
    return app


def night_shift(place: Place) -> Settings:
    """The house opened as a worker opens it, with the staff in it."""
    from tasks import job

    settings = Settings.load(
        {
            "PORTAL_DATA_DIR": str(place.folder / "data"),
            "PORTAL_DATABASE_URL": place.url,
            "PORTAL_REDIS_URL": place.redis_url,
        }
    )
    job.open_house(settings)
    people.settle()
    return settings


def owe(count: int) -> None:
    """So many effects in the outbox, due now."""
    with db.transaction() as tx:
        outbox.put(
            tx,
            [
                outbox.row("mail.invite", {"task": "t"}, once=f"o{n}", process_id=None, now=tx.now)
                for n in range(count)
            ],
        )


def staff_client(app: Flask, name: str = "dana") -> FlaskClient:
    """A browser in which a member of staff is signed in."""
    secret = secrets.token_hex(16)
    row = {
        "id": db.new_id(), "user_id": name, "started_at": clock.now(),
        "seen_at": clock.now(), "ended_at": None, "ip": None, "agent": None,
        "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
    }  # fmt: skip
    with db.transaction() as tx:
        tx.execute(sa.insert(StaffSession), row)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
    return client


def guest_client(app: Flask, process_id: str) -> tuple[FlaskClient, str]:
    """A browser that entered by the link of the process's open task, and the task's address."""
    task = makers.rows(Task, process_id=process_id, state="open")[0]
    [link] = makers.rows(Link, task_id=task.id)
    with db.transaction() as tx:
        secret = sessions.enter(tx, None, link.id, link.generation)
    client = app.test_client()
    client.set_cookie("portal", secret)
    return client, f"/w/{task.id}"


def hidden(page: str) -> dict[str, str]:
    """The portal's own hidden controls of a page."""
    found = {}
    for control in _HIDDEN.findall(page):
        name, value = _NAME.search(control), _VALUE.search(control)
        if name and value:
            found[name[1]] = value[1]
    return found


def many(count: int) -> None:
    """That many running processes beside each other, copied from one that is real."""
    pattern = makers.process(makers.start(LOOP))._mapping
    rows = [
        {**pattern, "id": db.new_id(), "title": f"Process {n} {secrets.token_hex(4)}"}
        for n in range(count)
    ]
    with db.transaction() as tx:
        for first in range(0, count, 500):
            tx.execute(sa.insert(Process), rows[first : first + 500])


def histories(count: int) -> None:
    """That many running processes with ten stretches and some forty events each, all told.

    One is lived through; the others are copies of it, ledger and stretches included.
    """
    with clock.stopped_at(clock.now() - timedelta(days=20)) as time:
        pattern = makers.start(LOOP)
        for _ in range(5):
            time.advance(days=2)
            makers.fill(pattern, company="Sea")
            time.advance(days=1)
            makers.decide(pattern, "request_changes")
    stretches.follow()
    row = makers.process(pattern)._mapping
    copies = [{**row, "id": db.new_id(), "title": f"Process {n}"} for n in range(count)]
    with db.transaction() as tx:
        for first in range(0, count, 500):
            tx.execute(sa.insert(Process), copies[first : first + 500])
        for table, key in ((Head, "log"), (Entry, "log"), (Stretch, "process_id"),
                           (Told, "process_id")):  # fmt: skip
            columns = [one for one in table.__table__.columns if one.name not in (key, "id")]
            both = sa.join(Process, table, table.__table__.c[key] == pattern)
            copied = sa.select(Process.id, *columns).select_from(both).where(Process.id != pattern)
            names = [key, *(one.name for one in columns)]
            tx.execute(sa.insert(table).from_select(names, copied))
        last = tx.execute(sa.select(sa.func.max(Entry.id))).scalar_one()
        tx.execute(sa.update(Follower).values(upto=last))
    if not db.current().is_sqlite:
        with db.current().engine.connect() as conn:
            conn.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))


def items(count: int) -> str:
    """A process with that many items side by side, each with one task."""
    # The language has no ranges of numbers: the list is written out.
    listed = ", ".join(map(str, range(count)))
    return makers.start(
        f"  - id: every\n    each:\n      in: '[{listed}]'\n      as: one\n"
        "      steps: [{id: ask, assign: buyer, due: 3 days, task: {}}]\n"
    )


def loop(process_id: str) -> None:
    """One round of ``LOOP``: answered, and sent back."""
    makers.fill(process_id, company="Sea")
    makers.decide(process_id, "request_changes")


def long_process(events: int) -> str:
    """A process with at least that many events."""
    process_id = makers.start(LOOP)
    while last_seq(process_id) < events:
        loop(process_id)
    return process_id


def mixed_process(events: int) -> str:
    """As many events, a third of them rounds of work: in a real house mails and notes are most."""
    process_id = long_process(events // 3)
    while last_seq(process_id) < events:
        processes.comment(process_id, "Called them; they are on it.", actor=people.staff("dana"))
    return process_id


def trail(folder: Path, events: int) -> Callable[[], None]:
    """The audit trail of a process with that many events, set and sealed as a worker does it."""
    from portal.delivery import pades
    from portal.delivery.seal import Seal
    from tasks import typeset
    from tests import seals

    seal, certificate = Seal.of(folder), seals.own()
    log = mixed_process(events)
    upto, path = last_seq(log), folder / "trail.pdf"

    def run() -> None:
        with db.reading() as conn:
            typeset.trail(
                conn, log, upto, path, brand="B", tz="UTC", public_key=str(seal.public_key),
                told=seals.TOLD,
            )  # fmt: skip
        pades.seal(path, key=seal, certificate=certificate, at=seals.AT, reason=seals.REASON)

    return run


def last_seq(process_id: str) -> int:
    """The number of the process's last event."""
    with db.reading() as conn:
        return int(conn.execute(sa.select(Head.seq).where(Head.log == process_id)).scalar_one())


_STATE = prepared(sa.select(Process.state).where(Process.id == sa.bindparam("process")))
_OPEN = prepared(
    sa.select(Task.id, Task.participant_id, Task.holder_id)
    .where(Task.process_id == sa.bindparam("process"), Task.state == "open")
    .order_by(Task.id.desc())
)


def _open_task(process_id: str) -> Any:
    with db.reading() as conn:
        return _OPEN.first(conn, {"process": process_id})


def ten_steps() -> None:
    """The whole process of ``TEN_STEPS``, or ``DATED_STEPS``, by its verbs.

    Eight transactions, as in the peers, and one cheap look for each task's id: the file comes
    with the answer, as a page without JavaScript and a program send it.
    """
    dana = people.staff("dana")
    given = {"vendor": people.VERA, "second": people.OTTO}
    process_id = processes.start("demo", inputs={}, participants=given, actor=dana)
    task = _open_task(process_id)
    vera = people.guest(task.participant_id, people.VERA)
    answers = JsonSent({"company": "Sea", "mail": "vera@vendor.example"})
    forms.submit(task.id, answers, nonce=db.new_id(), actor=vera)
    for decision in ("request_changes", "approve"):
        papers = _open_task(process_id).id
        files = [makers.arrived("licence")]
        uploads.submit(papers, arrived=files, nonce=db.new_id(), actor=vera)
        review = _open_task(process_id).id
        approvals.decide(review, decision, "Because.", nonce=db.new_id(), actor=dana)
    while vote := _open_task(process_id):
        otto = people.guest(vote.participant_id, people.OTTO)
        actor = dana if vote.holder_id else otto
        approvals.decide(vote.id, "approve", None, nonce=db.new_id(), actor=actor)
    with db.reading() as conn:
        assert _STATE.first(conn, {"process": process_id}).state == "completed"
