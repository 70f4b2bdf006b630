"""What a control of a form is called by people: ``fee-amount`` is “Fee, amount”."""

from collections.abc import Iterable, Mapping

from portal.definition.tree import Field

_OURS = {
    "decision": "Decision",
    "comment": "Comment",
    "note": "Note",
    "items": "Needs a change",
    "signature": "Your name",
    "agree": "Your agreement",
    "code": "Code",
}
_PARTS = {"amount": "amount", "currency": "currency"}


def labels_of(fields: Iterable[Field], labels: Mapping[str, str]) -> dict[str, str]:
    """Labels by field id, and of the columns of tables by ``FIELD.COLUMN``."""
    found = dict(labels)
    for field in fields:
        found.setdefault(field.id, str(field.label))
        found |= {f"{field.id}.{column.id}": str(column.label) for column in field.columns}
    return found


def called(control: str, labels: Mapping[str, str]) -> str:
    """The control as its page calls it; its id in words where the page is not known."""
    if control in labels or control in _OURS:
        return labels.get(control) or _OURS[control]
    field, *rest = control.split("-")
    name = labels.get(field) or _humanized(field)
    if len(rest) > 1 and rest[0].isdigit():
        column = labels.get(f"{field}.{rest[1]}") or _humanized(rest[1])
        name = f"{name}, row {rest[0]}, {column}"
    return ", ".join([name, *(_PARTS[part] for part in rest[-1:] if part in _PARTS)])


def told(faults: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Each fault behind what its control is called, for the list above a form."""
    return {at: pointed(called(at, labels), sentence) for at, sentence in faults.items()}


def pointed(label: str, sentence: str) -> str:
    """A sentence behind what it is about, with one sign between them."""
    return f"{label} {sentence}" if label.endswith(("?", "!", ".", ":")) else f"{label}: {sentence}"


def _humanized(name: str) -> str:
    return name.replace("_", " ").capitalize()
