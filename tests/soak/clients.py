"""People and programs of a soak: each does their part of the work, whatever breaks meanwhile.

Every answer is noted as it came: ``ok`` (told that it is done), ``fail`` (refused), ``info``
(nobody knows: the line was cut). What was ``ok`` must stand in the ledger afterwards.
"""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from tests.invariants import Acknowledged
from tests.journeys.strangers import Guest, Program
from tests.servers import Portal, Smtp

OWNER = "dana@house.example"
DEFINITION = f"""\
key: soak
name: Soak
owner: {OWNER}
roles:
  vendor: {{kind: external, name: Vendor}}
  buyer: {{kind: staff, name: Buyer}}
steps:
  - id: details
    assign: vendor
    due: 3 days
    form: {{fields: [{{id: company, type: text, label: Company}}]}}
  - id: review
    assign: buyer
    due: 2 days
    approval: {{question: Complete?, show: [details], on_changes: {{return_to: details}}}}
  - id: thanks
    message: {{to: [vendor], subject: Thank you, body: We are done.}}
"""
_PAUSE = 0.3
_TRIES = 40
# What a portal under fire may answer; everything else from 500 up is a bug.
_AWAY = (502, 503, 504)


@dataclass
class History:
    """What clients did and were told, and the answers that nobody should ever get."""

    told: Counter[str] = field(default_factory=Counter)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str, result: str, *, done: Acknowledged | None = None) -> None:
        """One answer, and what it promised."""
        with self.lock:
            self.told[f"{what} {result}"] += 1
            if done is not None:
                self.acknowledged.append(done)

    def judge(self, what: str, answer: requests.Response) -> requests.Response:
        """Hold an answer to the rule that no fault is a server error."""
        if answer.status_code >= 500 and answer.status_code not in _AWAY:
            with self.lock:
                self.wrong.append(f"{what}: {answer.status_code} {answer.text[:300]}")
        return answer


class Client(threading.Thread):
    """Somebody who goes on with their part until they are told to stop."""

    def __init__(self, name: str, over: threading.Event, history: History, random: Random) -> None:
        super().__init__(name=name, daemon=True)
        self.over, self.history, self.random = over, history, random

    def run(self) -> None:
        """One turn after the other; a cut line ends the turn, not the client."""
        while not self.over.wait(_PAUSE * (0.5 + self.random.random())):
            try:
                self.turn()
            except requests.RequestException:
                self.history.note(self.name, "info")

    def turn(self) -> None:
        """Look what there is to do and do one thing."""
        raise NotImplementedError

    def insist(self, what: str, ask: Callable[[], requests.Response]) -> requests.Response | None:
        """Ask until somebody answers; the very same request each time."""
        for _ in range(_TRIES):
            try:
                answer = self.history.judge(what, ask())
            except requests.RequestException:
                self.history.note(what, "info")
            else:
                if answer.status_code not in _AWAY:
                    return answer
            if self.over.wait(_PAUSE):
                return None
        return None


class Starter(Client):
    """A program that starts processes, each with a key that makes it safe to repeat."""

    def __init__(self, dana: Program, most: int, *rest: Any) -> None:
        super().__init__("start", *rest)
        self.dana, self.most, self.count = dana, most, 0

    def turn(self) -> None:
        """Start one more, up to the number wanted."""
        if self.count >= self.most:
            return
        self.count += 1
        body: dict[str, Any] = {
            "definition": "soak", "inputs": {},
            "participants": {"vendor": {"email": address(self.count), "name": f"V {self.count}"}},
        }  # fmt: skip
        key = {"Idempotency-Key": f"soak-{self.count}"}
        url = f"{self.dana.base}/processes"
        answer = self.insist("start", lambda: self.dana.http.post(url, json=body, headers=key))
        if answer is not None and answer.status_code in (200, 201):
            done = Acknowledged("process.started", process=answer.json()["id"])
            self.history.note("start", "ok", done=done)
        elif answer is not None:
            self.history.note("start", f"fail {answer.status_code}")


class Reviewer(Client):
    """Dana, who decides on what is in front of her: now and then it is not good enough."""

    def __init__(self, dana: Program, *rest: Any) -> None:
        super().__init__("decide", *rest)
        self.dana = dana

    def turn(self) -> None:
        """Decide one open approval."""
        found = self.dana.http.get(f"{self.dana.base}/tasks", params={"state": "open"}, timeout=20)
        self.history.judge("list", found)
        if found.status_code != 200:
            return
        reviews = [task for task in found.json()["items"] if task["step"] == "review"]
        if reviews:
            self._decide(self.random.choice(reviews)["id"])

    def _decide(self, task: str) -> None:
        changes = self.random.random() < 0.3
        decision = "request_changes" if changes else "approve"
        url, body = f"{self.dana.base}/tasks/{task}/complete", {"decision": decision}
        sent = body | ({"comment": "Once more."} if changes else {})
        answer = self.insist("decide", lambda: self.dana.http.post(url, json=sent, timeout=20))
        if answer is None:
            return
        type_ = "approval.changes_requested" if changes else "approval.approved"
        if answer.status_code == 200:
            self.history.note("decide", "ok", done=Acknowledged(type_, task=task))
        else:
            self.history.note("decide", f"fail {answer.status_code}")


class Vendor(Client):
    """Outside people with one mailbox between them: they answer whatever comes."""

    def __init__(self, portal: Portal, smtp: Smtp, *rest: Any) -> None:
        super().__init__("answer", *rest)
        self.portal, self.smtp, self.read = portal, smtp, 0

    def turn(self) -> None:
        """Open the next mail; where it asks for something, answer it."""
        if self.read >= len(self.smtp.letters):
            return
        letter = self.smtp.letters[self.read]
        if "/t/" in letter.text and letter.to != OWNER:
            self._answer(letter)
        self.read += 1

    def _answer(self, letter: Any) -> None:
        guest = Guest(self.portal, self.smtp, letter.to)
        link = guest.link_in(letter)
        landing = self.insist("look", lambda: guest.browser.get(link, timeout=20))
        if landing is None or landing.status_code != 200:
            return
        page = self.insist("enter", lambda: _entered(guest, link, landing.text))
        if page is None or page.status_code != 200 or 'name="company"' not in page.text:
            return
        guest.page = page
        answer = self.insist("answer", lambda: guest.send({"company": f"Sea {letter.to}"}))
        if answer is None:
            return
        if answer.status_code == 200 and answer.url.endswith("/receipt"):
            task = answer.url.split("/w/")[1].partition("/")[0]
            done = Acknowledged("form.submitted", task=task)
            known = done in self.history.acknowledged
            self.history.note("answer", "ok", done=None if known else done)
        else:
            self.history.note("answer", f"fail {answer.status_code}")


def _entered(guest: Guest, link: str, landing: str) -> requests.Response:
    from tests.journeys.strangers import forms

    hidden = forms(landing)[0].hidden
    return guest.browser.post(link, data=hidden, timeout=20)


def address(number: int) -> str:
    """The mailbox of the vendor of the n-th process."""
    return f"vendor{number}@sea.example"
