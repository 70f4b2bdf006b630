"""Somebody who read the page of the language alone, and drives processes by the HTTP API.

The whole application over SQLite, the night shift beside it, a real mail server, and a clock
that stands still until ``later`` moves it through every moment at which something is to happen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask

from portal import clock, db
from portal.ledger.tables import Outgoing
from portal.models import Timer
from portal.web.api import entry
from tasks import relay, sweep
from tests.servers import Letter, Smtp

GUESTS = {
    "vera": {"email": "vera@vendor.example", "name": "Vera Vendor"},
    "otto": {"email": "otto@other.example", "name": "Otto Other"},
    "gina": {"email": "gina@guest.example", "name": "Gina Guest"},
}
HEAD = """\
key: {key}
name: Pattern
owner: dana@example.com
roles:
  vendor: {{kind: external, name: Vendor, named_later: true}}
  second: {{kind: external, name: Second, named_later: true}}
  buyer: {{kind: staff, name: Buyer}}
  boss: {{kind: staff, name: Boss}}
  finance: {{kind: staff, name: Finance, team: finance}}
inputs:
  - {{id: n, type: number, label: N, required: false}}
  - {{id: word, type: text, label: Word, required: false}}
  - {{id: when, type: date, label: When, required: false}}
  - {{id: sites, type: table, label: Sites, required: false, min: 0, columns: [{{id: town, type: text, label: Town}}, {{id: size, type: number, label: Size, required: false}}]}}
  - {{id: tags, type: choices, label: Tags, required: false, options: [a, b, c, d]}}
  - {{id: price, type: money, label: Price, required: false, currencies: [EUR, USD]}}
  - {{id: ok, type: yes_no, label: OK, required: false}}
"""  # noqa: E501


@dataclass
class Reader:
    """Writes definitions, starts processes, and answers as whoever is asked."""

    app: Flask
    smtp: Smtp
    tokens: dict[str, str]
    key: str = "pattern"

    def ask(self, method: str, path: str, who: str = "dana", **more: Any) -> Any:
        """The answer of a call, whatever it is."""
        entry.forget_callers()  # the clock stands still, so every call is in one second
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **more.pop("headers", {})}
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)

    def get(self, path: str) -> Any:
        """The JSON of a GET that must go well."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def publish(self, source: str) -> Any:
        """Publish a whole definition, which must be taken."""
        answer = self.ask("POST", "/definitions", data=source.encode())
        assert answer.status_code in (200, 201), answer.text
        return answer.json

    def start(self, steps: str, *, head: str = HEAD, **more: Any) -> "Case":
        """Publish these steps under a head, and start a process of them."""
        self.publish(f"{head.format(key=self.key)}steps:\n{steps}\n")
        return self.start_again(**more)

    def start_again(self, key: str | None = None, **more: Any) -> "Case":
        """Start a process of what was published last, or of a definition by its key."""
        given = {
            "vendor": GUESTS["vera"],
            "buyer": staff("olga"),
            "boss": staff("ada"),
            **more.pop("participants", {}),
        }
        body = {
            "definition": key or self.key,
            "inputs": more.pop("inputs", {}),
            "participants": {role: person for role, person in given.items() if person},
            **more,
        }
        answer = self.ask("POST", "/processes", json=body)
        assert answer.status_code == 201, answer.text
        self.night()
        return Case(self, answer.json["id"])

    def night(self) -> None:
        """Let the night shift do all that is due now, but for the mails."""
        while sweep.ring_due() + relay.carry_out_here(_BUT_MAILS):
            continue

    def send_mails(self) -> None:
        """Send what is to be sent by now, each when it was due."""
        relay.carry_out_here()

    def later(self, **duration: float) -> None:
        """Let time pass; whatever is to happen meanwhile happens at its moment."""
        self.until(clock.now() + timedelta(**duration))

    def until(self, moment: datetime) -> None:
        """Let time pass until a moment."""
        while (following := _next(moment)) is not None:
            self.send_mails()
            clock.Clock().set(following)
            self.night()
        self.send_mails()
        clock.Clock().set(moment)
        self.night()

    def mails(self, who: str) -> list[Letter]:
        """What somebody got so far, oldest first."""
        self.send_mails()
        address = GUESTS[who]["email"] if who in GUESTS else f"{who}@example.com"
        return self.smtp.to(address)


_BUT_MAILS = [one for one in relay.ROUTES if not any("mail." in kind for kind in one.kinds)]


