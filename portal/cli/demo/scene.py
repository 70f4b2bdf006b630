"""One process of the demo with its people: the verbs its story is told in.

Outside people open the link of the mail that really reached them; files are stored and judged
as the web door does it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal import clock, db
from portal.access import sessions
from portal.actions import approvals, forms, links, processes, tasks, trails, uploads
from portal.actor import Actor
from portal.cli.demo.cast import AGENTS, Guest
from portal.cli.demo.history import History, Moments
from portal.definition.fields import JsonSent
from portal.definition.tree import UploadStep
from portal.delivery.inbox import Opened
from portal.readings import lists, trees

_LINK = re.compile(r"/t/([^\s/?#]+)$")


class Untold(Exception):
    """The script does not fit what the definitions make of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as somebody sends it: for which document, under which name, its bytes."""

    document: str
    name: str
    content: bytes


class Scene:
    """One process with its people: the verbs of its story, each a generator of moments."""

    def __init__(self, history: History, name: str) -> None:
        self.history = history
        self.rng = Random(name)  # noqa: S311 - the demo is the same each time
        self.process = ""
        self.definition = ""
        self.guests: dict[str, Guest] = {}

    def at(self, days_ago: int, hour_minute: str) -> datetime:
        """See ``History.at``; the seconds are this story's own."""
        return self.history.at(days_ago, hour_minute, self.rng)

    def staff(self, name: str) -> Actor:
        """A member of staff, as signed in."""
        return self.history.staff[name]

    def start(
        self,
        key: str,
        by: str,
        inputs: dict[str, Any],
        guests: dict[str, Guest],
        staff: dict[str, str],
        reference: str | None = None,
    ) -> None:
        """Start the process; ``staff`` names a colleague for each role of the house."""
        roles = {role: {"email": one.email, "name": one.name} for role, one in guests.items()}
        for role, name in staff.items():
            colleague = self.staff(name)
            roles[role] = {"email": str(colleague.email), "name": colleague.name}
        self.guests = {one.email: one for one in guests.values()}
        self.process = processes.start(
            key, inputs=inputs, participants=roles, reference=reference, actor=self.staff(by)
        )
        with db.reading() as conn:
            row = lists.processes(conn, lists.ProcessFilters(definition=key), clock.now()).items
            self.definition = next(one.definition_id for one in row if one.id == self.process)

    # What outside people do

    def look(self, step: str) -> None:
        """Open the link and go away again."""
        self.enter(self.task(step))

    def enter(self, task: Any) -> Actor:
        """Open the link of the newest mail that reached the assignee; who is in then."""
        guest = self.guests[task.assignee_email]
        agent = AGENTS[guest.agent]
        entered = links.enter(self.link_of(guest), browser=None, ip=guest.ip, agent=agent)
        with db.reading() as conn:
            known = sessions.participant(conn, entered.secret, task.id)
        if known is None:
            raise Untold(f"{guest.email} can't get at {task.name} with the newest link")
        return known.actor(ip=guest.ip, agent=agent)

    def link_of(self, guest: Guest) -> str:
        """The token in the newest mail to somebody."""
        for letter in self.history.mailbox.newest(guest.email, limit=10):
            content = self.history.mailbox.content(letter.id) or b""
            for link in Opened(content).links:
                if found := _LINK.search(link):
                    return found.group(1)
        raise Untold(f"no mail with a link reached {guest.email}")

    def fill(self, step: str, answers: dict[str, Any], minutes: float = 6.0) -> Moments:
        """Open the form, and send it some minutes later."""
        task = self.task(step)
        actor = self.doer(task)
        yield clock.now() + timedelta(minutes=minutes, seconds=self.rng.uniform(1, 50))
        forms.submit(task.id, JsonSent(answers), nonce=db.new_id(), actor=actor)

    def send(self, step: str, files: Sequence[Sent], minutes: float = 4.0) -> Moments:
        """Open the task, add one file after the other, and send them."""
        task = self.task(step)
        actor = self.doer(task)
        for file in files:
            yield clock.now() + timedelta(seconds=self.rng.uniform(25, 60 * minutes))
            uploads.stage(task.id, [self._arrive(task, file)], actor=actor)
        yield clock.now() + timedelta(seconds=self.rng.uniform(15, 70))
        uploads.submit(task.id, nonce=db.new_id(), actor=actor)

    def _arrive(self, task: Any, file: Sent) -> uploads.Arrived:
        """Store and judge a file as the web door does."""
        with db.reading() as conn:
            step = trees.tree(conn, self.definition).step(task.step)
        assert isinstance(step, UploadStep)
        asked = next(one for one in step.documents if one.id == file.document)
        with self.history.store.sink(asked.max_size) as sink:
            sink.write(file.content)
            media_type = sink.judge(file.name, asked.accept)
            stored = sink.keep()
        return uploads.Arrived(
            document=file.document,
            name=file.name,
            size=stored.size,
            sha256=stored.sha256,
            media_type=media_type,
            storage_id=stored.id,
        )

    # What people on both sides do

    def decide(
        self,
        step: str,
        decision: str = "approve",
        comment: str | None = None,
        items: Sequence[str] = (),
        by: str | None = None,
    ) -> Moments:
        """Read for some minutes, then decide; ``by`` is a colleague or a guest's address."""
        task = self.task(step, by)
        actor = self.doer(task, by)
        yield clock.now() + timedelta(minutes=self.rng.uniform(3, 14))
        approvals.decide(task.id, decision, comment, items, nonce=db.new_id(), actor=actor)

    def tick(self, step: str, note: str | None = None, by: str | None = None) -> None:
        """Tick a to-do off with everything on its list."""
        task = self.task(step)
        tasks.tick(task.id, note, None, nonce=db.new_id(), actor=self.doer(task, by))

    def doer(self, task: Any, by: str | None = None) -> Actor:
        """Whoever does a task: the colleague named, the one who holds it, or the guest."""
        if by in self.history.staff:
            return self.staff(str(by))
        if task.holder_id is None:
            return self.enter(task)
        return next(one for one in self.history.staff.values() if one.user_id == task.holder_id)

    def task(self, step: str, by: str | None = None) -> Any:
        """The open task of a step; of several the one of the guest with that address."""
        with db.reading() as conn:
            wanted = lists.TaskFilters(state="open", process=self.process)
            open_tasks = lists.tasks(conn, wanted, clock.now()).items
        found = [task for task in open_tasks if task.step == step]
        found = [task for task in found if "@" not in (by or "") or task.assignee_email == by]
        if not found:
            told = ", ".join(task.step for task in open_tasks) or "nothing"
            raise Untold(f"{self.process}: {step} is not open at {clock.now()}, but {told}")
        return found[0]

    # What staff do about it

    def comment(self, text: str, by: str) -> None:
        """Write a comment."""
        processes.comment(self.process, text, actor=self.staff(by))

    def remind(self, step: str, by: str) -> None:
        """Have a reminder go out now."""
        tasks.remind(self.task(step).id, actor=self.staff(by))

    def reassign(self, step: str, to: Guest | str, reason: str, by: str) -> None:
        """Hand a task to somebody else: a guest, or a colleague by name."""
        task = self.task(step)
        if isinstance(to, Guest):
            self.guests[to.email] = to
            person = {"email": to.email, "name": to.name}
        else:
            colleague = self.staff(to)
            person = {"email": str(colleague.email), "name": colleague.name}
        tasks.reassign(task.id, person, reason, actor=self.staff(by))

    def on_behalf(self, step: str, answers: dict[str, Any], reason: str, by: str) -> None:
        """Fill in a form in the assignee's place."""
        actor = self.staff(by).acting_on_behalf(reason)
        forms.submit(self.task(step).id, JsonSent(answers), nonce=db.new_id(), actor=actor)

    def renew(self, step: str) -> None:
        """The assignee asks for a fresh link."""
        guest = self.guests[self.task(step).assignee_email]
        links.renew(self.link_of(guest), ip=guest.ip, agent=AGENTS[guest.agent])

    def claim(self, step: str, by: str) -> None:
        """Take a task of the team."""
        tasks.claim(self.task(step).id, actor=self.staff(by))

    def trail(self, by: str) -> None:
        """Ask for the audit trail."""
        trails.ask(self.process, actor=self.staff(by))

    def cancel(self, reason: str, by: str) -> None:
        """End the process early."""
        processes.cancel(self.process, reason, actor=self.staff(by))
