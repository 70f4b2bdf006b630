"""What a person can do about an exception, each in the open transaction with the process in hand.

Where it stands: the exception names a step and a scope; either no round of it could begin, or one
is open. Every remedy leaves the step done, skipped, handed on or free to begin anew; the walk
then goes on.
"""

from collections.abc import Mapping
from typing import Any

from portal.actor import Actor
from portal.definition import facts as definition_facts
from portal.definition.fields import JsonSent, parse_json
from portal.definition.tree import (
    ApprovalStep,
    BlockStep,
    CallStep,
    FormStep,
    RunStep,
    SetStep,
    SignStep,
    Step,
    TaskStep,
    UploadStep,
    WaitStep,
    computed_by,
)
from portal.engine import closing, handoffs, leaving, rounds, starting, successors, writing
from portal.engine.rows import Place, Round
from portal.engine.running import Running
from portal.errors import Conflict, Fault, Faulty
from portal.ledger.catalogue import DataEdited, StepSkipped


def step_of(running: Running, trouble: Any) -> Step:
    """The step that an exception is about; Conflict where it is about none."""
    if trouble.step is None or not running.tree.has_step(trouble.step):
        raise Conflict("This exception is about no single step; edit the data, or cancel.")
    return running.tree.step(trouble.step)


def try_again(running: Running, trouble: Any) -> None:
    """Have a step begin anew whose open round can't come to an end any more.

    Of a proposal to go without a step it is the way to say no.
    """
    if trouble.kind == "control":
        return
    found = _open_round(running, trouble)
    if found is not None and isinstance(running.tree.step(found.step), RunStep):
        closing.withdraw_rounds(running, [found], "returned")
    if trouble.kind == "nobody" and trouble.task_id is not None:
        leaving.flag(running)


def skip(
    running: Running,
    trouble: Any,
    actor: Actor,
    *,
    why: str = "exception",
    reason: str | None = None,
) -> None:
    """Go on without the step. ``trouble`` needs to have but the place of it, step and scope."""
    step = step_of(running, trouble)
    found = _open_round(running, trouble)
    if found is not None:
        _take_back(running, step, found)
    skipped = running.new_round(step.id, "skipped", trouble.scope)
    skipped.answers = {}
    running.settle_round(skipped, None)
    running.chain.add(
        StepSkipped(
            step=step.id,
            scope=trouble.scope or None,
            round=skipped.round,
            why=why,
            reason=reason,
        ),
        actor=actor,
    )


def complete(running: Running, trouble: Any, values: Mapping[str, Any], actor: Actor) -> None:
    """Have the step done with these values, in place of whoever or whatever should have.

    Faulty at the names of the values.
    """
    step = step_of(running, trouble)
    outcome, answers = _result(running, step, values)
    found = _open_round(running, trouble)
    if found is not None:
        _take_back(running, step, found)
    done = running.new_round(step.id, "open", trouble.scope)
    if isinstance(step, SetStep | CallStep):
        before = {name: running.process["values"].get(name) for name in answers}
        if not trouble.scope:
            running.set_values(answers)
        _tell_edit(running, {f"values.{name}": (before[name], answers[name]) for name in answers},
                   actor, trouble)  # fmt: skip
        answers = answers if trouble.scope else {}
    else:
        told = {f"steps.{step.id}.{name}": (None, value) for name, value in answers.items()}
        _tell_edit(running, told, actor, trouble)
    closing.end_round(running, done, outcome, answers)


def edit(running: Running, trouble: Any, changes: Mapping[str, Any], actor: Actor) -> None:
    """Change inputs, values and what forms brought: ``{inputs, values, steps}``. Faulty at names.

    Old and new values stand in the ledger. A call is then made anew, of what is known now.
    """
    told: dict[str, tuple[Any, Any]] = {}
    faults: list[Fault] = []
    inputs = dict(_mapping(changes, "inputs"))
    if inputs:
        new = _edited(running, running.tree.inputs, running.process["inputs"], inputs, "inputs",
                      faults)  # fmt: skip
        told |= _differences("inputs", running.process["inputs"], new)
        running.process["inputs"] = new
    values = {name: _json(f"values.{name}", value, faults) for name, value in
              _mapping(changes, "values").items()}  # fmt: skip
    faults += [
        Fault(f"values.{name}", "The definition computes no such value.")
        for name in values
        if name not in running.tree.value_names()
    ]
    told |= _differences("values", running.process["values"], values)
    for step, answers in _mapping(changes, "steps").items():
        told |= _edit_step(running, step, answers, faults)
    if faults:
        raise Faulty(faults)
    if not told:
        raise Faulty.one("inputs", "Say what to change: inputs, values or steps.")
    running.set_values(values)
    if inputs:
        starting.entitle(running)  # one that can't be filled in any more stays as it was
        writing.update_inputs(running.tx, running.process)
    _tell_edit(running, told, actor, None)
    found = _open_round(running, trouble)
    if found is not None and isinstance(running.tree.step(found.step), CallStep):
        closing.withdraw_rounds(running, [found], "returned")


def give_to(running: Running, trouble: Any, to: Any, reason: str, actor: Actor) -> None:
    """Give the work to somebody else, or name who was missing. Faulty at ``to.email``."""
    successors.address_of(to)
    found = _open_round(running, trouble)
    tasks = running.open_tasks(found.id) if found else []
    one = next((task for task in tasks if task.id == trouble.task_id), None) or next(
        iter(tasks), None
    )
    if one is None:
        _name(running, trouble, to, actor)
        return
    step = running.tree.person_step(one.step)
    person = successors.by_address(running, one, to)
    handoffs.hand_over(running, step, one, person, reason, actor)


