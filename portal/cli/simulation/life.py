"""The life of one process under a clock that jumps from one moment to the next.

The verbs, the timers and the mails are the real ones, over a database that is thrown away.
Nothing leaves the machine: mails go to a catcher, calls are answered from the file of answers.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from portal import clock, db
from portal.access import seats, sessions
from portal.actions import (
    approvals,
    calls,
    escalations,
    forms,
    links,
    messages,
    processes,
    signals,
    signatures,
    tasks,
    timers,
    uploads,
)
from portal.actions.codes import Proof, Unproved
from portal.actor import Actor
from portal.calendar import WorkCalendar
from portal.cli.simulation import makeup
from portal.cli.simulation.answers import Answers, Reply
from portal.definition.durations import Duration
from portal.definition.fields import JsonSent
from portal.definition.tree import (
    ApprovalStep,
    Definition,
    FormStep,
    SignStep,
    UploadStep,
)
from portal.delivery.catcher import Mailbox
from portal.delivery.inbox import Opened
from portal.errors import Faulty, PortalError
from portal.readings import calls as call_readings
from portal.readings import gauges, lists, timeline, trees
from portal.readings import timers as alarms
from portal.readings.entries import Told

_LINK = re.compile(r"/t/([^\s/?#]+)$")
_CODE = re.compile(r"^\s*(\d{8})\s*$", re.MULTILINE)
_DRAWING = [[[100, 200], [400, 120], [700, 260]]]
_LEASE, _BATCH = 60.0, 100
_MOST_MOMENTS = 5_000
# When a call was not answered well, whatever comes of it is looked for at these distances.
_PROBES = [timedelta(seconds=5 * 2**n) for n in range(16)]


class WrongAnswer(Exception):
    """An answer of the file was refused: at which line, and why."""

    def __init__(self, line: int, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.line, self.key, self.sentence = line, key, sentence


@dataclass
class Life:
    """What moves a simulated process: its clock, the answers, the hands that carry things out."""

    time: clock.Clock
    tree: Definition
    calendar: WorkCalendar
    answers: Answers
    after: Duration | None
    mailbox: Mailbox
    carry_out: Callable[[], object]
    tell: Callable[[Sequence[Told]], None]
    unfit: Callable[[Any, str], None]
    staff: dict[str, str]
    roles: dict[str, str]
    process: str = ""
    started_at: datetime | None = None
    _told: int = 0
    _due: dict[str, datetime | None] = field(default_factory=dict)
    _probes: list[datetime] = field(default_factory=list)
    _signalled: set[str] = field(default_factory=set)

    def start(self, inputs: dict[str, Any], participants: dict[str, Any], starter: Actor) -> None:
        """Start the process."""
        self.started_at = clock.now()
        self.process = processes.start(
            self.tree.key, inputs=inputs, participants=participants, actor=starter
        )
        self.settle()

    def live(self, until: datetime) -> None:
        """Go from moment to moment until nothing runs, nothing is to come, or time is up."""
        for _ in range(_MOST_MOMENTS):
            if self.answer_what_is_due():
                continue
            moment = self.next_moment()
            if moment is None or moment > until or not self.is_running():
                return
            self.time.set(max(clock.now(), moment))
            self._ring()
            self.settle()

    def is_running(self) -> bool:
        """Whether the process, or one that it runs, has not ended."""
        with db.reading() as conn:
            running = lists.ProcessFilters(state="running")
            return bool(lists.processes(conn, running, clock.now()).items)

    def goes_on_after(self, until: datetime) -> bool:
        """Whether something is still to happen by itself, but only after that moment."""
        moment = self.next_moment()
        return moment is not None and moment > until

    def settle(self) -> None:
        """Carry out what is owed now, and tell what has happened."""
        while True:
            is_called = self._answer_calls()
            if gauges.is_anything_owed(clock.now() + timedelta(milliseconds=1)):
                self.carry_out()
            elif not is_called:
                break
            if not self._tell():
                break
        self._tell()

    def _tell(self) -> int:
        with db.reading() as conn:
            told = timeline.feed(conn, timeline.Filters(), after=self._told, limit=500)
        if told:
            self._told = told[-1].id
            self.tell(told)
        return len(told)

    # Time

    def next_moment(self) -> datetime | None:
        """When something happens next by itself; ``None`` where nothing does."""
        with db.reading() as conn:
            rings_at, told_again_at = alarms.next_at(conn), alarms.told_again_at(conn)
        known = (rings_at, told_again_at, *self._due.values(), *self._signals())
        moments = [at for at in known if at is not None]
        moments += [at for at in self._probes if at > clock.now()]
        return min(moments, default=None)

    def _ring(self) -> None:
        with db.reading() as conn:
            due = alarms.due(conn, clock.now())
        timers.ring([one.id for one in due])
        while escalations.tell_again():
            pass

    def _signals(self) -> Iterator[datetime]:
        assert self.started_at is not None
        for one in self.answers.signals:
            if one.name not in self._signalled:
                yield one.after.after(self.started_at, self.calendar, self.calendar.timezone)

    # Answers

    def answer_what_is_due(self) -> bool:
        """Have everybody answer whose moment has come; whether anybody did."""
        is_news = self._signal()
        for task in self._open_tasks():
            if task.id not in self._due:
                self._due[task.id] = self._moment(task)
            moment = self._due[task.id]
            if moment is not None and moment <= clock.now():
                self._due[task.id] = None
                is_news = (self._is_open(task) and self._answer(task)) or is_news
        return is_news

    def _is_open(self, task: Any) -> bool:
        """Whether a task is still to be done: an answer just given may have settled it too."""
        with db.reading() as conn:
            return bool(lists.task_row(conn, task.id).state == "open")

    def _signal(self) -> bool:
        assert self.started_at is not None
        is_news = False
        for one in self.answers.signals:
            at = one.after.after(self.started_at, self.calendar, self.calendar.timezone)
            if one.name in self._signalled or at > clock.now():
                continue
            self._signalled.add(one.name)
            signals.send(self.process, one.name, one.data, actor=self._admin())
            self.settle()
            is_news = True
        return is_news

    def _open_tasks(self) -> Sequence[Any]:
        with db.reading() as conn:
            wanted = lists.TaskFilters(state="open")
            found = lists.tasks(conn, wanted, clock.now(), limit=1000).items
        open_ids = {one.id for one in found}
        self._due = {id_: at for id_, at in self._due.items() if id_ in open_ids}
        return found

    def _moment(self, task: Any) -> datetime | None:
        reply = self._reply(task)
        after = reply.after if reply is not None and reply.after is not None else self.after
        if after is None or (reply is not None and reply.is_never):
            return None
        moment = after.after(task.opened_at, self.calendar, self.calendar.timezone)
        return max(moment, clock.now())

    def _reply(self, task: Any) -> Reply | None:
        if task.process_id != self.process:
            return None
        return self.answers.reply(task.step, task.round, self._role(task))

    def _role(self, task: Any) -> str | None:
        """The role of whoever a task is for."""
        return self.roles.get(task.assignee_email or task.assignee_name)

    def _answer(self, task: Any) -> bool:
        """Do a task as whoever it is for; False where what was made up does not fit."""
        reply = self._reply(task)
        said = dict(reply.said) if reply is not None else {}
        try:
            self._do(task, said)
        except PortalError as refused:
            if reply is not None and reply.said:
                raise WrongAnswer(reply.line, task.step, _sentence(refused)) from refused
            self.unfit(task, _sentence(refused))
            return False
        self.settle()
        return True

    def _do(self, task: Any, said: dict[str, Any]) -> None:
        actor, session = self._doer(task)
        proof = Proof(session=session, page=db.new_id()) if session else None
        act = self._act(task, said, actor)
        unproved = act(proof)
        if isinstance(unproved, Unproved) and proof is not None:
            self.settle()
            act(replace(proof, code=self._code(task.assignee_email)))

    def _act(
        self, task: Any, said: dict[str, Any], actor: Actor
    ) -> Callable[[Proof | None], Unproved | None]:
        with db.reading() as conn:
            step = trees.tree(conn, task.definition_id).step(task.step)
        today = clock.now().astimezone(self.calendar.timezone).date()
        told: dict[str, Any] = {"nonce": db.new_id(), "actor": actor}
        if isinstance(step, FormStep):
            sent = JsonSent({**makeup.values(step.fields, today), **(said.get("values") or {})})
            return lambda proof: forms.submit(task.id, sent, proof=proof, **told)
        if isinstance(step, UploadStep):
            uploads.stage(task.id, _files(step), actor=actor)
            return lambda proof: uploads.submit(task.id, proof=proof, **told)
        if isinstance(step, ApprovalStep):
            decision = said.get("decision", "approve")
            comment, items = said.get("comment"), said.get("items") or ()
            return lambda proof: approvals.decide(
                task.id, decision, comment, items, proof=proof, **told
            )
        if isinstance(step, SignStep):
            return _signing(task, step, said, told)
        return lambda proof: tasks.tick(task.id, said.get("note"), proof=proof, **told)

    # People

    def _doer(self, task: Any) -> tuple[Actor, str | None]:
        """Who does a task, and the browser session of somebody outside."""
        if task.assignee_kind == "external":
            letters = self.mailbox.newest(task.assignee_email, limit=20)
            token = next(filter(None, (self._token(letter.id) for letter in letters)), None)
            if token is None:
                raise Faulty.one("mail", "No mail with a link has reached this person.")
            entered = links.enter(token, browser=None, ip=None, agent=None)
            with db.reading() as conn:
                guest = sessions.participant(conn, entered.secret, task.id)
            if guest is None:
                raise Faulty.one("mail", "The newest link of this person leads elsewhere.")
            return guest.actor(ip=None, agent=None), guest.session_id
        email = task.assignee_email or self.staff[task.assignee_name]
        return self.sign_in(email), None

    def sign_in(self, email: str) -> Actor:
        """A member of staff in a session of their own.

        No password is typed: keeping and checking those takes as long on purpose as all else here.
        """
        with db.transaction() as tx:
            user_id = seats.of_address(tx, email)
            secret = seats.begin(tx, user_id, "password", ip=None, agent=None)
        with db.reading() as conn:
            actor = seats.staff(conn, secret)
        assert actor is not None
        return actor

    def _admin(self) -> Actor:
        from portal.cli.hand import at_the_terminal

        return at_the_terminal()

    def _token(self, letter: int) -> str | None:
        for link in Opened(self.mailbox.content(letter) or b"").links:
            if found := _LINK.search(link):
                return found.group(1)
        return None

    def _code(self, email: str) -> str:
        for letter in self.mailbox.newest(email, limit=5):
            if found := _CODE.search(Opened(self.mailbox.content(letter.id) or b"").text):
                return found.group(1)
        return ""

    # Other systems

    def _answer_calls(self) -> bool:
        """Answer the calls that are owed now, as the file says or with 200 and ``{}``."""
        claimed = messages.take(_BATCH, _LEASE, ("call.request",))
        for one in claimed:
            with db.reading() as conn:
                call = call_readings.owed(conn, one.ref["run"])
            if call is None:
                messages.note_needless(one.id, one.fence)
                continue
            status, body = self.answers.calls.get(call.step, (200, {}))
            text = call_readings.as_text(body)
            tried = calls.Tried(one.ref["run"], one.id, one.fence, one.attempts)
            headers = {"content-type": "application/json"}
            calls.note_answer(tried, calls.Answer(status, headers, text))
            if status >= 400:
                self._probes = [clock.now() + wait for wait in _PROBES]
        return bool(claimed)


def _signing(
    task: Any, step: SignStep, said: dict[str, Any], told: dict[str, Any]
) -> Callable[[Proof | None], Unproved | None]:
    if said.get("decline"):
        return lambda proof: signatures.decline(
            task.id, said.get("comment") or "No.", proof=proof, **told
        )
    name = said.get("signature") or task.assignee_name or task.assignee_email
    drawing = None if "typed" in step.methods else _DRAWING
    return lambda proof: signatures.sign(task.id, name, True, drawing=drawing, proof=proof, **told)


def _files(step: UploadStep) -> list[uploads.Arrived]:
    return [
        uploads.Arrived(
            document=document.id, name=name, size=1000, sha256="0" * 64,
            media_type="application/octet-stream", storage_id=db.new_id(),
        )
        for document in step.documents
        for name in makeup.file_names(document)
    ]  # fmt: skip


def _sentence(refused: PortalError) -> str:
    if isinstance(refused, Faulty):
        return " ".join(f"{fault.at}: {fault.message}" for fault in refused.faults)
    return refused.sentence
