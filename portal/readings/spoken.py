"""A step of a definition in sentences, as its owner would read it aloud.

What a placeholder would fill in is said by its name: [Company name].
"""

from portal.definition.durations import Duration
from portal.definition.expressions import Expression
from portal.definition.text import Text
from portal.definition.tree import (
    ApprovalStep,
    AssignExpr,
    BlockStep,
    CallStep,
    ChooseStep,
    Definition,
    DueAt,
    EachStep,
    Escalation,
    MessageStep,
    PersonStep,
    ReturnTo,
    RunStep,
    SetStep,
    Step,
    WaitStep,
)
from portal.readings import words

KINDS = {
    "form": "answers questions",
    "upload": "sends documents",
    "approval": "decides",
    "sign": "signs",
    "task": "does something",
    "message": "a message goes out",
    "call": "another system is called",
    "set": "values are worked out",
    "wait": "waiting",
    "run": "another process runs",
    "parallel": "side by side",
    "choose": "one of several ways",
    "each": "once for each",
}


def filled(text: Text) -> str:
    """A text with what is to be filled in by name: ``Onboard [Company name]``."""
    return "".join(
        part if isinstance(part, str) else f"[{_called(part)}]"
        for part in getattr(text, "parts", (str(text),))
    )


def names(tree: Definition) -> dict[str, str]:
    """What steps are called, by their ids."""
    return {step.id: filled(step.name) for step in tree.all_steps()}


def _called(expression: Expression) -> str:
    field = expression.shape.field if expression.is_path else None
    if field is not None:
        return str(field.label)
    root, *rest = expression.source.split(".")
    if expression.is_path and root == "participants" and len(rest) == 2:
        return f"{rest[1]} of the {rest[0].replace('_', ' ')}"
    if expression.is_path and root == "values" and len(rest) == 1:
        return rest[0].replace("_", " ")
    return expression.source


def role(tree: Definition, id_: str) -> str:
    """What a role is called, ``the owner`` for whoever answers for the process."""
    if id_ == "owner":
        return "the owner"
    return tree.roles[id_].name if id_ in tree.roles else id_


def who(tree: Definition, step: PersonStep) -> str:
    """Who does it: ``Supplier``, ``Customer and Counsel``, ``Buyer or Finance``."""
    if isinstance(step.assign, AssignExpr):
        return f"whoever `{step.assign.email.source}` names when it opens"
    names = [role(tree, id_) for id_ in step.assign]
    if isinstance(step, ApprovalStep) or len(names) < 2:
        return words.listed(names)
    return f"{', '.join(names[:-1])} or {names[-1]}, whoever does it first"


def due(step: PersonStep) -> str:
    """By when: ``within 3 business days``."""
    if step.due is None:
        return "no due time" if step.on_timeout else "no due time, so nobody hears if it lies still"
    if isinstance(step.due, DueAt):
        return f"by `{step.due.at.source}`"
    return f"within {step.due}"


def reminders(step: PersonStep) -> str:
    """When reminders go out: ``1 day before and on the day it is due``; nothing where none do."""
    if step.due is None or step.remind == ():
        return ""
    if step.remind is None:
        return "1 day before, on the day it is due and every 2 days after, at most 5 times"
    said = [
        f"every {rung.duration} after, at most {rung.at_most} times"
        if rung.when == "every"
        else str(rung).replace("on due", "on the day it is due")
        for rung in step.remind
    ]
    return words.listed(said)


def reminded(step: PersonStep) -> str:
    """The reminders in a sentence; nothing where nothing is due."""
    if step.due is None:
        return ""
    return f"Reminded {reminders(step)}." if reminders(step) else "Nobody is reminded."


def taken_up(step: PersonStep) -> str:
    """By when it has to be taken up."""
    if step.pick_up is not None:
        return f"Opened within {step.pick_up}, else the owner is told."
    return "Opened within half of that time, else the owner is told." if step.due else ""


def late(tree: Definition, step: PersonStep) -> list[str]:
    """What follows when it is late, a sentence each."""
    told = [escalated(tree, rung) for rung in step.escalate]
    if step.on_timeout is not None:
        told.append(timed_out(tree, step))
    if not told and step.due is not None:
        when = "after the last reminder" if reminders(step) else "the moment it is due"
        told.append(f"It stays open, and an exception is put before the owner {when}.")
    return told


def escalated(tree: Definition, rung: Escalation) -> str:
    """One rung of an escalation in a sentence."""
    name = role(tree, rung.to)
    what = f"it goes to {name}" if rung.then == "reassign" else f"{name} is told"
    if not rung.after.amount:
        return f"As soon as it is late, {what}."
    return f"{rung.after} after it was due, {what}."


