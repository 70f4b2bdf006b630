"""One process in hand: loaded under its head's lock, changed in memory, written at the end.

Loading takes three statements and reads only what is current or latest, so that the sixtieth
round costs what the first did. Writing takes one statement per table.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal import calendar, db, installation
from portal.actor import Actor, system
from portal.calendar import WorkCalendar
from portal.db import Tx
from portal.definition import facts as definition_facts
from portal.definition.text import Escape, Text
from portal.definition.tree import Definition, Step
from portal.engine.decide import Standing
from portal.engine.rows import Asked, Changes, Person, Round
from portal.errors import Conflict, ProcessEnded, Unknown
from portal.ledger import record
from portal.ledger.record import Chain
from portal.ledger.tables import Head
from portal.models import FileRow, Link, Participant, Process, StepRun, Task, Timer, Trouble, trees
from portal.models.tasks import require_open

S = TypeVar("S", bound=Step)

ENGINE = system("engine")

_HEAD = Head.__table__
_PROCESS = Process.__table__
_PERSON = Participant.__table__
_TASK = Task.__table__
_ROUND = StepRun.__table__

# Head first, then the process: whoever waits for the lock then sees the latest of both.
_LOCK = (
    sa.select(*(column.label(f"head_{column.key}") for column in _HEAD.columns), *_PROCESS.columns)
    .select_from(_HEAD.join(_PROCESS, _PROCESS.c.id == _HEAD.c.log))
    .with_for_update(key_share=True)
)
_LOCK_PROCESS = _LOCK.where(_HEAD.c.log == sa.bindparam("process"))
_LOCK_OF_TASK = _LOCK.where(
    _HEAD.c.log
    == sa.select(_TASK.c.process_id).where(_TASK.c.id == sa.bindparam("task")).scalar_subquery()
)
_PEOPLE_AND_TASKS = (
    sa.select(*(column.label(f"person_{column.key}") for column in _PERSON.columns), *_TASK.columns)
    .select_from(
        _PERSON.outerjoin(
            _TASK,
            sa.and_(
                _TASK.c.participant_id == _PERSON.c.id,
                _TASK.c.process_id == _PERSON.c.process_id,
                sa.or_(_TASK.c.state == "open", _TASK.c.id == sa.bindparam("task")),
            ),
        )
    )
    .where(_PERSON.c.process_id == sa.bindparam("process"))
    .order_by(_PERSON.c.added_at, _PERSON.c.id, _TASK.c.id)
)
_ROUNDS = sa.select(*_ROUND.columns).where(
    _ROUND.c.process_id == sa.bindparam("process"),
    sa.text("(step_runs.is_current OR step_runs.is_latest)"),
)
_CHANGED = ("state", "values", "waiting", "n_done", "n_troubles", "due_at", "changed_at",
            "ended_at")  # fmt: skip
_UPDATE = (
    sa.update(Process)
    .where(_PROCESS.c.id == sa.bindparam("process"))
    .values({name: sa.bindparam(f"new_{name}") for name in _CHANGED})
)
_ADD_PROCESS, _ADD_LINKS, _ADD_TIMERS, _ADD_TROUBLES = map(
    sa.insert, (Process, Link, Timer, Trouble)
)
_END_TIMERS = sa.delete(Timer).where(Timer.task_id.in_(sa.bindparam("tasks", expanding=True)))
_MOST_WAITING = 20


class Running:
    """A process, its people, its current and latest rounds, its open tasks."""

    def __init__(
        self,
        tx: Tx,
        process: dict[str, Any],
        tree: Definition,
        chain: Chain,
        *,
        is_new: bool = False,
    ) -> None:
        self.tx = tx
        self._is_new = is_new
        self.process = process
        self.tree = tree
        self.chain = chain
        self.people: dict[str, Person] = {}
        self.tasks: dict[str, Asked] = {}
        self.rounds: dict[str, Round] = {}
        self.latest: dict[str, Round] = {}
        self.links: list[dict[str, Any]] = []
        self.timers: list[dict[str, Any]] = []
        self.ended_timers: list[str] = []
        self.troubles: list[dict[str, Any]] = []
        self.claims: dict[str, dict[str, Any]] = {}
        self._changes = (Changes(Participant), Changes(StepRun), Changes(Task))
        self._files: dict[str, dict[str, Any]] = {}
        self._facts: dict[str, Any] | None = None
        tx.before_commit(self._write)

    @classmethod
    def load(cls, tx: Tx, process_id: str) -> "Running":
        """The process, locked until the commit; Unknown if there is none."""
        return cls._locked(tx, tx.execute(_LOCK_PROCESS, {"process": process_id}), None)

    @classmethod
    def of_task(cls, tx: Tx, task_id: str) -> "Running":
        """The process of a task, with that task even where it is closed."""
        return cls._locked(tx, tx.execute(_LOCK_OF_TASK, {"task": task_id}), task_id)

    @classmethod
    def _locked(cls, tx: Tx, found: sa.CursorResult[Any], task_id: str | None) -> "Running":
        row = found.mappings().first()
        if row is None:
            raise Unknown("There is nothing here, or nothing that is yours to see.")
        head = {key[5:]: value for key, value in row.items() if key.startswith("head_")}
        process = {column.key: row[column.key] for column in _PROCESS.columns}
        tree = trees.tree(tx.conn, process["definition_id"])
        running = cls(tx, process, tree, record.take_chain(tx, head))
        running._read(task_id)
        return running

    def _read(self, task_id: str | None) -> None:
        ids = {"process": self.id, "task": task_id or ""}
        for row in self.tx.execute(_PEOPLE_AND_TASKS, ids).mappings():
            person = {c.key: row[f"person_{c.key}"] for c in _PERSON.columns}
            self.people[person["id"]] = Person(**person)
            if row["id"] is not None:
                self.tasks[row["id"]] = Asked(**{c.key: row[c.key] for c in _TASK.columns})
        for row in self.tx.execute(_ROUNDS, {"process": self.id}).mappings():
            found = Round(**row)
            if found.is_current:
                self.rounds[found.step] = found
            if found.is_latest:
                self.latest[found.step] = found

    # What it is

    @property
    def id(self) -> str:
        """The process id."""
        return str(self.process["id"])

    @property
    def now(self) -> datetime:
        """The one moment of this transaction."""
        return self.tx.now

    @property
    def is_running(self) -> bool:
        """False once it has ended."""
        return bool(self.process["state"] == "running")

    def require_running(self) -> None:
        """Refuse work on a process that has ended."""
        if not self.is_running:
            raise ProcessEnded(f"This process has ended: it is {self.process['state']}.")

    def task_to_do(self, task_id: str, nonce: str | None = None) -> Asked | None:
        """The open task; ``None`` where the same page's answer has closed it already.

        Raises TaskDone, TaskWithdrawn or TaskExpired where it is no longer open.
        """
        task = self.tasks.get(task_id)
        if task is None:
            raise Unknown("There is no such task.")
        if task.state == "done" and nonce and task.nonce == nonce:
            return None
        require_open(task.state, task.name)
        return task

    def step_of(self, task: Asked, kind: type[S], called: str) -> S:
        """The task's step, which must be of that kind: ``called`` names it in a sentence."""
        step = self.tree.step(task.step)
        if not isinstance(step, kind):
            raise Conflict(f"“{task.name}” is not {called}; it can't be answered as one.")
        return step

    def open_tasks(self, run_id: str | None = None) -> list[Asked]:
        """The open tasks, of one round or of all, in the order they were opened."""
        return [
            task
            for task in self.tasks.values()
            if task.state == "open" and run_id in (None, task.run_id)
        ]

    def of_role(self, role: str) -> Person | None:
        """Who plays a role, if anybody yet."""
        return next((person for person in self.people.values() if person.role == role), None)

    def standing(self) -> dict[str, Standing]:
        """How each step with a current round stands."""
        return {step: found.standing for step, found in self.rounds.items()}

    # Times

    @cached_property
    def calendar(self) -> WorkCalendar:
        """When people work, for this definition."""
        return work_calendar(self.tree)

    @property
    def today(self) -> date:
        """The date in the calendar's zone."""
        return self.now.astimezone(self.calendar.timezone).date()

    def zone_of(self, person: Person) -> ZoneInfo:
        """The person's time zone where known, else the calendar's."""
        return calendar.zone(person.timezone) if person.timezone else self.calendar.timezone

    # Facts

    def facts(self) -> dict[str, Any]:
        """What expressions may read, as it stands now."""
        if self._facts is None:
            self._facts = self._build_facts()
        return self._facts

    def _build_facts(self) -> dict[str, Any]:
        return definition_facts.build(
            self.tree,
            inputs=self.process["inputs"],
            steps={step: self._brought(done) for step, done in self.latest.items()},
            values=self.process["values"],
            participants=self._roles(),
            now=self.now,
            zone=self.calendar.timezone,
        )

    def text(self, text: Text, escape: Escape = "text") -> str:
        """The text with its placeholders filled; ExpressionFailed where that fails."""
        return text.render({} if text.is_constant else self.facts(), escape)

    def _brought(self, done: Round) -> Mapping[str, Any]:
        if done.state != "done":
            return {}
        answers = done.answers
        if self.tree.step(done.step).kind == "upload":
            answers = {name: self._described(ids) for name, ids in answers.items()}
        return {**answers, "outcome": done.outcome}

    def _described(self, ids: list[str]) -> list[dict[str, Any]]:
        if not self._files.keys() >= set(ids):
            self._read_files()
        return [self._files[id_] for id_ in ids if id_ in self._files]

    def _read_files(self) -> None:
        query = sa.select(
            FileRow.id, FileRow.name, FileRow.size, FileRow.sha256, FileRow.media_type
        ).where(FileRow.process_id == self.id, FileRow.state == "received")
        for row in self.tx.execute(query):
            self._files[row.id] = {
                "name": row.name, "size": row.size, "sha256": row.sha256, "type": row.media_type,
            }  # fmt: skip

    def _roles(self) -> dict[str, dict[str, Any]]:
        return {
            person.role: {"email": person.email, "name": person.name}
            for person in self.people.values()
            if person.role
        }

    # Changes

    def keep_person(self, person: Person) -> Person:
        """Add or change somebody who takes part."""
        self._facts = None
        self.people[person.id] = person
        self._changes[0].add(person)
        return person

    def keep_round(self, found: Round) -> Round:
        """Add or change a round; a current one takes its step's place."""
        if found.is_current:
            self.rounds[found.step] = found
        elif self.rounds.get(found.step) is found:
            del self.rounds[found.step]
        self._changes[1].add(found)
        return found

    def keep_task(self, task: Asked) -> Asked:
        """Add or change a task."""
        self.tasks[task.id] = task
        self._changes[2].add(task)
        return task

    def new_round(self, step: str, state: str) -> Round:
        """The next round of a step, numbered after the last one; what was sent is filled in."""
        last = self.latest.get(step)
        again = last is not None and self.tree.step(step).kind in ("form", "upload")
        begun = Round(
            id=db.new_id(),
            process_id=self.id,
            step=step,
            round=last.round + 1 if last else 1,
            state=state,
            answers=dict(last.answers) if last and again else {},
            opened_at=self.now,
        )
        return self.keep_round(begun)

    def settle_round(self, found: Round, outcome: str | None) -> None:
        """End a round with an outcome (none: skipped); it is now what the step came to."""
        self._facts = None
        before = self.latest.get(found.step)
        if before is not None and before is not found:
            before.is_latest = False
            self._changes[1].add(before)
        found.state = "done" if outcome else "skipped"
        found.outcome, found.done_at, found.is_latest = outcome, self.now, True
        self.latest[found.step] = found
        self.keep_round(found)

    def set_values(self, values: dict[str, Any]) -> None:
        """Add computed values, packed as `facts.pack` does."""
        self.process["values"] = {**self.process["values"], **values}
        self._facts = None

    def end_timers(self, task: Asked) -> None:
        """Drop what was still to ring for a task that is closed."""
        if task.due_at is not None:
            self.ended_timers.append(task.id)

    # Writing

    def _write(self) -> None:
        self._write_process()
        for changes in self._changes:
            changes.write(self.tx)
        if self.links:
            self.tx.execute(_ADD_LINKS, self.links)
        if self.ended_timers:
            self.tx.execute(_END_TIMERS, {"tasks": self.ended_timers})
        if self.timers:
            self.tx.execute(_ADD_TIMERS, self.timers)
        if self.troubles:
            self.tx.execute(_ADD_TROUBLES, self.troubles)

    def _write_process(self) -> None:
        asked = self.open_tasks()
        self.process.update(
            waiting=[self._waiting(task) for task in asked[:_MOST_WAITING]],
            due_at=min((task.due_at for task in asked if task.due_at), default=None),
            n_done=sum(found.state != "open" for found in self.rounds.values()),
            changed_at=self.now,
        )
        if self._is_new:
            self.tx.execute(_ADD_PROCESS, self.process)
            return
        new = {f"new_{name}": self.process[name] for name in _CHANGED}
        self.tx.execute(_UPDATE, {"process": self.id, **new})

    def _waiting(self, task: Asked) -> dict[str, Any]:
        person = self.people[task.participant_id]
        who = {"kind": person.kind, "email": person.email, "name": person.name}
        return {
            "task": task.id,
            "step": task.step,
            "name": task.name,
            "who": self._claimed_by(task) or who,
            "since": record.moment(task.opened_at),
            "due_at": record.moment(task.due_at) if task.due_at else None,
        }

    def _claimed_by(self, task: Asked) -> dict[str, Any] | None:
        """The member who holds a team's task, as the list of who waits kept them at the claim."""
        if task.team_id is None or task.holder_id is None:
            return None
        kept = (held["who"] for held in self.process["waiting"] if held["task"] == task.id)
        return self.claims.get(task.id) or next((w for w in kept if w["kind"] == "staff"), None)


def doer(actor: Actor) -> str:
    """Who really did it: a user's id, else the acting participant's, program's or worker's."""
    return actor.user_id or actor.id


def work_calendar(tree: Definition) -> WorkCalendar:
    """The working calendar of a definition; what it leaves open is the installation's."""
    spec, zone = tree.calendar, installation.current.timezone
    if spec is None:
        return calendar.work_calendar(zone)
    return calendar.work_calendar(
        spec.timezone or zone, spec.hours or calendar.DEFAULT_HOURS, spec.holidays
    )
