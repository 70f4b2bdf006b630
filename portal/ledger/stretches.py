"""Who held the work of a process, from when to when: told by its events alone.

A stretch is time in which one task, one wait, one process within, or nothing at all was at hand.
Each has a court, in which the ball was: ``ours`` (staff, a team), ``theirs`` (somebody outside),
``system`` (a moment or a signal is waited for, another process or another system works) or
``nobody`` (nothing is at hand and an exception is open, or nobody took the work up in time). A
task of somebody outside is in our court while a question, an obstacle or a wish of theirs waits
for staff. What is at hand side by side has stretches side by side.

``Telling`` is a pure function of the events: the same ledger gives the same stretches, however
it is cut into pieces. Its ``state`` is JSON, so that it goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol

from portal.ledger import catalogue as c
from portal.ledger.record import moment

COURTS = ("ours", "theirs", "system", "nobody")
WHATS = ("task", "wait", "run", "gap")
"""What was at hand: a task, a wait, a process within, or nothing of these."""
# What is at hand in no task.
_PAUSES = ("wait", "run")
_HANDED = (c.TaskReassigned.TYPE, c.TaskDelegated.TYPE)
_TASK_ENDS = (
    c.FormSubmitted, c.UploadSubmitted, c.ApprovalApproved, c.ApprovalChangesRequested,
    c.ApprovalRejected, c.SignatureMade, c.SignatureDeclined, c.TaskDone, c.TaskWithdrawn,
    c.TaskExpired,
)  # fmt: skip
_ANSWERED = (c.QuestionAnswered, c.QuestionClosed, c.TaskUnblocked)
_MISSED, _DECLINED, _DELEGATION = "missed", "declined", "delegation"


class Who(Protocol):
    """A participant as far as it matters here: ``kind`` is external, staff or team."""

    @property
    def kind(self) -> str:
        """External, staff or team."""

    @property
    def user_id(self) -> str | None:
        """The member of staff."""

    @property
    def team_id(self) -> str | None:
        """The team."""


class _Unknown(NamedTuple):
    kind: str = "external"
    user_id: str | None = None
    team_id: str | None = None


class Reach(Protocol):
    """What a version of a definition knows of its own shape."""

    def is_inside(self, step: str, scope: str, block: str, around: str) -> bool:
        """Whether a step that runs in ``scope`` stands inside a block that runs in ``around``."""

    def is_between(self, step: str, scope: str, to: str, last: str, around: str) -> bool:
        """Whether it runs again where ``last``, in ``around``, sends work back to ``to``."""


Reaches = Callable[[str], Reach | None]
"""Finds the shape of the version of a digest. It is asked seldom: where work goes back or a step
ends while something that is no task is at hand."""


class Step(NamedTuple):
    """One event, as the telling takes it: the body's ``data`` and ``actor`` as they stand."""

    seq: int
    at: datetime
    type: str
    data: Mapping[str, Any]
    actor: Mapping[str, Any]


Row = dict[str, Any]


def step_of(entry: Any) -> Step:
    """The step of a row of the ledger with its body."""
    body = json.loads(entry.body)
    return Step(entry.seq, entry.at, entry.type, body["data"], body["actor"])


def people_in(steps: Iterable[Step], states: Iterable[Mapping[str, Any]]) -> set[str]:
    """The participants that have to be known to tell these events after these states."""
    found = {held["participant_id"] for state in states for held in state["open"].values()}
    for step in steps:
        if step.type == c.TaskOpened.TYPE:
            found.add(step.data["assignee"])
        elif step.type in _HANDED:
            found.add(step.data["to_participant"])
    return found - {None}


