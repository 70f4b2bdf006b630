"""What would hurt in a definition that is sound: each at its line, with what to do about it.

A warning is never a fault: the definition runs and means what its page says. Few on purpose, so
that none is skipped over by habit.
"""

import re
from collections.abc import Iterator

from portal.definition import warn_people
from portal.definition.expressions import Expression
from portal.definition.lines import Lines
from portal.definition.nodes import Fault
from portal.definition.tree import (
    BlockStep,
    CallStep,
    ChooseStep,
    Definition,
    PersonStep,
    Step,
    WaitStep,
)

Told = Iterator[tuple[int, str, str]]

_SECRET = re.compile(
    r"authorization|cookie|password|passwd|secret|(^|[-_])(api[-_]?key|token|auth)", re.I
)
_KNOWN_LATER = re.compile(r"\b(steps|values)\.")
_SECRET_IN_URL = re.compile(r"[?&](api[-_]?key|token|access_token|password|secret|sig)=[^&{]", re.I)


def of(tree: Definition, file: str) -> list[Fault]:
    """Each as a fault that begins with ``warning:``, in the order of the lines."""
    lines = Lines(tree.source)
    found = [*_head(tree, lines), *_title(tree, lines), *warn_people.roles(tree)]
    for step in tree.all_steps():
        found += _step(tree, step, lines)
    return sorted({Fault(file, line, key, f"warning: {said}") for line, key, said in found})


def _head(tree: Definition, lines: Lines) -> Told:
    if tree.runbook is None:
        yield (
            lines.of_head("runbook"),
            "runbook",
            (
                "is missing: whoever handles an exception finds no advice; say what to do when "
                "it gets stuck"
            ),
        )
    if tree.review_every is None:
        yield (
            lines.of_head("review_every"),
            "review_every",
            (
                "is missing: nobody is asked whether this still matches reality; add review_every, "
                "such as 180 days"
            ),
        )


def _title(tree: Definition, lines: Lines) -> Told:
    holders = (part for part in tree.title.parts if isinstance(part, Expression))
    if any(_KNOWN_LATER.search(one.source) for one in holders):
        yield (
            lines.of_head("title"),
            "title",
            (
                "is filled in when the process starts, when no step is done, so that what it "
                "takes from steps or values stays empty; use inputs and participants"
            ),
        )


def _step(tree: Definition, step: Step, lines: Lines) -> Told:
    if step.control and not step.why:
        yield (
            lines.of_step(step.id, "control"),
            "control",
            (
                f"{step.id} is a safeguard without a why: whoever is asked to skip it can't judge "
                "what would go wrong; add why"
            ),
        )
    if isinstance(step, PersonStep):
        yield from warn_people.person(tree, step, lines)
    elif isinstance(step, WaitStep):
        yield from _wait(step, lines)
    elif isinstance(step, CallStep):
        yield from _call(step, lines)
    elif isinstance(step, BlockStep):
        yield from _block(step, lines)


def _wait(step: WaitStep, lines: Lines) -> Told:
    if step.signal and step.timeout is None:
        yield (
            lines.of_step(step.id, "wait", "signal"),
            "timeout",
            (
                f"{step.id} waits for ever if {step.signal} never comes; add a timeout, such as "
                "10 days"
            ),
        )


def _call(step: CallStep, lines: Lines) -> Told:
    if not step.times:
        yield (
            lines.of_step(step.id, "call", "retry", "times"),
            "retry",
            (
                f"{step.id} is tried once only, so that one bad moment opens an exception; allow "
                "repeats, such as {times: 5, first: 30 seconds}"
            ),
        )
    for name, value in step.headers:
        if value.is_constant and _SECRET.search(name):
            yield (
                lines.of_step(step.id, "call", "headers", name),
                name,
                (
                    "looks like a secret that everybody who reads this definition can see; keep it "
                    "in the settings, name it with secret, and write {{ secret }} here"
                ),
            )
    if _SECRET_IN_URL.search(str(step.url)):
        yield (
            lines.of_step(step.id, "call", "url"),
            "url",
            (
                "looks as if it held a secret that everybody who reads this definition can see; "
                "send it in a header, with secret"
            ),
        )


def _block(step: BlockStep, lines: Lines) -> Told:
    if isinstance(step, ChooseStep) and step.branches[-1].when is not None:
        yield (
            lines.of_step(step.id, "choose"),
            "otherwise",
            (
                f"{step.id} does nothing where no condition holds; add a branch with otherwise, or "
                "{otherwise: true, steps: []} if that is meant"
            ),
        )