def _next(until: datetime) -> datetime | None:
    """When something is to happen next, after now and before a moment."""
    now = clock.now()
    moments: list[datetime] = []
    with db.reading() as conn:
        for column, among in (
            (Timer.rings_at, sa.true()),
            (Outgoing.due_at, Outgoing.state == "pending"),
        ):
            query = sa.select(sa.func.min(column)).where(column > now, column < until, among)
            moments += [one for one in conn.execute(query).scalars() if one is not None]
    return min(moments, default=None)


def staff(name: str) -> dict[str, str]:
    """A staff participant."""
    return {"email": f"{name}@example.com", "name": name.title()}


@dataclass
class Case:
    """One running process, seen through the API."""

    reader: Reader
    id: str

    @property
    def now(self) -> Any:
        """The process as it is."""
        return self.reader.get(f"/processes/{self.id}")

    @property
    def state(self) -> str:
        """Its state."""
        return str(self.now["state"])

    @property
    def values(self) -> dict[str, Any]:
        """What was computed and saved."""
        return dict(self.now["values"])

    def step(self, name: str) -> Any:
        """What is known of a step."""
        return self.now["steps"].get(name)

    def outcome(self, name: str) -> Any:
        """The outcome of a step; a list for a step of an ``each``."""
        found = self.step(name)
        if isinstance(found, list):
            return [one and one["outcome"] for one in found]
        return found and found["outcome"]

    def tasks(self, step: str | None = None, state: str = "open") -> list[Any]:
        """Its tasks, oldest first."""
        items = self.reader.get(f"/tasks?state={state}&process={self.id}&limit=1000")["items"]
        found = [one for one in items if step in (None, one["step"])]
        return sorted(found, key=lambda one: (one["opened_at"], one["id"]))

    @property
    def open(self) -> list[str]:
        """The steps with open tasks, by name, one for each task."""
        return sorted(one["step"] for one in self.tasks())

    @property
    def waiting(self) -> list[str]:
        """The steps that hold the work, waits and calls among them."""
        return sorted({one["step"] for one in self.now["waiting_for"]})

    def troubles(self, state: str = "open") -> list[Any]:
        """Its exceptions."""
        return list(self.reader.get(f"/exceptions?process={self.id}&state={state}")["items"])

    def events(self, *types: str) -> list[Any]:
        """Its events of those types, or all."""
        items = self.reader.get(f"/processes/{self.id}/events?limit=1000")["items"]
        return [one for one in items if not types or one["type"] in types]

    def try_to(self, step: str | Any, answer: Any = None, who: str | None = None) -> Any:
        """Complete an open task; the answer of the API, whatever it is."""
        task = self.tasks(step)[0] if isinstance(step, str) else step
        body = dict(answer or {})
        email = (task["assignee"] or {}).get("email") or ""
        name = who or email.partition("@")[0]
        if name not in self.reader.tokens:
            name, body = "dana", {**body, "on_behalf": True, "reason": "They asked me to."}
        files = body.pop("files", None)
        if files is not None:
            more: Any = {"data": {**files, **body}, "content_type": "multipart/form-data"}
        else:
            more = {"json": body}
        answered = self.reader.ask("POST", f"/tasks/{task['id']}/complete", name, **more)
        self.reader.night()
        return answered

    def do(self, step: str | Any, answer: Any = None, who: str | None = None) -> Any:
        """Complete an open task, which must go well."""
        answered = self.try_to(step, answer, who)
        assert answered.status_code == 200, answered.text
        return answered.json

    def tick(self, *steps: str | Any) -> None:
        """Tick off to-dos, one after the other."""
        for one in steps:
            self.do(one, {"done": True})

    def decide(self, step: str | Any, decision: str = "approve", who: str | None = None,
               items: Sequence[str] = ()) -> None:  # fmt: skip
        """Decide an approval."""
        self.do(step, {"decision": decision, "comment": "So.", "items": list(items)}, who)

    def signal(self, name: str, **data: Any) -> int:
        """Send a signal; the status of the answer."""
        answer = self.reader.ask("POST", f"/processes/{self.id}/signals/{name}", json=data)
        self.reader.night()
        return int(answer.status_code)

    def cancel(self) -> None:
        """Cancel the process."""
        answer = self.reader.ask("POST", f"/processes/{self.id}/cancel", json={"reason": "Off."})
        assert answer.status_code == 200, answer.text
        self.reader.night()

    def resolve(self, how: str, **more: Any) -> None:
        """Resolve its one open exception."""
        [trouble] = self.troubles()
        body = {"how": how, "reason": "It must go on.", **more}
        answer = self.reader.ask("POST", f"/exceptions/{trouble['id']}/resolve", json=body)
        assert answer.status_code == 200, answer.text
        self.reader.night()


def links(letter: Letter) -> list[str]:
    """The links of the portal in a mail's text."""
    return re.findall(r"https?://\S+?/t/\S+", letter.text)