class Telling:
    """The stretches of one process, event by event.

    ``state`` is what it came to before (``{}`` at the beginning). ``closed`` are the stretches
    that ended since, as rows; ``open_rows()`` those that last.
    """

    def __init__(self, state: dict[str, Any], people: Mapping[str, Who], reaches: Reaches) -> None:
        self.state: dict[str, Any] = state or {
            "place": 0, "runs": False, "definition": "", "version": 0, "digest": "",
            "open": {}, "marks": {}, "troubles": {},
        }  # fmt: skip
        self.closed: list[Row] = []
        self._people = people
        self._reaches = reaches

    def take(self, step: Step) -> None:
        """The next event; those that move nothing are passed over."""
        tell = self.TELLS.get(step.type)
        if tell is None:
            return
        tell(self, step)
        self._settle_gap(step)

    def open_rows(self) -> list[Row]:
        """The stretches that last, in the order in which they began."""
        rows = (_row(held, None, None) for held in self.state["open"].values())
        return sorted(rows, key=lambda row: int(row["place"]))

    # The process

    def _started(self, step: Step) -> None:
        data = step.data
        self.state.update(
            runs=True, definition=data["definition"], version=data["version"],
            digest=data["digest"],
        )  # fmt: skip

    def _moved(self, step: Step) -> None:
        self.state.update(
            version=step.data["version"], digest=step.data.get("under") or step.data["digest"]
        )

    def _added(self, step: Step) -> None:
        self.state["digest"] = step.data["digest"]

    def _ended(self, step: Step) -> None:
        self.state.update(runs=False, marks={}, troubles={})
        for key in list(self.state["open"]):
            self._close(key, step)

    # Tasks

    def _task_opened(self, step: Step) -> None:
        data = step.data
        self._open(
            data["task"], step, what="task", kind=data["kind"], round=data["round"],
            task_id=data["task"], due_at=data.get("due_at"), participant_id=data["assignee"],
        )  # fmt: skip

    def _task_ended(self, step: Step) -> None:
        task = step.data.get("task")
        if task is not None:
            self._close(task, step)
            self.state["marks"].pop(task, None)

    def _picked_up(self, step: Step) -> None:
        held = self._held(step)
        if held is None:
            return
        self._unmark(step, _MISSED)
        who = self._who(held)
        if who.kind == "team" and step.actor["kind"] == "staff":
            self._split(step, user_id=step.actor["ref"])

    def _handed(self, step: Step) -> None:
        if self._held(step) is not None:
            self.state["marks"].pop(step.data["task"], None)
            self._split(step, participant_id=step.data["to_participant"], user_id=None)

    # What is said of a task, and what waits for staff

    def _missed(self, step: Step) -> None:
        self._mark(step, _MISSED)

    def _declined(self, step: Step) -> None:
        self._mark(step, _DECLINED)

    def _wish(self, step: Step) -> None:
        self._mark(step, _DELEGATION)

    def _wish_refused(self, step: Step) -> None:
        self._unmark(step, _DELEGATION)

    def _asked(self, step: Step) -> None:
        if step.data.get("reminders") == "held":
            self._mark(step, f"asked:{step.data['question']}")

    def _blocked(self, step: Step) -> None:
        self._mark(step, f"blocked:{step.data['question']}")

    def _answered(self, step: Step) -> None:
        question = step.data["question"]
        self._unmark(step, f"asked:{question}", f"blocked:{question}")

    # What is no task

    def _wait_began(self, step: Step) -> None:
        why = "signal" if step.data.get("signal") else "time"
        self._pause(step, "wait", why=why, due_at=step.data.get("ends_at"))

    def _run_started(self, step: Step) -> None:
        self._pause(step, "run")

    def _pause(self, step: Step, what: str, **more: Any) -> None:
        data = step.data
        key = f"{what}:{data['step']}:{data.get('scope') or ''}:{data['round']}"
        self._open(key, step, what=what, round=data["round"], **more)

    def _step_ended(self, step: Step) -> None:
        ended, scope = step.data["step"], step.data.get("scope") or ""
        pauses = self._pauses()
        for key, held in pauses.items():
            if held["step"] == ended and (held["scope"] or "") == scope:
                self._close(key, step)
        within = self._pauses()
        shape = self._reaches(self.state["digest"]) if within else None
        for key, held in within.items():
            if shape and shape.is_inside(held["step"], held["scope"] or "", ended, scope):
                self._close(key, step)

    def _returned(self, step: Step) -> None:
        pauses = self._pauses()
        shape = self._reaches(self.state["digest"]) if pauses else None
        last, scope = step.data["step"], step.data.get("scope") or ""
        for key, held in pauses.items():
            at = (held["step"], held["scope"] or "")
            if shape is None or shape.is_between(*at, step.data["to"], last, scope):
                self._close(key, step)

    def _pauses(self) -> dict[str, Row]:
        return {key: held for key, held in self.state["open"].items() if held["what"] in _PAUSES}

    # What goes wrong

    def _trouble(self, step: Step) -> None:
        data = step.data
        self.state["troubles"][data["exception"]] = [data["kind"], data.get("task")]

    def _resolved(self, step: Step) -> None:
        kind, task = self.state["troubles"].pop(step.data["exception"], ("", None))
        if kind == "declined" and step.data["how"] == "retry" and task in self.state["open"]:
            self._unmark(step, _DECLINED)

    def _called(self, step: Step) -> None:
        """A call tells only how it went: till then it was at hand and nothing else was."""
        gap = self.state["open"].get("gap")
        if gap is not None and gap["step"] is None:
            gap.update(step=step.data["step"], scope=step.data.get("scope"))

    def _settle_gap(self, step: Step) -> None:
        """While it runs and nothing is at hand, the portal is at it, or nobody."""
        held = self.state["open"]
        gap = held.get("gap")
        court = None
        if self.state["runs"] and held.keys() <= {"gap"}:
            court = "nobody" if self.state["troubles"] else "system"
        if gap is not None and gap["court"] != court:
            self._close("gap", step)
        if court is not None and "gap" not in held:
            why = "exception" if court == "nobody" else None
            self._open("gap", step, what="gap", is_of_step=False, why=why)
            held["gap"]["court"] = court

    # Opening, changing, closing

    def _open(self, key: str, step: Step, *, is_of_step: bool = True, **more: Any) -> None:
        data = step.data if is_of_step else {}
        self.state["place"] += 1
        held = {
            "place": self.state["place"], "from_at": moment(step.at), "from_seq": step.seq,
            "definition": self.state["definition"], "version": self.state["version"],
            "court": "system", "why": None, "step": data.get("step"), "scope": data.get("scope"),
            "round": None, "kind": None, "task_id": None, "participant_id": None, "user_id": None,
            "team_id": None, "due_at": None, **more,
        }  # fmt: skip
        if held["what"] == "task":
            self._judge(held)
        self.state["open"][key] = held

    def _split(self, step: Step, **changed: Any) -> None:
        """End the stretch of a task and begin another, unless nothing is different."""
        key = step.data["task"]
        before = self.state["open"][key]
        after = {**before, **changed}
        self._judge(after)
        if _same(before, after):
            return
        self._close(key, step)
        self.state["place"] += 1
        after.update(
            place=self.state["place"], from_at=moment(step.at), from_seq=step.seq,
            definition=self.state["definition"], version=self.state["version"],
        )  # fmt: skip
        self.state["open"][key] = after

    def _close(self, key: str, step: Step) -> None:
        held = self.state["open"].pop(key, None)
        if held is not None and held["from_at"] != moment(step.at):  # else it took no time
            self.closed.append(_row(held, step.at, step.seq))

    def _held(self, step: Step) -> Row | None:
        held: Row | None = self.state["open"].get(step.data.get("task"))
        return held

    def _who(self, held: Row) -> Who:
        return self._people.get(held["participant_id"], _Unknown())

    def _mark(self, step: Step, mark: str) -> None:
        if self._held(step) is not None:
            marks = self.state["marks"].setdefault(step.data["task"], [])
            if mark not in marks:
                marks.append(mark)
            self._split(step)

    def _unmark(self, step: Step, *gone: str) -> None:
        marks = self.state["marks"].get(step.data.get("task"), [])
        if self._held(step) is not None and set(marks) & set(gone):
            self.state["marks"][step.data["task"]] = [one for one in marks if one not in gone]
            self._split(step)

    def _judge(self, held: Row) -> None:
        """Whose court a task is in, of whom, and why where it is not simply its person's."""
        who = self._who(held)
        marks = self.state["marks"].get(held["task_id"], [])
        mark = next(iter(marks), None)
        if who.kind != "team":
            held["user_id"] = who.user_id
        held["team_id"] = who.team_id
        held["court"] = "theirs" if who.kind == "external" and not marks else "ours"
        held["why"] = mark.partition(":")[0] if mark else None
        if _MISSED in marks:
            held.update(court="nobody", why=_MISSED)

    TELLS: ClassVar[dict[str, Any]] = {
        c.ProcessStarted.TYPE: _started,
        c.ProcessMigrated.TYPE: _moved,
        c.StepAdded.TYPE: _added,
        **dict.fromkeys((end.TYPE for end in c.ENDS), _ended),
        c.TaskOpened.TYPE: _task_opened,
        **dict.fromkeys((end.TYPE for end in _TASK_ENDS), _task_ended),
        c.TaskPickedUp.TYPE: _picked_up,
        **dict.fromkeys(_HANDED, _handed),
        c.HandoffMissed.TYPE: _missed,
        c.TaskDeclined.TYPE: _declined,
        c.DelegationAsked.TYPE: _wish,
        c.DelegationRefused.TYPE: _wish_refused,
        c.QuestionAsked.TYPE: _asked,
        c.TaskBlocked.TYPE: _blocked,
        **dict.fromkeys((one.TYPE for one in _ANSWERED), _answered),
        c.WaitBegan.TYPE: _wait_began,
        c.RunStarted.TYPE: _run_started,
        c.StepCompleted.TYPE: _step_ended,
        c.StepSkipped.TYPE: _step_ended,
        c.StepReturned.TYPE: _returned,
        c.ExceptionOpened.TYPE: _trouble,
        c.ExceptionResolved.TYPE: _resolved,
        c.CallSucceeded.TYPE: _called,
        c.CallFailed.TYPE: _called,
    }


_COMPARED = ("court", "why", "participant_id", "user_id", "team_id")


def _same(one: Row, other: Row) -> bool:
    return all(one[name] == other[name] for name in _COMPARED)


def _row(held: Row, to_at: datetime | None, to_seq: int | None) -> Row:
    row = dict(held)
    row.update(
        from_at=_read(held["from_at"]), due_at=_read(held["due_at"]), to_at=to_at, to_seq=to_seq
    )
    return row


def _read(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text is not None else None


MOVING = frozenset(Telling.TELLS)
"""The types of events that change who holds the work; all others may be left unread."""