def return_to(running: Running, trouble: Any, to: Any, reason: str) -> None:
    """Have an earlier step, and all between, run again. Faulty at ``step``."""
    step = step_of(running, trouble)
    allowed = [one.id for one in running.tree.steps_before(step.id)]
    if to not in allowed:
        raise Faulty.one("step", f"Name an earlier step: {', '.join(allowed) or 'there is none'}.")
    found = _open_round(running, trouble)
    if found is not None:
        closing.withdraw_rounds(running, [found, *_inside(running, step, found)], "returned")
    asking_round = rounds.asking(running, step, trouble.scope, str(to), reason)
    rounds.send_back(running, asking_round, str(to), items=[], comment=reason, why="exception")


# Parts


def _open_round(running: Running, trouble: Any) -> Round | None:
    found = running.rounds.get(Place(trouble.step or "", trouble.scope))
    return found if found is not None and found.state == "open" else None


def _inside(running: Running, step: Step, found: Round) -> list[Round]:
    if not isinstance(step, BlockStep):
        return []
    return closing.rounds_inside(running, step, found.scope)


def _take_back(running: Running, step: Step, found: Round) -> None:
    closing.withdraw_rounds(running, [found, *_inside(running, step, found)], "skipped")


def _result(running: Running, step: Step, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The outcome of a step that is done by hand, and what it brings."""
    faults: list[Fault] = []
    if isinstance(step, FormStep):
        entry = parse_json(step.fields, dict(values), today=running.today, facts=running.facts())
        faults = [Fault(f"values.{at}", sentence) for at, sentence in entry.faults.items()]
        result: tuple[str, dict[str, Any]] = ("completed", entry.values)
    elif isinstance(step, TaskStep):
        result = ("completed", {"note": str(values.get("note") or "") or None})
    elif isinstance(step, SetStep | CallStep):
        names = [name for name, _ in computed_by(step)]
        faults = [Fault(f"values.{name}", "Give this value.") for name in names
                  if name not in values]  # fmt: skip
        packed = {name: _json(f"values.{name}", values.get(name), faults) for name in names}
        result = ("succeeded", packed)
    elif isinstance(step, WaitStep):
        data = _json("values.data", values.get("data"), faults)
        result = ("succeeded", {"data": data} if data is not None else {})
    elif isinstance(step, (UploadStep, ApprovalStep, SignStep)):
        raise Faulty.one(
            "how",
            "Files, decisions and signatures come from a person: give the work to somebody else.",
        )
    else:
        result = ("succeeded", {})
    if faults:
        raise Faulty(faults)
    return result


def _json(at: str, value: Any, faults: list[Fault]) -> Any:
    try:
        return definition_facts.of_json(value)
    except ValueError as fault:
        faults.append(Fault(at, str(fault)))
        return None


def _mapping(changes: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = changes.get(key) or {}
    if not isinstance(value, Mapping):
        raise Faulty.one(key, f"`{key}` is not an object: send {{…}}.")
    return value


def _edited(
    running: Running,
    fields: Any,
    known: Mapping[str, Any],
    new: Mapping[str, Any],
    at: str,
    faults: list[Fault],
) -> dict[str, Any]:
    """Stored answers with some of them given anew, judged as an answer to those fields alone."""
    entry = JsonSent(dict(new)).read(
        fields, today=running.today, facts=running.facts(), known=known, only=set(new)
    )
    faults += [Fault(f"{at}.{name}", sentence) for name, sentence in entry.faults.items()]
    return {**known, **{name: entry.values.get(name) for name in new if name in entry.values}}


def _edit_step(
    running: Running, step_id: str, answers: Any, faults: list[Fault]
) -> dict[str, tuple[Any, Any]]:
    done = running.latest.get(Place(step_id, ""))
    step = running.tree.step(step_id) if running.tree.has_step(step_id) else None
    if not isinstance(step, FormStep) or done is None or not isinstance(answers, Mapping):
        faults.append(Fault(f"steps.{step_id}", "Only the answers of a form that was sent change."))
        return {}
    new = _edited(running, step.fields, done.answers, answers, f"steps.{step_id}", faults)
    told = _differences(f"steps.{step_id}", done.answers, new)
    done.answers = new
    running.keep_latest(done)
    return told


def _differences(
    prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    return {
        f"{prefix}.{name}": (before.get(name), value)
        for name, value in after.items()
        if before.get(name) != value
    }


def _tell_edit(
    running: Running, told: Mapping[str, tuple[Any, Any]], actor: Actor, trouble: Any
) -> None:
    if not told:
        return
    plain = definition_facts.plain_json
    running.chain.add(
        DataEdited(
            step=trouble.step if trouble is not None else None,
            scope=(trouble.scope or None) if trouble is not None else None,
            names=list(told),
            before={name: plain(old) for name, (old, _) in told.items()},
            after={name: plain(new) for name, (_, new) in told.items()},
        ),
        actor=actor,
    )


def _name(running: Running, trouble: Any, to: Mapping[str, Any], actor: Actor) -> None:
    """Name somebody for the first role of the step that nobody plays who can do it here."""
    step = step_of(running, trouble)
    vacant = successors.vacant(running, step, trouble.scope)
    if vacant is None:
        raise Conflict("Nobody is missing here whom you could name; choose another way.")
    successors.require_fit(running, step, trouble.scope, to)
    try:
        successors.name(running, vacant, to, actor)
    except Faulty as unfit:
        raise Faulty([Fault("to.email", one.message) for one in unfit.faults]) from None