def timed_out(tree: Definition, step: PersonStep) -> str:
    """What happens when its time is over, in a sentence."""
    assert step.on_timeout is not None
    do = step.on_timeout.do
    what = {
        "skip": "it is skipped and the process goes on",
        "end": "the process ends there, completed",
        "reject": "it counts as rejected",
    }
    said = (
        f"it goes back to “{named(tree, do.step)}”" if isinstance(do, ReturnTo) else what[str(do)]
    )
    return f"{step.on_timeout.after} after it was opened, {said}."


def named(tree: Definition, id_: str) -> str:
    """The name of a step."""
    return filled(tree.step(id_).name)


def outcomes(tree: Definition, step: ApprovalStep) -> list[str]:
    """Where each outcome of a decision leads, a sentence each."""
    told = []
    if isinstance(step.assign, tuple) and len(step.assign) > 1:
        told.append(
            "All of them must approve."
            if step.needs == "all"
            else "One approval is enough."
            if step.needs == "any"
            else f"{step.needs} approvals are needed."
        )
    if step.on_changes is not None:
        back = named(tree, step.on_changes.step)
        told.append(f"If changes are asked for, it goes back to “{back}”; the rest stands.")
    if isinstance(step.on_reject, ReturnTo):
        told.append(f"If it is rejected, it goes back to “{named(tree, step.on_reject.step)}”.")
    elif step.on_reject == "end":
        told.append("If it is rejected, the process ends there.")
    else:
        told.append("If it is rejected, the process goes on all the same.")
    if step.separate_from:
        others = [
            "started the process" if one == "starter" else f"did “{named(tree, one)}”"
            for one in step.separate_from
        ]
        told.append(f"Whoever {' or '.join(others)} may not decide.")
    return told


def does(tree: Definition, step: Step) -> str:
    """What a step does that no person does, in a sentence."""
    if isinstance(step, MessageStep):
        to = words.listed([role(tree, id_) for id_ in step.to])
        return f"Writes to {to}: “{filled(step.subject)}”."
    if isinstance(step, CallStep):
        saved = words.listed([name.replace("_", " ") for name, _ in step.save])
        kept = f", and keeps {saved} of what it answers" if saved else ""
        return f"Calls another system: {step.method} {filled(step.url)}{kept}."
    if isinstance(step, SetStep):
        names = [name.replace("_", " ") for name, _ in step.assignments]
        return f"Works out {words.listed(names)}."
    if isinstance(step, WaitStep):
        return _waits(step)
    if isinstance(step, RunStep):
        return f"Runs the process {step.definition} and waits for its end."
    return _block(step) if isinstance(step, BlockStep) else ""


def _waits(step: WaitStep) -> str:
    if step.span is not None:
        return f"Waits for {step.span}."
    if step.until is not None:
        return f"Waits until `{step.until.source}`."
    after = f", for {step.timeout} at most" if step.timeout else ", however long it takes"
    return f"Waits for word of “{str(step.signal).replace('_', ' ')}” from outside{after}."


def _block(step: BlockStep) -> str:
    if isinstance(step, ChooseStep):
        return "Takes the first of these ways whose condition holds."
    finish = getattr(step, "finish", "all")
    if isinstance(step, EachStep):
        ends = {"all": "It goes on when all are done.", "any": "It goes on when one is done."}
        said = ends.get(str(finish), f"It goes on when {finish} are done.")
        return f"Once for each of `{step.items.source}`, side by side. {said}"
    ends = {
        "all": "It goes on when all of them are done.",
        "any": "It goes on when one of them is done; the rest is withdrawn.",
    }
    said = ends.get(str(finish), f"It goes on when {finish} are done; the rest is withdrawn.")
    return f"{len(step.branches)} branches, side by side. {said}"


def fails(step: Step) -> str:
    """What happens when a step that no person does fails, in a sentence."""
    if isinstance(step, CallStep):
        again = f"Tried {words.count(step.times, 'more time')}" if step.times else "Tried once only"
        first = f", the first after {step.first}" if step.times else ""
        return f"{again}{first}; then an exception is put before the owner."
    if isinstance(step, MessageStep):
        return "If the mail comes back, an exception is put before the owner."
    if isinstance(step, WaitStep) and step.signal:
        return _unheard(step.timeout)
    if isinstance(step, WaitStep) and step.span is not None:
        return "If the portal was down at that moment, it goes on as soon as it is back."
    if isinstance(step, RunStep):
        return "If that process is cancelled, an exception is put before the owner."
    return "If it can't be worked out, an exception is put before the owner."


def _unheard(timeout: Duration | None) -> str:
    if timeout is None:
        return "If no word comes, it waits for ever."
    return f"If no word comes within {timeout}, it goes on as timed out."
