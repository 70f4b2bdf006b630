"""The flow sheet: a definition as a document, read from its tree alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    Branch,
    CallStep,
    Definition,
    FormStep,
    MessageStep,
    ParallelStep,
    PersonStep,
    SetStep,
    SignStep,
    Step,
    TaskStep,
    UploadStep,
)
from portal.readings import spoken, words


@dataclass(frozen=True, slots=True)
class Line:
    """One step. ``facts`` are what is said of it, by a word that says about what.

    ``asks`` are what is asked for, each with a remark, ``headings`` what begins a part of the form
    there, by place; ``prose`` is Markdown; ``code`` what is worked out. ``parts`` are the lists
    inside it.
    """

    id: str
    number: str
    name: str
    kind: str
    is_control: bool
    facts: Sequence[tuple[str, Sequence[str]]]
    quote: str = ""
    prose: str = ""
    asks: Sequence[tuple[str, str]] = ()
    headings: Mapping[int, str] = field(default_factory=dict)
    code: Sequence[str] = ()
    parts: "Sequence[Part]" = field(default=())


@dataclass(frozen=True, slots=True)
class Part:
    """A list of steps inside a block; ``condition`` is when its way is taken."""

    name: str
    lines: Sequence[Line]
    condition: str = ""


def lines(tree: Definition) -> list[Line]:
    """Every step at the top, with what stands inside it, numbered as in a document."""
    return _lines(tree, tree.steps, "")


def title(tree: Definition) -> str:
    """How one running process is called, with what is filled in by name."""
    return spoken.filled(tree.title)


def _lines(tree: Definition, steps: Sequence[Step], before: str) -> list[Line]:
    return [_line(tree, step, f"{before}{n}") for n, step in enumerate(steps, 1)]


def _line(tree: Definition, step: Step, number: str) -> Line:
    return Line(
        id=step.id,
        number=number,
        name=spoken.filled(step.name),
        kind=spoken.KINDS[step.kind],
        is_control=step.control,
        facts=list(_facts(tree, step)),
        quote=_quote(step),
        prose=_prose(step),
        asks=list(_asks(step)),
        headings=_headings(step),
        code=_code(step),
        parts=_parts(tree, step, number) if isinstance(step, BlockStep) else (),
    )


def _facts(tree: Definition, step: Step) -> Iterator[tuple[str, Sequence[str]]]:
    if step.when is not None:
        yield "Only where", [f"`{step.when.source}`; otherwise it is skipped."]
    if isinstance(step, PersonStep):
        yield "Who", [_sentence(spoken.who(tree, step))]
        said = [spoken.taken_up(step), spoken.reminded(step)]
        yield "By when", [_sentence(spoken.due(step)), *filter(None, said)]
        late = spoken.late(tree, step)
        if late:
            yield "If it is late", late
        if step.verify == "code":
            yield "Proof", ["Somebody outside enters a one-time code from their mailbox."]
    else:
        yield "What", [spoken.does(tree, step)]
        if not isinstance(step, BlockStep):
            yield "If it fails", [spoken.fails(step)]
    if isinstance(step, ApprovalStep):
        yield "Outcome", spoken.outcomes(tree, step)
    if step.why:
        yield "Why", [step.why]
    if step.control:
        yield "Safeguard", ["Skipping it takes a reason and a second person."]


def _sentence(text: str) -> str:
    """A sentence out of a phrase; what stands in code keeps its letters."""
    return f"{text[0].upper()}{text[1:]}."


def _quote(step: Step) -> str:
    return spoken.filled(step.question) if isinstance(step, ApprovalStep) else ""


def _prose(step: Step) -> str:
    if isinstance(step, MessageStep):
        return spoken.filled(step.body)
    if isinstance(step, SignStep) and step.statement:
        return spoken.filled(step.statement)
    instructions = step.instructions if isinstance(step, PersonStep) else None
    return spoken.filled(instructions) if instructions else ""


def _asks(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step, FormStep):
        for one in step.fields:
            yield _ask(one.label, one.type.replace("_", " "), is_required=one.required)
    elif isinstance(step, UploadStep):
        for doc in step.documents:
            kinds = ", ".join(doc.accept) or "any kind"
            yield _ask(doc.name, f"{kinds}, up to {words.size(doc.max_size)}",
                       is_required=doc.required)  # fmt: skip
    elif isinstance(step, TaskStep):
        for line in step.checklist:
            yield spoken.filled(line), ""
    elif isinstance(step, SignStep) and step.document:
        yield step.document.document.replace("_", " "), f"sent in {step.document.step}"


def _headings(step: Step) -> dict[int, str]:
    fields = step.fields if isinstance(step, FormStep) else ()
    return {n: spoken.filled(one.section) for n, one in enumerate(fields) if one.section}


def _ask(name: Text, what: str, *, is_required: bool) -> tuple[str, str]:
    return spoken.filled(name), what if is_required else f"{what}, may be left out"


def _code(step: Step) -> list[str]:
    named = step.assignments if isinstance(step, SetStep) else ()
    named = step.save if isinstance(step, CallStep) else named
    return [f"{name} = {expression.source}" for name, expression in named]


def _parts(tree: Definition, step: BlockStep, number: str) -> list[Part]:
    many = len(step.branches) > 1
    return [
        Part(
            _called(step, branch),
            _lines(tree, branch.steps, f"{number}{chr(97 + n % 26)}." if many else f"{number}."),
            branch.when.source if branch.when else "",
        )
        for n, branch in enumerate(step.branches)
    ]


def _called(step: BlockStep, branch: Branch) -> str:
    if isinstance(step, ParallelStep):
        return branch.name
    if step.kind == "choose":
        return "Where" if branch.when else "Otherwise"
    return ""
