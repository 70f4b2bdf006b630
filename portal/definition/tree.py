"""The tree of a checked definition: frozen dataclasses, one class per step kind.

Built by `load.load` alone, so whatever stands here has passed `check`. Texts that may hold
`{{ }}` are `Text` (a `str` with `.render(facts)`); conditions are compiled `Expression`s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from portal.definition.durations import Duration, Rung
    from portal.definition.expressions import Expression
    from portal.definition.retention import Retention
from portal.definition.text import Text


@dataclass(frozen=True, slots=True)
class Owner:
    """Who answers for the outcome: exactly one of `email` (a staff user) and `team` is set."""

    email: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """`calendar:` as written; what is `None` is taken from the installation's calendar."""

    timezone: str | None = None
    hours: str | None = None
    holidays: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A part somebody plays. `team` only for staff; `named_later`: a start may leave it out."""

    id: str
    kind: Literal["external", "staff"]
    name: str
    team: str | None = None
    named_later: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` is stored, `label` is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of `inputs`, a form or a table (then a column).

    `min`/`max` are Decimal for number and money, int for choices and table, a date or `"today"`
    for date. `default` is a JSON value in which strings are `Text`; read it by
    `fields.default_value`. `pattern` is matched against the whole value (RE2). `section` is the
    heading of a part of the form that begins here; read it by `sections.of`.
    """

    id: str
    type: str
    label: Text
    help: Text | None = None
    section: Text | None = None
    required: bool = True
    default: Any = None
    show_if: Expression | None = None
    options: tuple[Option, ...] = ()
    columns: tuple[Field, ...] = ()
    min: Decimal | int | date | Literal["today"] | None = None
    max: Decimal | int | date | Literal["today"] | None = None
    decimals: int | None = None
    currencies: tuple[str, ...] = ()
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    line: int = 0

    def column(self, wanted: str) -> Field:
        """The column of that id; KeyError if there is none."""
        return _by_id(self.columns, wanted)


@dataclass(frozen=True, slots=True)
class Document:
    """One document an upload asks for. `accept` are extensions without dot; empty: anything.

    `max_size` in bytes for each file; `min`/`max` count files.
    """

    id: str
    name: Text
    help: Text | None = None
    accept: tuple[str, ...] = ()
    max_size: int = 25_000_000
    min: int = 1
    max: int = 1
    required: bool = True
    line: int = 0


@dataclass(frozen=True, slots=True)
class AssignExpr:
    """`assign: {email, name}`: a person computed when the step opens."""

    email: Expression
    name: Expression | None = None


@dataclass(frozen=True, slots=True)
class DueAt:
    """`due: {at: …}`: a timestamp, or a date (the end of that working day)."""

    at: Expression


@dataclass(frozen=True, slots=True)
class Escalation:
    """One rung after the due time: who is told, or gets it. `to` is a role id or `"owner"`."""

    after: Duration
    to: str
    then: Literal["notify", "reassign"] = "notify"


@dataclass(frozen=True, slots=True)
class ReturnTo:
    """The way back: the id of an earlier step of the same or an enclosing list."""

    step: str


Delegate = Literal["allowed", "ask", "no"]


