"""One process in hand: loaded under its head's lock, changed in memory, written at the end.

Loading takes three statements and reads only what is current or latest, so that the sixtieth
round costs what the first did; and of the items of an ``each`` only the one that is worked on,
so that the thousandth item costs what the first did. Writing takes one statement per table.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from portal import calendar, db, installation
from portal.actor import Actor, system
from portal.calendar import WorkCalendar
from portal.db import Tx
from portal.definition import hours, scopes
from portal.definition.text import Escape, Text
from portal.definition.tree import ChooseStep, Definition, EachStep, PersonStep, Step
from portal.engine import loading, searching, writing
from portal.engine.decide import Standing
from portal.engine.facts import Facts
from portal.engine.rows import Asked, CameBy, Person, Place, Round
from portal.engine.summary import sum_up
from portal.engine.writing import Writes
from portal.errors import Conflict, ProcessEnded, Unknown
from portal.language import gettext as _
from portal.ledger import record
from portal.ledger.record import Chain
from portal.models import trees
from portal.models.tasks import require_open

S = TypeVar("S", bound=Step)

ENGINE = system("engine")


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
        self._was = writing.place_in_lists(process)
        self.tree = tree
        self.chain = chain
        self.came_by = CameBy()
        self.people: dict[str, Person] = {}
        self.tasks: dict[str, Asked] = {}
        self.rounds: dict[Place, Round] = {}
        self.latest: dict[Place, Round] = {}
        self.stuck: set[Place] = set()
        self._known: set[str] = set()
        self._writes = Writes()
        self.links, self.timers = self._writes.links, self._writes.timers
        self.troubles = self._writes.troubles
        self.claims: dict[str, dict[str, Any]] = {}
        # Why a step is asked again, for its next round in this transaction.
        self.reasons: dict[Place, str] = {}
        self._facts = Facts(self)
        # One process is in hand once: what is loaded again in this transaction is this one.
        tx.kept[Running, process["id"]] = self
        tx.before_commit(self._write)
        tx.before_commit(self._note, last=True)

    @classmethod
    def load(cls, tx: Tx, process_id: str) -> "Running":
        """The process, whole, locked until the commit; Unknown if there is none."""
        return cls._locked(tx, tx.first(loading.LOCK_PROCESS, process=process_id)).whole()

    @classmethod
    def of_task(cls, tx: Tx, task_id: str, actor: Actor | None = None) -> "Running":
        """The process of a task, with that task even where it is closed.

        ``came_by`` then tells how the actor's link stands.
        """
        found = tx.first(loading.LOCK_OF_TASK, of=task_id)
        return cls._locked(tx, found, task_id, actor.link if actor is not None else None)

    @classmethod
    def of_round(cls, tx: Tx, run_id: str) -> "Running":
        """The process of a round."""
        return cls._locked(tx, tx.first(loading.LOCK_OF_ROUND, of=run_id))

    @classmethod
    def _locked(
        cls, tx: Tx, row: Any, task_id: str | None = None, link: str | None = None
    ) -> "Running":
        if row is None:
            raise Unknown(_("There is nothing here, or nothing that is yours to see."))
        running = tx.kept.get((Running, row.id))
        if running is None:
            process, head = loading.process_of(row)
            tree = trees.tree(tx.conn, process["definition_id"])
            running = cls(tx, process, tree, record.take_chain(tx, head))
            running.is_whole = not tree.has_eaches
        running._read(scopes.chain(getattr(row, "scope_of", "")), task_id, link)
        return running

    def _read(
        self, wanted: Sequence[str] | None, task_id: str | None = None, link: str | None = None
    ) -> None:
        """Take in these scopes, or all of them; what is in hand already stays as it is."""
        rows = loading.people_and_tasks(self.tx, self.id, wanted, task=task_id, link=link)
        for person, task, came_by in rows:
            self.people.setdefault(person.id, person)
            if task is not None:
                self.tasks.setdefault(task.id, task)
            if task_id is not None:
                self.came_by = came_by
        for found in loading.rounds(self.tx, self.id, wanted, self._known):
            self._take_round(found)
        if self.process["n_troubles"] and not self.stuck:
            self.stuck = loading.stuck(self.tx, self.id)

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
            self._read(None)
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

    def open_task(self, task_id: str) -> Asked:
        """The task; TaskDone, TaskWithdrawn or TaskExpired where it is no longer open."""
        task = self.tasks.get(task_id)
        if task is None:
            raise Unknown(_("There is no such task."))
        require_open(task.state, task.name)
        return task

    def task_to_do(self, task_id: str, nonce: str | None) -> Asked | None:
        """The open task; ``None`` where the same page's answer has closed it already."""
        task = self.tasks.get(task_id)
        if task is not None and task.state == "done" and nonce and task.nonce == nonce:
            return None
        return self.open_task(task_id)

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
            self.people[person_id] = loading.person(self.tx, self.id, person_id)
        return self.people[person_id]

    def everybody(self) -> dict[str, Person]:
        """Everybody who takes part, in all items."""
        if not self.is_whole:
            for person in loading.everybody(self.tx, self.id):
                self.people.setdefault(person.id, person)
        return self.people

    def of_address(self, email: str) -> Person | None:
        """Whoever takes part under this address already."""
        found = (one for one in self.people.values() if one.email == email)
        person = next(found, None)
        if person is None and not self.is_whole:
            person = loading.of_address(self.tx, self.id, email)
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
        return self._facts.within(scope)

    def text(self, text: Text, escape: Escape = "text", scope: str = "") -> str:
        """The text with its placeholders filled; ExpressionFailed where that fails."""
        return text.render({} if text.is_constant else self.facts(scope), escape)

    # Changes

    def forget_facts(self) -> None:
        """Have the facts built anew: something that they tell has changed."""
        self._facts.forget()

    def keep_person(self, person: Person) -> Person:
        """Add or change somebody who takes part."""
        self.forget_facts()
        self.people[person.id] = person
        self._writes.people.add(person)
        return person

    def keep_round(self, found: Round) -> Round:
        """Add or change a round; a current one takes its step's place."""
        if found.is_current:
            self.rounds[found.place] = found
        elif self.rounds.get(found.place) is found:
            del self.rounds[found.place]
        self._writes.rounds.add(found)
        return found

    def keep_latest(self, found: Round) -> None:
        """Change what a round brought that is over."""
        self.forget_facts()
        self._writes.rounds.add(found)

    def keep_task(self, task: Asked) -> Asked:
        """Add or change a task."""
        self.tasks[task.id] = task
        self._writes.tasks.add(task)
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
        self._writes.rounds.drop(begun)

    def settle_round(self, found: Round, outcome: str | None) -> None:
        """End a round with an outcome (none: skipped); it is now what the step came to."""
        self.forget_facts()
        found.state = "done" if outcome else "skipped"
        found.outcome, found.done_at = outcome, self.now
        self.make_latest(found)

    def make_latest(self, found: Round) -> None:
        """Have a round be what its step came to, in the place of the one before."""
        before = self.latest.get(found.place)
        if before is not None and before is not found:
            before.is_latest = False
            self._writes.rounds.add(before)
        found.is_latest = True
        self.latest[found.place] = found
        self.keep_round(found)

    def set_values(self, values: dict[str, Any]) -> None:
        """Add computed values of the process, packed as `facts.pack` does."""
        self.process["values"] = {**self.process["values"], **values}
        self.forget_facts()

    def end_timers(self, found: Round) -> None:
        """Drop what was still to ring for a round that is over."""
        self._writes.ended_runs.append(found.id)

    def end_task_timers(self, task: Asked) -> None:
        """Drop what was still to ring for a task that is closed."""
        step = self.tree.step(task.step)
        rings = task.due_at or task.pick_up_by or task.promised_on or task.snoozed_on
        if rings or (isinstance(step, PersonStep) and step.on_timeout):
            self._writes.ended_tasks.append(task.id)

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
        """Everything, just before the commit."""
        if self._is_new:
            sum_up(self)
            writing.add_process(self.tx, self.process)
        self._writes.write(self.tx)
        if not self._is_new:
            sum_up(self)
            writing.update_process(self.tx, self.process, was=self._was)

    def _note(self) -> None:
        """What the process is found by, once all events are there."""
        tasks = self.tasks
        searching.note(
            self.tx,
            self.chain,
            self.process,
            scope_of=lambda task: tasks[task].scope if task in tasks else "",
            newcomers=self._writes.people.ids,
        )


def doer(actor: Actor) -> str:
    """Who really did it: a user's id, else the acting participant's, program's or worker's."""
    return actor.user_id or actor.id


def work_calendar(tree: Definition) -> WorkCalendar:
    """The working calendar of a definition; what it leaves open is the installation's."""
    return hours.work_calendar(tree, installation.current)
