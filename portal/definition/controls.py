"""What a new version of a definition does away with: the steps that are marked as safeguards."""

from portal.definition.tree import Definition, Step


def dropped(before: Definition, after: Definition) -> list[str]:
    """A sentence for each safeguard of ``before`` that ``after`` has no longer."""
    return [_sentence(step, after) for step in before.all_steps() if _is_dropped(step, after)]


def _is_dropped(step: Step, after: Definition) -> bool:
    if not step.control:
        return False
    now = after.step(step.id) if after.has_step(step.id) else None
    return now is None or not now.control or now.kind != step.kind


def _sentence(step: Step, after: Definition) -> str:
    if not after.has_step(step.id):
        what = "drops the safeguard"
    elif after.step(step.id).control:
        what = f"has another kind of step ({after.step(step.id).kind}) for the safeguard"
    else:
        what = "no longer calls a safeguard"
    why = f" It was there because: {step.why}" if step.why else ""
    return f"This version {what} “{step.name}” ({step.id}).{why}"
