"""One process in hand: loaded under its head's lock, changed in memory, written at the end.

Loading takes three statements and reads only what is current or latest, so that the sixtieth
round costs what the first did; and of the items of an ``each`` only the one that is worked on,
so that the thousandth item costs what the first did. Writing takes one statement per table.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal import calendar, db, installation
from portal.actor import Actor, system
from portal.calendar import WorkCalendar
from portal.db import Tx
from portal.definition import calls, hours, scopes
from portal.definition import facts as definition_facts
from portal.definition.text import Escape, Text
from portal.definition.tree import (
    CallStep,
    ChooseStep,
    Definition,
    EachStep,
    PersonStep,
    RunStep,
    Step,
    WaitStep,
)
from portal.engine.decide import Standing
from portal.engine.rows import Asked, Changes, Person, Place, Round
from portal.errors import Conflict, ProcessEnded, Unknown
from portal.ledger import record
from portal.ledger.record import Chain
from portal.ledger.tables import Head
from portal.models import (
    FileRow,
    Link,
    Participant,
    Process,
    StepRun,
    Task,
    Timer,
    Trouble,
    User,
    trees,
)
from portal.models.files import described
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


def _lock_of(table: sa.FromClause) -> Any:
    """The same for the process of a task or a round, with the scope that it runs in."""
    of = table.c.id == sa.bindparam("of")
    its = sa.select(table.c.process_id).where(of).scalar_subquery()
    scope = sa.select(table.c.scope).where(of).scalar_subquery().label("scope_of")
    return _LOCK.add_columns(scope).where(_HEAD.c.log == its)


_LOCK_OF_TASK, _LOCK_OF_ROUND = _lock_of(_TASK), _lock_of(_ROUND)


def _people_and_tasks(*which: Any) -> Any:
    """Whoever plays a role, and whoever has an open task among ``which``, each with those tasks."""
    tasks = sa.and_(
        _TASK.c.participant_id == _PERSON.c.id,
        _TASK.c.process_id == _PERSON.c.process_id,
        sa.or_(_TASK.c.state == "open", _TASK.c.id == sa.bindparam("task")),
        *which,
    )
    return (
        sa.select(*(c.label(f"person_{c.key}") for c in _PERSON.columns), *_TASK.columns)
        .select_from(_PERSON.outerjoin(_TASK, tasks))
        .where(
            _PERSON.c.process_id == sa.bindparam("process"),
            sa.or_(_PERSON.c.role.is_not(None), _TASK.c.id.is_not(None)),
        )
        .order_by(_PERSON.c.added_at, _PERSON.c.id, _TASK.c.id)
    )


_PEOPLE_AND_TASKS = _people_and_tasks()
_PEOPLE_AND_TASKS_IN = _people_and_tasks(_TASK.c.scope.in_(sa.bindparam("scopes", expanding=True)))
_A_PERSON = sa.select(*_PERSON.columns).where(_PERSON.c.process_id == sa.bindparam("process"))
_LIVE = sa.select(*_ROUND.columns).where(
    _ROUND.c.process_id == sa.bindparam("process"),
    sa.text("(step_runs.is_current OR step_runs.is_latest)"),
)
_ROUNDS = _LIVE.where(_ROUND.c.scope.in_(sa.bindparam("scopes", expanding=True)))
_STUCK = sa.select(Trouble.step, Trouble.scope).where(
    Trouble.process_id == sa.bindparam("process"),
    Trouble.state == "open",
    Trouble.kind.in_(("expression", "nobody")),
    Trouble.task_id.is_(None),
    Trouble.step.is_not(None),
)
_ASKED = (
    sa.select(
        *(_TASK.c.id, _TASK.c.step, _TASK.c.name, _TASK.c.offered_at, _TASK.c.due_at),
        *(_PERSON.c.kind, _PERSON.c.email, _PERSON.c.name.label("person_name")),
        *(User.email.label("holder_email"), User.name.label("holder_name")),
    )
    .join(_PERSON, _PERSON.c.id == _TASK.c.participant_id)
    .outerjoin(User, sa.and_(User.id == _TASK.c.holder_id, _TASK.c.team_id.is_not(None)))
    .where(_TASK.c.process_id == sa.bindparam("process"), _TASK.c.state == "open")
    .order_by(_TASK.c.due_at, _TASK.c.id)
    .limit(20)
)
_FIRST_DUE = sa.select(sa.func.min(_TASK.c.due_at)).where(
    _TASK.c.process_id == sa.bindparam("process"), _TASK.c.state == "open"
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
_END_OF_TASKS = sa.delete(Timer).where(Timer.task_id.in_(sa.bindparam("tasks", expanding=True)))
_END_OF_RUNS = sa.delete(Timer).where(Timer.run_id.in_(sa.bindparam("runs", expanding=True)))
_MOST_WAITING = 20


class Running:
    """A process, its people, its current and latest rounds, its open tasks.

    Unless ``is_whole``, of each item only what was asked for is here.
    """

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
        self.is_whole = True
        self.process = process
        self.tree = tree
        self.chain = chain
        self.people: dict[str, Person] = {}
        self.tasks: dict[str, Asked] = {}
        self.rounds: dict[Place, Round] = {}
        self.latest: dict[Place, Round] = {}
        self.stuck: set[Place] = set()
        self._known: set[str] = set()
        self.links: list[dict[str, Any]] = []
        self.timers: list[dict[str, Any]] = []
        self._ended_runs: list[str] = []
        self._ended_tasks: list[str] = []
        self.troubles: list[dict[str, Any]] = []
        self.claims: dict[str, dict[str, Any]] = {}
        # Why a step is asked again, for its next round in this transaction.
        self.reasons: dict[Place, str] = {}
        self._changes = (Changes(Participant), Changes(StepRun), Changes(Task))
        self._files: dict[str, dict[str, Any]] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        # One process is in hand once: what is loaded again in this transaction is this one.
        tx.kept[Running, process["id"]] = self
        tx.before_commit(self._write)

    @classmethod
    def load(cls, tx: Tx, process_id: str) -> "Running":
        """The process, whole, locked until the commit; Unknown if there is none."""
        return cls._locked(tx, tx.execute(_LOCK_PROCESS, {"process": process_id})).whole()

    @classmethod
    def of_task(cls, tx: Tx, task_id: str) -> "Running":
        """The process of a task, with that task even where it is closed."""
        found = tx.execute(_LOCK_OF_TASK, {"of": task_id})
        return cls._locked(tx, found, task_id)

    @classmethod
    def of_round(cls, tx: Tx, run_id: str) -> "Running":
        """The process of a round."""
        return cls._locked(tx, tx.execute(_LOCK_OF_ROUND, {"of": run_id}))

    @classmethod
    def _locked(cls, tx: Tx, found: sa.CursorResult[Any], task_id: str | None = None) -> "Running":
        row = found.mappings().first()
        if row is None:
            raise Unknown("There is nothing here, or nothing that is yours to see.")
        head = {key[5:]: value for key, value in row.items() if key.startswith("head_")}
        running = tx.kept.get((Running, row["id"]))
        if running is None:
            process = {column.key: row[column.key] for column in _PROCESS.columns}
            tree = trees.tree(tx.conn, process["definition_id"])
            running = cls(tx, process, tree, record.take_chain(tx, head))
            running.is_whole = not tree.has_eaches
        running._read(task_id, scopes.chain(row.get("scope_of", "")))
        return running

    def _read(self, task_id: str | None, wanted: Sequence[str], *, whole: bool = False) -> None:
        ids = {"process": self.id, "task": task_id or ""} | ({} if whole else {"scopes": wanted})
        people = _PEOPLE_AND_TASKS if whole else _PEOPLE_AND_TASKS_IN
        for row in self.tx.execute(people, ids).mappings():
            person = {c.key: row[f"person_{c.key}"] for c in _PERSON.columns}
            self.people.setdefault(person["id"], Person(**person))
            if row["id"] is not None:
                task = Asked(**{c.key: row[c.key] for c in _TASK.columns})
                self.tasks.setdefault(task.id, task)
        query = _LIVE if whole else _ROUNDS
        for row in self.tx.execute(query, ids).mappings():
            if row["id"] not in self._known:
                self._take_round(Round(**row))
        if self.process["n_troubles"] and not self.stuck:
            stuck = self.tx.execute(_STUCK, {"process": self.id})
            self.stuck = {Place(row.step, row.scope) for row in stuck}

    def _take_round(self, found: Round) -> None:
        self._known.add(found.id)
        if found.is_current:
            self.rounds[found.place] = found
        if found.is_latest:
            self.latest[found.place] = found

    def whole(self) -> "Running":
        """Itself, with every item at hand."""
        if not self.is_whole:
            self.is_whole = True
            self._read(None, [""], whole=True)
        return self

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

    def round_of(self, task: Asked) -> Round:
        """The current round of the step that an open task is of."""
        return self.rounds[Place(task.step, task.scope)]

    def round_with(self, run_id: str) -> Round | None:
        """The current round of that id; ``None`` where it is over and another took its place."""
        return next((found for found in self.rounds.values() if found.id == run_id), None)

    def person(self, person_id: str) -> Person:
        """Somebody who takes part, whether at hand or not."""
        if person_id not in self.people:
            which = {"process": self.id, "id": person_id}
            query = _A_PERSON.where(_PERSON.c.id == sa.bindparam("id"))
            row = self.tx.execute(query, which).mappings().one()
            self.people[person_id] = Person(**row)
        return self.people[person_id]

    def everybody(self) -> dict[str, Person]:
        """Everybody who takes part, in all items."""
        if not self.is_whole:
            for row in self.tx.execute(_A_PERSON, {"process": self.id}).mappings():
                self.people.setdefault(row["id"], Person(**row))
        return self.people

    def of_address(self, email: str) -> Person | None:
        """Whoever takes part under this address already."""
        found = (one for one in self.people.values() if one.email == email)
        person = next(found, None)
        if person is None and not self.is_whole:
            query = _A_PERSON.where(_PERSON.c.email == email).order_by(_PERSON.c.added_at).limit(1)
            row = self.tx.execute(query, {"process": self.id}).mappings().first()
            person = Person(**row) if row else None
        return person

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

    # How it stands, as the walk of `decide` asks it

    def standing(self, step: str, scope: str) -> Standing | None:
        """How a step stands; ``stuck`` where an exception keeps it from beginning."""
        place = Place(step, scope)
        found = self.rounds.get(place)
        stands = found.standing if found is not None else None
        return "stuck" if stands is None and place in self.stuck else stands

    def chosen(self, step: ChooseStep, scope: str) -> int | None:
        """The place of the branch that a ``choose`` took."""
        branch: int | None = self.rounds[Place(step.id, scope)].answers["branch"]
        return branch

    def open_items(self, step: EachStep, scope: str) -> list[str]:
        """The scopes of the items at hand that are not done, in order."""
        return sorted(
            (
                place.scope
                for place, found in self.rounds.items()
                if place.step == step.id
                and found.state == "open"
                and scopes.is_item_in(place.scope, scope)
            ),
            key=scopes.index,
        )

    def tally(self, step: EachStep, scope: str) -> tuple[int, int]:
        """How many items an ``each`` has, and how many of them are done."""
        answers = self.rounds[Place(step.id, scope)].answers
        return answers["count"], answers["done"]

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

    def facts(self, scope: str = "") -> dict[str, Any]:
        """What expressions within that scope may read, as it stands now."""
        if scope not in self._facts:
            self._facts[scope] = self._build_facts(scope)
        return self._facts[scope]

    def _build_facts(self, scope: str) -> dict[str, Any]:
        return definition_facts.build(
            self.tree,
            inputs=self.process["inputs"],
            steps=definition_facts.seen_from(self.tree, scope, self._latest, self._count),
            values=definition_facts.values_seen(
                self.tree, scope, self.process["values"], self._answers
            ),
            participants=self._roles(),
            now=self.now,
            zone=self.calendar.timezone,
            items=definition_facts.items_seen(self.tree, scope, self._answers),
        )

    def text(self, text: Text, escape: Escape = "text", scope: str = "") -> str:
        """The text with its placeholders filled; ExpressionFailed where that fails."""
        return text.render({} if text.is_constant else self.facts(scope), escape)

    def _latest(self, step: str, scope: str) -> Any:
        done = self.latest.get(Place(step, scope))
        return {} if done is None else self._brought(done)

    def _count(self, each: str, scope: str) -> int | None:
        """How many items an ``each`` ran for; all of them are then at hand."""
        place = Place(each, scope)
        ran = self.whole().rounds.get(place) or self.latest.get(place)
        return ran.answers.get("count") if ran is not None else None

    def _answers(self, step: str, scope: str) -> Mapping[str, Any]:
        """What the round of a step kept: the current one of an item, else the latest."""
        place = Place(step, scope)
        kept = self.rounds.get(place) or self.latest.get(place)
        return kept.answers if kept is not None else {}

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
            self._files[row.id] = described(row)

    def _roles(self) -> dict[str, dict[str, Any]]:
        return {
            person.role: {"email": person.email, "name": person.name}
            for person in self.people.values()
            if person.role
        }

    # Changes

    def forget_facts(self) -> None:
        """Have the facts built anew: something that they tell has changed."""
        self._facts = {}

    def keep_person(self, person: Person) -> Person:
        """Add or change somebody who takes part."""
        self.forget_facts()
        self.people[person.id] = person
        self._changes[0].add(person)
        return person

    def keep_round(self, found: Round) -> Round:
        """Add or change a round; a current one takes its step's place."""
        if found.is_current:
            self.rounds[found.place] = found
        elif self.rounds.get(found.place) is found:
            del self.rounds[found.place]
        self._changes[1].add(found)
        return found

    def keep_latest(self, found: Round) -> None:
        """Change what a round brought that is over."""
        self.forget_facts()
        self._changes[1].add(found)

    def keep_task(self, task: Asked) -> Asked:
        """Add or change a task."""
        self.tasks[task.id] = task
        self._changes[2].add(task)
        return task

    def new_round(self, step: str, state: str, scope: str = "") -> Round:
        """The next round of a step, numbered after the last one; what was sent is filled in."""
        place = Place(step, scope)
        withdrawn, last = self.rounds.get(place), self.latest.get(place)
        numbers = [found.round for found in (withdrawn, last) if found is not None]
        if withdrawn is not None:
            withdrawn.is_current = False
            self.keep_round(withdrawn)
        again = last is not None and self.tree.step(step).kind in ("form", "upload")
        begun = Round(
            id=self.new_id(),
            process_id=self.id,
            step=step,
            scope=scope,
            round=max(numbers, default=0) + 1,
            state=state,
            answers=dict(last.answers) if last and again else {},
            opened_at=self.now,
        )
        return self.keep_round(begun)

    def new_id(self) -> str:
        """An id for a new round, which is then not read as one there was."""
        self._known.add(made := db.new_id())
        return made

    def forget_round(self, begun: Round) -> None:
        """Take back a round that was only just begun and came to nothing."""
        del self.rounds[begun.place]
        self._changes[1].drop(begun)

    def settle_round(self, found: Round, outcome: str | None) -> None:
        """End a round with an outcome (none: skipped); it is now what the step came to."""
        self.forget_facts()
        before = self.latest.get(found.place)
        if before is not None and before is not found:
            before.is_latest = False
            self._changes[1].add(before)
        found.state = "done" if outcome else "skipped"
        found.outcome, found.done_at, found.is_latest = outcome, self.now, True
        self.latest[found.place] = found
        self.keep_round(found)

    def set_values(self, values: dict[str, Any]) -> None:
        """Add computed values of the process, packed as `facts.pack` does."""
        self.process["values"] = {**self.process["values"], **values}
        self.forget_facts()

    def end_timers(self, found: Round) -> None:
        """Drop what was still to ring for a round that is over."""
        self._ended_runs.append(found.id)

    def end_task_timers(self, task: Asked) -> None:
        """Drop what was still to ring for a task that is closed."""
        step = self.tree.step(task.step)
        rings = task.due_at is not None or task.pick_up_by is not None
        if rings or (isinstance(step, PersonStep) and step.on_timeout):
            self._ended_tasks.append(task.id)

    # Moving

    def move_to(self, definition_id: str, tree: Definition) -> None:
        """Have it go on under another version of its definition."""
        self.process["definition_id"] = definition_id
        self.tree = tree
        self.__dict__.pop("calendar", None)
        self.forget_facts()

    def set_aside(self, found: Round) -> None:
        """Have a round stand no more, and be the latest of its step no more."""
        found.is_current = found.is_latest = False
        self.keep_round(found)
        self.rounds.pop(found.place, None)
        self.latest.pop(found.place, None)

    # Writing

    def _write(self) -> None:
        if self._is_new:
            self._sum_up()
            self.tx.execute(_ADD_PROCESS, self.process)
        for changes in self._changes:
            changes.write(self.tx)
        if self.links:
            self.tx.execute(_ADD_LINKS, self.links)
        if self._ended_tasks:
            self.tx.execute(_END_OF_TASKS, {"tasks": self._ended_tasks})
        if self._ended_runs:
            self.tx.execute(_END_OF_RUNS, {"runs": self._ended_runs})
        timers = [row for row in self.timers if not self._is_over(row)]
        if timers:
            self.tx.execute(_ADD_TIMERS, timers)
        if self.troubles:
            self.tx.execute(_ADD_TROUBLES, self.troubles)
        if not self._is_new:
            self._sum_up()
            new = {f"new_{name}": self.process[name] for name in _CHANGED}
            self.tx.execute(_UPDATE, {"process": self.id, **new})

    def _is_over(self, timer: dict[str, Any]) -> bool:
        """Whether what a new timer stands for was closed in this very transaction."""
        return timer["run_id"] in self._ended_runs or timer["task_id"] in self._ended_tasks

    def _sum_up(self) -> None:
        """What lists show of the process, from what is open now."""
        if self.is_whole:
            tasks = self.open_tasks()
            waiting = [self._waiting(task) for task in tasks[:_MOST_WAITING]]
            due_at = min((task.due_at for task in tasks if task.due_at), default=None)
        else:
            rows = self.tx.execute(_ASKED, {"process": self.id}).all()
            waiting = [self._waiting_row(row) for row in rows]
            due_at = self.tx.execute(_FIRST_DUE, {"process": self.id}).scalar()
        waiting += [self._paused(found) for found in self._open_waits()]
        self.process.update(
            waiting=waiting[:_MOST_WAITING],
            due_at=due_at,
            n_done=sum(
                found.state != "open" for place, found in self.rounds.items() if not place.scope
            ),
            changed_at=self.now,
        )

    def _open_waits(self) -> list[Round]:
        """The rounds at hand in which nobody is asked, and that go on."""
        kinds = (CallStep, RunStep, WaitStep)
        return [
            found
            for found in self.rounds.values()
            if found.state == "open" and isinstance(self.tree.step(found.step), kinds)
        ]

    def _paused(self, found: Round) -> dict[str, Any]:
        step = self.tree.step(found.step)
        name = "the right time"
        if isinstance(step, CallStep):
            name = calls.host(found.answers[calls.REQUEST]["url"])
        elif isinstance(step, RunStep):
            name = "the process that it runs"
        elif isinstance(step, WaitStep) and step.signal:
            name = f"the signal “{step.signal}”"
        return {
            "task": None,
            "step": found.step,
            "name": str(step.name),
            "who": {"kind": "system", "email": None, "name": name},
            "since": record.moment(found.opened_at),
            "due_at": None,
        }

    def _waiting_row(self, row: Any) -> dict[str, Any]:
        who = {"kind": row.kind, "email": row.email, "name": row.person_name}
        if row.holder_email is not None:
            who = {"kind": "staff", "email": row.holder_email, "name": row.holder_name}
        return {
            "task": row.id,
            "step": row.step,
            "name": row.name,
            "who": who,
            "since": record.moment(row.offered_at),
            "due_at": record.moment(row.due_at) if row.due_at else None,
        }

    def _waiting(self, task: Asked) -> dict[str, Any]:
        person = self.person(task.participant_id)
        who = {"kind": person.kind, "email": person.email, "name": person.name}
        return {
            "task": task.id,
            "step": task.step,
            "name": task.name,
            "who": self._claimed_by(task) or who,
            "since": record.moment(task.offered_at),
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
    return hours.work_calendar(tree, installation.current.timezone)
