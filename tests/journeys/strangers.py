"""People and programs who know the portal by its doors alone: HTTP, mail, and the command line."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import requests

from tests.servers import Portal, Smtp, wait_for

LINK = re.compile(r"https?://\S+?/t/\S+")
PASSWORD = "one two buckle my shoe"


@dataclass
class Form:
    """One HTML form: where it goes and what its hidden controls hold."""

    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    controls: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        have = {name: value or "" for name, value in attributes}
        if tag == "form" and have.get("method", "").lower() == "post":
            self.forms.append(Form(have.get("action", "")))
        elif self.forms and tag in ("input", "select", "textarea", "button") and have.get("name"):
            self.forms[-1].controls.append(have["name"])
            if have.get("type") == "hidden":
                self.forms[-1].hidden[have["name"]] = have.get("value", "")


def forms(page: str) -> list[Form]:
    """The POST forms of a page, in order."""
    reader = _Forms()
    reader.feed(page)
    return reader.forms


class Guest:
    """An outside person with a browser and a mailbox."""

    def __init__(self, portal: Portal, smtp: Smtp, email: str) -> None:
        self.portal, self.smtp, self.email = portal, smtp, email
        self.browser = requests.Session()
        self.page: requests.Response | None = None

    def mails(self) -> list[Any]:
        """What their mailbox holds, oldest first."""
        return self.smtp.to(self.email)

    def wait_for_mail(self, n: int = 1, within: float = 60) -> Any:
        """The n-th mail, once it is there."""
        wait_for(lambda: len(self.mails()) >= n, within, f"mail {n} to {self.email}")
        return self.mails()[n - 1]

    def link_in(self, letter: Any) -> str:
        """The one link of the portal in a mail's text."""
        found = [one for one in LINK.findall(letter.text) if one.startswith(self.portal.base)]
        assert len(found) == 1, letter.text
        return str(found[0])

    def open(self, link: str) -> requests.Response:
        """Follow a link and press the button, as a person does."""
        landing = self.browser.get(link)
        assert landing.status_code == 200, landing.text
        (form,) = forms(landing.text)
        self.page = self.browser.post(link, data=form.hidden)
        return self.page

    def send(self, data: dict[str, Any], **more: Any) -> requests.Response:
        """Send the page's form with these controls filled in; the hidden ones come along."""
        assert self.page is not None
        hidden = forms(self.page.text)[0].hidden
        return self.browser.post(self.page.url, data={**hidden, **data}, **more)


class Program:
    """A program with an API token."""

    def __init__(self, portal: Portal, token: str) -> None:
        self.base = f"{portal.base}/api/v1"
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of a call that must go well."""
        answer = self.http.get(self.base + path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, expect: int = 200, **more: Any) -> Any:
        """The JSON of a call that must answer with ``expect``."""
        answer = self.http.post(self.base + path, json=body, **more)
        assert answer.status_code == expect, f"{answer.status_code} {answer.text}"
        return answer.json()

    def types(self, process: str) -> list[str]:
        """The types of a process's events so far."""
        events = self.get(f"/processes/{process}/events", limit=1000)["items"]
        return [event["type"] for event in events]

    def wait_for_event(self, process: str, type_: str, n: int = 1, within: float = 60) -> None:
        """Until the n-th event of a type is there."""
        wait_for(lambda: self.types(process).count(type_) >= n, within, f"{n} × {type_}")

    def open_task(self, process: str, step: str) -> Any:
        """The open task of a step."""
        tasks = self.get("/tasks", state="open", process=process)["items"]
        (task,) = [task for task in tasks if task["step"] == step]
        return task


def staff(portal: Portal, email: str, name: str, role: str = "member", team: str = "") -> Program:
    """Add a member of staff by the command line, and a program that acts for them."""
    words = ["user", "add", email, "--name", name, "--role", role, "--password-stdin"]
    portal.run(*words, *(["--team", team] if team else []), typed=PASSWORD)
    return Program(portal, portal.run("token", "create", f"of {email}", "--user", email))
