"""Everybody who may come to a door, each with what they hold: a link, a session, a token."""

import hashlib
import io
import re
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import clock, db
from portal.access import links, seats
from portal.actions import (
    doubts,
    handoffs,
    packs,
    pieces,
    questions,
    rooms,
    selections,
    uploads,
    views,
)
from portal.actions import people as verbs
from portal.delivery.storage import Store
from portal.models import ApiToken, FileRow, Link, Question, SavedView, StaffSession, Trouble
from tests import makers, people

STEPS = """\
  - id: details
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}]}
  - id: all
    parallel:
      branches:
        - {name: Papers, steps: [{id: papers, assign: vendor, upload: {documents: [{id: tax, name: Tax}]}}]}
        - {name: Look, steps: [{id: look, assign: buyer, delegate: allowed, task: {}}]}
        - {name: Team, steps: [{id: team, assign: finance, task: {}}]}
        - {name: Sum, steps: [{id: sum, set: {half: 10 / inputs.amount}}]}
        - {name: Wish, steps: [{id: wish, assign: vendor, delegate: ask, task: {}}]}
        - {name: Later, steps: [{id: later, assign: second, task: {}}]}
"""  # noqa: E501
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class World:
    """One process of Dana's in which everything can be done, and what its addresses name."""

    process: str
    names: dict[str, str] = field(default_factory=dict)

    def path(self, rule: str) -> str:
        """The address of a rule; ``look``, ``team`` … stand for the task of that step."""
        return re.sub(r"<(?:path:)?(\w+)>", lambda found: self.names[found[1]], rule)


def new_world(app: Flask) -> World:
    """A process at work: an answer, a file, open tasks, two exceptions, a token."""
    head = makers.HEAD + "review_every: 90 days\n"
    process = makers.start(STEPS, head=head, inputs={"amount": "0"})
    details = makers.task(process, "details")
    makers.fill(process, company="Sea")
    papers = makers.task(process, "papers")
    stored = Store(app.config["SETTINGS"].storage_dir).put(io.BytesIO(PDF), max_bytes=1000)
    arrived = uploads.Arrived(
        document="tax", name="tax.pdf", size=len(PDF), sha256=stored.sha256,
        media_type="application/pdf", storage_id=stored.id,
    )  # fmt: skip
    wish = makers.task(process, "wish")
    handoffs.delegate(wish.id, people.OTTO, "He knows.", actor=makers.actor_of(wish))
    questions.ask(papers.id, "Which year?", actor=makers.actor_of(papers))
    questions.block(wish.id, "My access is shut.", actor=makers.actor_of(wish))
    doubt = doubts.tell(papers.id, "There is no such paper.", actor=makers.actor_of(papers))
    uploads.stage(papers.id, [arrived], actor=makers.actor_of(papers))
    begun = pieces.begin(papers.id, "tax", "tax.pdf", 9, actor=makers.actor_of(papers))
    verbs.make_token("spare", "dana@example.com", False, actor=people.staff("ada"))
    [trouble] = makers.rows(Trouble, process_id=process, step="sum")
    kept = makers.rows(SavedView, user_id="dana", page="processes")
    view = kept[0].id if kept else views.keep("processes", "Mine", {}, actor=people.staff("dana"))
    pack = packs.draft(packs.Plan("Mine"), [process], actor=people.staff("dana"))
    room = room_of(process)
    batch = selections.plan("remind", [process], actor=people.staff("dana"))
    names = {
        "size": "9",
        "old": "8",
        "new": "9",
        "process_id": process, "details": details.id, "papers": papers.id, "task_id": papers.id,
        "look": makers.task(process, "look").id, "team": makers.task(process, "team").id,
        "wish": wish.id, "stuck": wish.id,
        "question_id": makers.rows(Question, task_id=papers.id)[0].id,
        "file_id": makers.rows(FileRow, task_id=papers.id)[0].id, "key": "demo", "role": "second",
        "exception_id": trouble.id, "trouble_id": trouble.id,
        "token_id": makers.rows(ApiToken, name="spare")[-1].id, "token": token_of(papers),
        "session_id": session_of("olga"), "passkey_id": "none",
        "upload_id": begun.id, "name": "go", "release": "x", "user_id": "olga", "doubt_id": doubt,
        "what": "steps", "batch_id": batch, "n": "1", "pack_id": pack, "view_id": view,
        "grant_id": "none",
        "page": "keeping",
        "room_id": room, "room": links.mint(room, 1),
        "hold_id": "no-such-hold", "sample_id": "none", "erasure_id": "none", "asked_id": "none",
    }  # fmt: skip
    return World(process, names)