@dataclass(frozen=True, slots=True)
class Timeout:
    """`on_timeout`: what happens when a step is still undone so long after it opened."""

    after: Duration
    do: Literal["skip", "end", "reject"] | ReturnTo


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step has. `when` false: the step is skipped. `line` is where it begins."""

    kind: ClassVar[str] = ""

    id: str
    name: Text
    when: Expression | None = None
    why: str | None = None
    control: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStep(Step):
    """A step that a person does.

    `assign`: role ids in order (several: see the page), or a computed person.
    `remind`: the rungs; `None` means the default ladder where `due` is set, `()` none.
    `pick_up`: how long the assignee has to take it up; `None` means half of the time to `due`.
    `verify`: `code` asks somebody outside for a one-time code before the step is done.
    `delegate`: whether the assignee may pass it on; `None` means that people outside may.
    """

    assign: tuple[str, ...] | AssignExpr
    instructions: Text | None = None
    due: Duration | DueAt | None = None
    pick_up: Duration | None = None
    remind: tuple[Rung, ...] | None = None
    escalate: tuple[Escalation, ...] = ()
    verify: Literal["link", "code"] = "link"
    on_timeout: Timeout | None = None
    delegate: Delegate | None = None
    link_for: Duration | None = None

    def delegate_by(self, kind: str) -> Delegate:
        """Whether an assignee of that kind (``external``, ``staff``, ``team``) may pass it on."""
        return self.delegate or ("allowed" if kind == "external" else "no")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormStep(PersonStep):
    """Asks the assignee for fields."""

    kind: ClassVar[str] = "form"
    fields: tuple[Field, ...]

    def field(self, wanted: str) -> Field:
        """The field of that id; KeyError if there is none."""
        return _by_id(self.fields, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadStep(PersonStep):
    """Asks the assignee for documents."""

    kind: ClassVar[str] = "upload"
    documents: tuple[Document, ...]

    def document(self, wanted: str) -> Document:
        """The document of that id; KeyError if there is none."""
        return _by_id(self.documents, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep(PersonStep):
    """Asks for a decision on what the steps in `show` brought.

    `on_changes` set: "changes requested" is offered. `separate_from`: step ids or `"starter"`.
    """

    kind: ClassVar[str] = "approval"
    question: Text
    show: tuple[str, ...] = ()
    needs: Literal["all", "any"] | int = "all"
    on_changes: ReturnTo | None = None
    on_reject: ReturnTo | Literal["end", "continue"] = "end"
    separate_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentOf:
    """The document of an upload step, as `step.document` names it."""

    step: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignStep(PersonStep):
    """Asks for a signature: exactly one of `statement` (Markdown) and `document` is set."""

    kind: ClassVar[str] = "sign"
    statement: Text | None = None
    document: DocumentOf | None = None
    methods: tuple[str, ...] = ("typed", "drawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStep(PersonStep):
    """A to-do, ticked off with a note; every line of `checklist` must be ticked."""

    kind: ClassVar[str] = "task"
    checklist: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStep(Step):
    """Sends a message to the people of the roles `to`; completes at once. `body` is Markdown."""

    kind: ClassVar[str] = "message"
    to: tuple[str, ...]
    subject: Text
    body: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Step):
    """Computes values, in the order written; a later one may use an earlier one."""

    kind: ClassVar[str] = "set"
    assignments: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(Step):
    """Calls another system over HTTP.

    `json` is a JSON value in which strings are `Text`; `None`: no body. `secret` is a name.
    A call that failed is made `times` more, after `first` and then after twice as long each time.
    `save` are the values computed from the answer, in the order written.
    """

    kind: ClassVar[str] = "call"
    method: str
    url: Text
    headers: tuple[tuple[str, Text], ...] = ()
    json: Any = None
    secret: str | None = None
    times: int
    first: Duration
    save: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """Waits: exactly one of `span`, `until` and `signal` is set; `timeout` goes with a signal."""

    kind: ClassVar[str] = "wait"
    span: Duration | None = None
    until: Expression | None = None
    signal: str | None = None
    timeout: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep(Step):
    """Runs another process, of the latest version of `definition`, and waits for its end.

    `inputs` and `participants` (each `{email, name}`) are computed when it begins.
    """

    kind: ClassVar[str] = "run"
    definition: str
    inputs: tuple[tuple[str, Expression], ...] = ()
    participants: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A list of steps inside a block. `when` only in `choose`; `None` there is `otherwise`."""

    steps: tuple[Step, ...]
    name: str = ""
    when: Expression | None = None


