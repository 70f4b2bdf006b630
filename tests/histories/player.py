"""Whoever lives a story: people, the clock, other systems and staff with their ways out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import (
    approvals,
    calls,
    changes,
    definitions,
    escalations,
    forms,
    handoffs,
    links,
    messages,
    moves,
    processes,
    questions,
    runs,
    signals,
    signatures,
    tasks,
    timers,
    troubles,
    uploads,
)
from portal.clock import Clock
from portal.definition.fields import JsonSent
from portal.errors import PortalError
from portal.ledger.tables import Outgoing
from portal.models import Process, Question, StepRun, Task, Timer, Trouble
from tests import makers, people
from tests.histories import rules
from tests.histories.definitions import SIGNALS, Maker, Node, text
from tests.histories.picks import Plain

DANA, ADA = people.staff("dana"), people.staff("ada")
_LEASE = 30.0
_MOST_MOVES_TO_THE_END = 300
_WHY = "Because."
# What may happen, the plainest first; what happens often stands there often.
_DEEDS = (
    *["answer"] * 6, *["time_passes"] * 3, *["others_answer"] * 2, *["resolve"] * 2,
    *["reopen"] * 2, "skip", "signal", "reassign", "delegate", "take_up", "name_second",
    "migrate", "ask", "edit", "revoke", "cancel",
)  # fmt: skip


class Stuck(AssertionError):
    """A story that does not come to its end."""


@dataclass
class Player:
    """One process and those that it runs, moved on until they end; each move is checked."""

    pick: Plain
    maker: Maker
    document: Node
    clock: Clock
    root: str
    told: list[str]
    versions: int = 1
    is_moved: bool = False
    moves: int = 0
    done: dict[str, int] = field(default_factory=dict)

    # The story

    def live(self, turns: int) -> None:
        """So many moves of any kind, and then whatever leads to the end."""
        for _ in range(turns):
            if not self._is_running():
                break
            self._move(getattr(self, self.pick.one_of(_DEEDS)))
        self._come_to_the_end()
        for process in self.processes():
            found = rules.unsound(process)
            assert not found, found

    def processes(self) -> list[str]:
        """The process and those that its steps have run."""
        its_runs = sa.select(StepRun.id).where(StepRun.process_id == self.root)
        query = sa.select(Process.id).where(
            sa.or_(Process.id == self.root, Process.parent_run_id.in_(its_runs))
        )
        return [row.id for row in _all(query)]

    def _move(self, deed: Callable[[], object]) -> bool:
        """Do it, or be refused with a sentence; afterwards every rule holds."""
        name = deed.__name__
        try:
            did = deed()
        except PortalError as refused:
            did = False
            self.told.append(f"{name}: refused, {refused}")
        else:
            self.told.append(f"{name}: {did}")
        self.moves += 1
        self.done[name] = self.done.get(name, 0) + bool(did)
        self.look(f"after {name} ({did})")
        return bool(did)

    def look(self, when: str) -> None:
        """Hold the processes to the rules."""
        for process in self.processes():
            found = rules.broken(process, was_moved=self.is_moved)
            assert not found, f"{when}: {found}"

    def _is_running(self) -> bool:
        return makers.process(self.root).state == "running"

    def _come_to_the_end(self) -> None:
        """Everybody does what is asked of them; what nobody can do is resolved; time passes."""
        self.pick = Plain()
        ways = (self.others_answer, self.answer_well, self.resolve_well, self.time_passes)
        for _ in range(_MOST_MOVES_TO_THE_END):
            if not self._is_running():
                return
            if not any(self._move(way) for way in ways):
                break
        raise Stuck("it does not come to its end")

    # People

    def answer(self) -> object:
        """Somebody answers, well or not."""
        one = self._one(self._tasks())
        return one and self._answer(one, is_good=not self.pick.once_in(4))

    def answer_well(self) -> object:
        """Somebody does what is asked of them, as it is wished."""
        return sum(self._answers_well(one) for one in self._tasks())

    def _answers_well(self, one: Any) -> bool:
        if makers.rows(Task, id=one.id)[0].state != "open":
            return False
        try:
            return bool(self._answer(one, is_good=True))
        except PortalError as refused:
            self.told.append(f"answer_well: {one.step} refused, {refused}")
            return self._goes_on_without(one)

    def _goes_on_without(self, one: Any) -> bool:
        try:
            return changes.skip(one.process_id, one.step, _WHY, one.scope, actor=DANA)
        except PortalError as refused:
            self.told.append(f"skip {one.step}: refused, {refused}")
            return False

    def _answer(self, one: Any, *, is_good: bool) -> object:
        told: dict[str, Any] = {"nonce": db.new_id(), "actor": makers.actor_of(one)}
        if one.kind == "form":
            n = 3 if is_good else self.pick.number(0, 3)
            forms.submit(one.id, JsonSent({"n": n}), **told)
        elif one.kind == "upload":
            uploads.stage(one.id, [makers.arrived("d")], actor=told["actor"])
            uploads.submit(one.id, **told)
        elif one.kind == "sign":
            if is_good:
                signatures.sign(one.id, "Vera", True, **told)
            else:
                signatures.decline(one.id, _WHY, **told)
        elif one.kind == "approval":
            bad = ("reject", "request_changes")
            decision = "approve" if is_good else self.pick.one_of(bad)
            approvals.decide(one.id, decision, _WHY, **told)
            return f"{decision} {one.step} {one.scope}"
        else:
            tasks.tick(one.id, **told)
        return f"{one.step} {one.scope}"

    def reassign(self) -> object:
        """Staff give a task to somebody else."""
        one = self._one(self._tasks())
        to = self.pick.one_of((people.OTTO, {"email": "finn@example.com"}))
        if one:
            tasks.reassign(one.id, to, _WHY, actor=DANA)
        return one and one.step

    def delegate(self) -> object:
        """Whoever is asked passes it on."""
        one = self._one(self._tasks())
        return one and handoffs.delegate(one.id, people.OTTO, _WHY, actor=makers.actor_of(one))

    def take_up(self) -> object:
        """Somebody says that they are at it."""
        one = self._one(self._tasks())
        if one:
            handoffs.take_up(one.id, actor=makers.actor_of(one))
        return one and one.step

    def ask(self) -> object:
        """Somebody outside asks, or staff answer."""
        asked = [one for one in _rows(Question, self.processes()) if one.waits_on == "staff"]
        if asked:
            questions.answer(asked[0].id, "So.", nonce=db.new_id(), actor=DANA)
            return "answered"
        one = self._one(self._tasks())
        if one:
            questions.ask(one.id, "How?", nonce=db.new_id(), actor=makers.actor_of(one))
        return one and one.step

    def revoke(self) -> object:
        """Staff end the links of a task."""
        one = self._one(self._tasks())
        if one:
            links.revoke(one.id, _WHY, actor=DANA)
        return one and one.step

    # The clock and other systems

    def time_passes(self) -> object:
        """The clock goes on to the next moment at which something happens, or a bit past it."""
        rings = _rows(Timer, self.processes())
        moments = [one.rings_at for one in rings] + [one.tell_at for one in self._troubles()]
        moments += [one.due_at for one in self._owed("call.request")]
        known = [at for at in moments if at is not None]
        if not known:
            return False
        late = timedelta(hours=self.pick.one_of((0, 1, 30)))
        now = self.clock.set(max(house_clock.now(), min(known)) + late)
        timers.ring([one.id for one in rings if one.rings_at <= now])
        escalations.tell_again()
        return f"{house_clock.now():%d %b %H:%M}"

    def others_answer(self) -> object:
        """What was called answers, or doesn't; what was run says that it has ended."""
        ours = self.processes()
        done: list[object] = []
        for one in messages.take(50, _LEASE, ("call.request", "run.ended")):
            if one.process_id not in ours:
                messages.note_needless(one.id, one.fence)
            elif one.kind == "run.ended":
                done.append(runs.note_ended(one.id, one.fence, one.ref["run"], one.ref["process"]))
            else:
                tried = calls.Tried(one.ref["run"], one.id, one.fence, one.attempts)
                status = self.pick.one_of((200, 200, 500))
                calls.note_answer(tried, calls.Answer(status, {}, '{"n": 3}'))
                done.append(status)
        return done

    def signal(self) -> object:
        """Somebody tells of something that has happened outside."""
        name = self.pick.one_of(SIGNALS)
        return f"{name} {signals.send(self.root, name, actor=DANA)}"

    # Staff

    def resolve(self) -> object:
        """Staff deal with an exception in some way."""
        one = self._one(self._troubles())
        if not one:
            return False
        how = self.pick.one_of(("retry", "skip", "complete", "edit", "reassign", "return_to"))
        details: Node = {
            "complete": {"values": {"n": 1}},
            "edit": {"inputs": {"amount": 7}},
            "reassign": {"to": people.OTTO},
            "return_to": {"step": self._any_step(one.process_id)},
        }.get(how, {})
        return troubles.resolve(one.id, how, _WHY, details, actor=self.pick.one_of((DANA, ADA)))

    def resolve_well(self) -> object:
        """Staff go on without what nobody can do; where that takes two, the other one agrees."""
        found = sorted(self._troubles(), key=lambda one: one.kind != "control")
        return any(self._resolves_well(one, who) for one in found for who in (DANA, ADA))

    def _resolves_well(self, one: Any, who: Any) -> bool:
        self.told.append(f"resolve {one.kind} of {one.step} in {one.scope!r}: {one.message}")
        try:
            how = "skip" if one.step else "retry"
            return troubles.resolve(one.id, how, _WHY, actor=who)
        except PortalError as refused:
            self.told.append(f"refused, {refused}")
            return False

    def skip(self) -> object:
        """Staff go on without a step that the process stands on."""
        run = self._one([run for run in self._runs() if run.state == "open"])
        who = self.pick.one_of((DANA, ADA))
        return run and changes.skip(run.process_id, run.step, _WHY, run.scope, actor=who)

    def reopen(self) -> object:
        """Staff have a step asked again."""
        run = self._one([run for run in self._runs() if run.state == "done"])
        if run:
            changes.reopen(run.process_id, run.step, _WHY, run.scope, actor=DANA)
        return run and f"{run.step} {run.scope}"

    def edit(self) -> object:
        """Staff change data, by way of an exception."""
        one = self._one(self._troubles())
        if not one:
            return False
        values = {"inputs": {"amount": self.pick.number(1, 9)}}
        return troubles.resolve(one.id, "edit", _WHY, values, actor=DANA)

    def name_second(self) -> object:
        """Staff say who plays the role that was left open."""
        processes.name_participant(self.root, "second", people.OTTO, actor=DANA)
        return True

    def migrate(self) -> object:
        """Staff move it to another version, which is made up now or was before."""
        if self.versions < 3 and self.pick.once_in(2):
            changed = self.maker.changed(self.document)
            definitions.publish(text(changed), actor=DANA)
            self.document, self.versions = changed, self.versions + 1
        version = self.pick.number(1, self.versions)
        moves.migrate(self.root, version, _WHY, actor=DANA)
        self.is_moved = True
        return version

    def cancel(self) -> object:
        """Staff end it; not often, for then the story is over."""
        if not self.pick.once_in(8):
            return False
        processes.cancel(self.root, _WHY, actor=DANA)
        return True

    # What there is

    def _one(self, found: list[Any]) -> Any:
        return self.pick.one_of(found) if found else None

    def _tasks(self) -> list[Any]:
        return [one for one in _rows(Task, self.processes()) if one.state == "open"]

    def _troubles(self) -> list[Any]:
        return [one for one in _rows(Trouble, self.processes()) if one.state == "open"]

    def _runs(self) -> list[Any]:
        return [run for run in _rows(StepRun, self.processes()) if run.is_current]

    def _any_step(self, process: str) -> str:
        steps = [run.step for run in _rows(StepRun, [process])]
        return self.pick.one_of(sorted(set(steps))) if steps else "s1"

    def _owed(self, kind: str) -> Iterator[Any]:
        for one in _rows(Outgoing, self.processes()):
            if one.kind == kind and one.state == "pending":
                yield one


def begun(pick: Plain, clock: Clock, key: str, told: list[str]) -> Player:
    """A definition made up and published, and a process of it."""
    maker = Maker(pick, key, pick.number(1, 3))
    document = maker.definition()
    told.append(text(document))
    definitions.publish(text(document), actor=DANA)
    amount = pick.one_of(({}, {"amount": 3}, {"amount": 9}))
    root = processes.start(key, inputs=amount, participants={"vendor": people.VERA}, actor=DANA)
    player = Player(pick, maker, document, clock, root, told)
    player.look("at the start")
    return player


def _rows(model: Any, ids: list[str]) -> list[Any]:
    table = model.__table__
    return _all(sa.select(table).where(table.c.process_id.in_(ids)).order_by(table.c.id))


def _all(query: Any) -> list[Any]:
    with db.reading() as conn:
        return list(conn.execute(query).all())