def room_of(process: str) -> str:
    """A room for an auditor who may read one process; its id."""
    day = clock.now().date().isoformat()
    typed = {"purpose": "ISO 9001", "auditor": "Ines", "email": "ines@audit.example",
             "from": day, "to": day, "processes": process}  # fmt: skip
    return rooms.open_room(typed, {}, tz="UTC", actor=people.staff("ada"))


def session_of(name: str) -> str:
    """A browser in which somebody else is signed in; the session's id."""
    with db.transaction() as tx:
        seats.begin(tx, name, "password", ip=None, agent=None)
    return str(makers.rows(StaffSession, user_id=name)[-1].id)


def token_of(task: Any) -> str:
    """The token in the mail about a task."""
    row = sorted(makers.rows(Link, task_id=task.id), key=lambda one: one.made_at)[-1]
    return links.mint(row.id, row.generation)


@dataclass
class Caller:
    """One who calls: a browser with its cookies, or a program with its token."""

    client: FlaskClient
    page: str | None = None
    """Where their own forms are: what a browser sends with each of its posts stands there."""
    bearer: str | None = None
    shown: str | None = None
    """That page, once it was fetched: its controls are good for as long as the session."""

    def call(self, method: str, path: str, typed: dict[str, Any]) -> TestResponse:
        """Ask for a page, or send a form with the hidden controls of a page of their own."""
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        if method == "GET":
            return self.client.get(path, headers=headers)
        if path.startswith("/api/"):
            return self.client.open(path, method=method, headers=headers, **typed)
        data = {**self._hidden(path), **typed}
        if token := self._token_of_uploads():
            headers["X-CSRF-Token"] = token
        return self.client.open(path, method=method, data=data, headers=headers, content_type=_FORM)

    def _token_of_uploads(self) -> str | None:
        """What the page's script sends with the pieces of a file."""
        found = _TOKEN.search(self._own_page())
        return found[1] if found else None

    def _hidden(self, path: str) -> dict[str, str]:
        """The hidden controls of the page at the same address, else of a page of their own."""
        found = _HIDDEN.findall(self.client.get(path).text)
        return dict(reversed(found or _HIDDEN.findall(self._own_page())))

    def _own_page(self) -> str:
        if self.shown is None:
            self.shown = self.client.get(self.page).text if self.page else ""
        return self.shown


_FORM = "multipart/form-data"
_TOKEN = re.compile(r'data-token="([^"]*)"')
_HIDDEN = re.compile(r'name="(_csrf|_nonce)" value="([^"]*)"')


def by_link(app: Flask, task: Any) -> Caller:
    """Somebody outside who pressed the button behind the link to a task."""
    client, page = app.test_client(), f"/w/{task.id}"
    assert Caller(client, page).call("POST", f"/t/{token_of(task)}", {}).status_code == 303
    return Caller(client, page)


def at_the_desk(app: Flask, name: str) -> Caller:
    """A member of staff who is signed in."""
    secret = f"secret-{db.new_id()}"
    row = {
        "id": db.new_id(), "user_id": name, "started_at": clock.now(), "seen_at": clock.now(),
        "ended_at": None, "ip": None, "agent": None,
        "secret_sha256": hashlib.sha256(secret.encode()).hexdigest(),
    }  # fmt: skip
    with db.transaction() as tx:
        tx.execute(sa.insert(StaffSession), row)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
    return Caller(client, page="/")


def by_token(app: Flask, name: str, *, is_system: bool = False) -> Caller:
    """A program with a token of one of the staff."""
    email = f"{name}@example.com"
    token = verbs.make_token(name, email, is_system, actor=people.staff("ada"))
    return Caller(app.test_client(), bearer=token)
