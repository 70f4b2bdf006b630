"""What would hurt in the parts that people play: nobody there, nothing due, no way to an end."""

import re
from collections.abc import Iterator

from portal.definition.lines import Lines
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    ChooseStep,
    Definition,
    EachStep,
    MessageStep,
    PersonStep,
    ReturnTo,
    Role,
    Step,
    WaitStep,
)
from portal.definition.ways import region

Told = Iterator[tuple[int, str, str]]


def roles(tree: Definition) -> Told:
    """Roles that nobody plays, and such as are empty when they are first needed."""
    named = _named(tree)
    at_once = {id_ for step in _opening(tree.steps) for id_ in _assigned(step)}
    for role in tree.roles.values():
        if role.id not in named and not re.search(rf"participants\.{role.id}\b", tree.source):
            yield (
                role.line,
                role.id,
                (
                    "no step names this role, and yet every start must say who plays it; take it "
                    "out, or assign a step to it"
                ),
            )
        elif role.named_later and role.kind == "external" and role.id in at_once:
            yield (
                role.line,
                "named_later",
                (
                    f"{role.id} may be left out at the start, but its step opens at once, with "
                    "nobody to do it; take named_later out, or let another step come first"
                ),
            )


def person(tree: Definition, step: PersonStep, lines: Lines) -> Told:
    """What would hurt in one step that a person does."""
    yield from _due(tree, step, lines)
    if step.on_timeout and isinstance(step.on_timeout.do, ReturnTo):
        yield from _endless(tree, step, step.on_timeout.do, lines)
    if isinstance(step, ApprovalStep):
        yield from _approval(tree, step, lines)


def _due(tree: Definition, step: PersonStep, lines: Lines) -> Told:
    has_way_out = bool(step.escalate or step.on_timeout)
    if step.due is None and step.on_timeout is None:
        yield (
            lines.of_step(step.id),
            "due",
            (
                f"{step.id} may stay undone for ever and nobody is told; add due, such as "
                "3 business days"
            ),
        )
    elif step.remind == () and not has_way_out:
        yield (
            lines.of_step(step.id, "remind"),
            "remind",
            (
                f"{step.id} reminds nobody and says not what follows when it is late, so it opens "
                "an exception the moment it is due; add escalate or on_timeout, or reminders"
            ),
        )
    elif step.due is not None and not has_way_out and _holds_up(tree, step):
        yield (
            lines.of_step(step.id, "due"),
            "due",
            (
                f"one outside person who never does {step.id} holds up all the others that run "
                "beside it; say what follows with escalate or on_timeout"
            ),
        )


def _holds_up(tree: Definition, step: PersonStep) -> bool:
    """Whether others wait at a join for somebody outside."""
    waits = any(one.finish == "all" for one in tree.eaches_around(step.id))
    outside = [_kind(tree.roles.get(id_)) == "external" for id_ in _assigned(step)]
    return waits and (not outside or any(outside))


def _kind(role: Role | None) -> str:
    return role.kind if role else "external"


def _endless(tree: Definition, step: PersonStep, back: ReturnTo, lines: Lines) -> Told:
    """A timeout that leads back over steps that no person does comes again by itself."""
    between = [one for one in region(tree, back.step, step.id) if one.id != step.id]
    if not any(isinstance(one, PersonStep) and one.when is None for one in between):
        yield (
            lines.of_step(step.id, "on_timeout", "do"),
            "on_timeout",
            (
                f"while nobody does {step.id}, this leads back to {back.step} and round again for "
                "ever; use escalate, or do: skip, end or reject"
            ),
        )


def _approval(tree: Definition, step: ApprovalStep, lines: Lines) -> Told:
    if step.on_changes and isinstance(step.on_reject, ReturnTo) and step.on_timeout is None:
        yield (
            lines.of_step(step.id, "approval", "on_reject"),
            "on_reject",
            (
                f"a rejection of {step.id} leads back as changes do, so it goes round until "
                "somebody approves; let on_reject be end or continue, or add on_timeout"
            ),
        )
    barred = {id_ for id_ in _assigned(step) if _is_barred(tree, step, tree.roles[id_])}
    wanted = {"all": len(_assigned(step)), "any": 1}.get(str(step.needs), step.needs)
    if barred and len(_assigned(step)) - len(barred) < int(wanted):
        who = ", ".join(sorted(barred))
        yield (
            lines.of_step(step.id, "approval", "separate_from"),
            "separate_from",
            (
                f"{who} did what {step.id} must be separate from, so too few are left to decide; "
                "assign it to somebody else, or to a team"
            ),
        )


def _is_barred(tree: Definition, step: ApprovalStep, role: Role) -> bool:
    """Whether whoever plays the role surely did one of the steps it must be separate from."""
    others = [tree.step(one) for one in step.separate_from if tree.has_step(one)]
    return role.team is None and any(
        isinstance(one, PersonStep) and _assigned(one) == (role.id,) and one.when is None
        for one in others
    )


def _assigned(step: Step) -> tuple[str, ...]:
    assign = step.assign if isinstance(step, PersonStep) else ()
    return assign if isinstance(assign, tuple) else ()


def _named(tree: Definition) -> set[str]:
    """The roles that steps name."""
    found: set[str] = set()
    for step in tree.all_steps():
        found.update(_assigned(step))
        if isinstance(step, PersonStep):
            found.update(rung.to for rung in step.escalate)
        if isinstance(step, MessageStep):
            found.update(step.to)
    return found


def _opening(steps: tuple[Step, ...]) -> list[PersonStep]:
    """The steps of people that open with the start, before anybody has done anything."""
    found: list[PersonStep] = []
    for step in steps:
        if isinstance(step, PersonStep):
            return [*found, step] if step.when is None else found
        if isinstance(step, WaitStep | ChooseStep | EachStep):
            return found
        if isinstance(step, BlockStep):
            return found + [one for branch in step.branches for one in _opening(branch.steps)]
    return found
