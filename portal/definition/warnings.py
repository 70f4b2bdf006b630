"""What of a sound definition would hurt in use: told beside the faults, and hindering nothing."""

from collections.abc import Iterator

from portal.definition.nodes import Fault
from portal.definition.tree import (
    CallStep,
    ChooseStep,
    Definition,
    MessageStep,
    PersonStep,
    Step,
    WaitStep,
)


def of(tree: Definition, file: str) -> list[Fault]:
    """Each as a fault that begins with ``warning:``, in the order of the lines."""
    found = [*_head(tree), *(one for step in tree.all_steps() for one in _step(step))]
    return sorted(Fault(file, line, key, f"warning: {said}") for line, key, said in found)


def _head(tree: Definition) -> Iterator[tuple[int, str, str]]:
    used = set(_roles_used(tree))
    for role in tree.roles.values():
        if role.id not in used:
            yield role.line, role.id, "no step names this role, expected one that does, or no role"
    if not tree.runbook and any(isinstance(step, CallStep) for step in tree.all_steps()):
        yield (
            1,
            "runbook",
            "is missing, and calls can fail: say what whoever handles an exception should do",
        )


def _roles_used(tree: Definition) -> Iterator[str]:
    for step in tree.all_steps():
        if isinstance(step, PersonStep):
            yield from step.assign if isinstance(step.assign, tuple) else ()
            yield from (rung.to for rung in step.escalate)
        elif isinstance(step, MessageStep):
            yield from step.to
    # A role may be there for its name alone, in a text or an expression.
    yield from (role for role in tree.roles if f"participants.{role}" in tree.source)


def _step(step: Step) -> Iterator[tuple[int, str, str]]:
    if isinstance(step, PersonStep) and step.due is None and step.on_timeout is None:
        yield (
            step.line,
            "due",
            f"{step.id} may stay undone for ever and nobody is told, expected due, such as 3 days",
        )
    elif isinstance(step, WaitStep) and step.signal and step.timeout is None:
        yield (
            step.line,
            "timeout",
            f"{step.id} waits for ever if {step.signal} never comes, expected a timeout",
        )
    elif isinstance(step, ChooseStep) and all(one.when is not None for one in step.branches):
        yield (
            step.line,
            "otherwise",
            f"{step.id} does nothing where no condition holds, expected a branch with otherwise",
        )