Finish = Literal["all", "any"] | int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStep(Step):
    """A step that holds lists of further steps."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelStep(BlockStep):
    """Runs its branches side by side until `finish` of them are done; the rest is withdrawn."""

    kind: ClassVar[str] = "parallel"
    finish: Finish = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseStep(BlockStep):
    """Takes the first branch whose `when` holds."""

    kind: ClassVar[str] = "choose"


@dataclass(frozen=True, slots=True, kw_only=True)
class EachStep(BlockStep):
    """Runs its one branch once for each item, side by side; `item` names the item."""

    kind: ClassVar[str] = "each"
    items: Expression
    item: str
    finish: Finish = "all"

    @property
    def steps(self) -> tuple[Step, ...]:
        """What runs for each item."""
        return self.branches[0].steps


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a process, checked. `source` is the text it came from.

    `digest` is the SHA-256 (hex) of the canonical JSON of the parsed document, so that comments
    and layout do not make a new version.
    """

    key: str
    name: str
    title: Text
    owner: Owner
    roles: dict[str, Role]
    inputs: tuple[Field, ...]
    steps: tuple[Step, ...]
    source: str
    digest: str
    purpose: str | None = None
    runbook: str | None = None
    review_every: Duration | None = None
    calendar: CalendarSpec | None = None
    link_for: Duration | None = None
    retention: Retention | None = None
    # Asked at every step of a process, and always the same.
    _index: dict[str, _Place] = field(init=False, repr=False, compare=False)
    _all_steps: tuple[Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {place.step.id: place for place in _places(self.steps, ())}
        object.__setattr__(self, "_index", places)
        object.__setattr__(self, "_all_steps", tuple(place.step for place in places.values()))

    def step(self, wanted: str) -> Step:
        """The step of that id; KeyError if there is none."""
        return self._index[wanted].step

    def person_step(self, wanted: str) -> PersonStep:
        """The step of that id, of which there are tasks: a person does it."""
        step = self.step(wanted)
        assert isinstance(step, PersonStep)
        return step

    def has_step(self, wanted: str) -> bool:
        """Whether a step of that id exists."""
        return wanted in self._index

    def all_steps(self) -> tuple[Step, ...]:
        """Every step in document order, those inside blocks included."""
        return self._all_steps

    def enclosing_list(self, wanted: str) -> tuple[Step, ...]:
        """The list of steps that the step stands in; KeyError if there is none."""
        return self._index[wanted].siblings

    def blocks_around(self, wanted: str) -> tuple[BlockStep, ...]:
        """The blocks that the step stands in, the outermost first."""
        return self._index[wanted].blocks

    def eaches_around(self, wanted: str) -> tuple[EachStep, ...]:
        """The `each` blocks that the step stands in, the outermost first."""
        return self._index[wanted].eaches

    def steps_before(self, wanted: str) -> tuple[Step, ...]:
        """The steps a `return_to` of this step may name, in document order."""
        names = [*(block.id for block in self.blocks_around(wanted)), wanted]
        found: list[Step] = []
        for name in names:
            siblings = self.enclosing_list(name)
            found += siblings[: siblings.index(self.step(name))]
        return tuple(found)

    @property
    def has_eaches(self) -> bool:
        """Whether anything runs once for each of several items."""
        return any(isinstance(step, EachStep) for step in self._all_steps)

    def value_names(self) -> tuple[str, ...]:
        """Every name under `values`, in document order, each once; those of items too."""
        names = (name for step in self.all_steps() for name, _ in computed_by(step))
        return tuple(dict.fromkeys(names))

    def input(self, wanted: str) -> Field:
        """The input of that id; KeyError if there is none."""
        return _by_id(self.inputs, wanted)


def computed_by(step: Step) -> tuple[tuple[str, Expression], ...]:
    """The values that a step computes, by name, in the order written."""
    if isinstance(step, SetStep):
        return step.assignments
    return step.save if isinstance(step, CallStep) else ()


def within(steps: tuple[Step, ...]) -> Iterator[Step]:
    """These steps and all that stand inside them, in document order."""
    for step in steps:
        yield step
        if isinstance(step, BlockStep):
            for branch in step.branches:
                yield from within(branch.steps)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step stands."""

    step: Step
    siblings: tuple[Step, ...]
    blocks: tuple[BlockStep, ...]
    eaches: tuple[EachStep, ...]


def _places(steps: tuple[Step, ...], blocks: tuple[BlockStep, ...]) -> Iterator[_Place]:
    eaches = tuple(one for one in blocks if isinstance(one, EachStep))
    for step in steps:
        yield _Place(step, steps, blocks, eaches)
        if isinstance(step, BlockStep):
            for branch in step.branches:
                yield from _places(branch.steps, (*blocks, step))


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_Thing = TypeVar("_Thing", bound=_Named)


def _by_id(things: tuple[_Thing, ...], wanted: str) -> _Thing:
    for thing in things:
        if thing.id == wanted:
            return thing
    raise KeyError(wanted)
