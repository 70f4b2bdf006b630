"""What a control of a form is called by people: ``fee-amount`` is “Fee, amount”."""

from collections.abc import Iterable, Mapping

from portal.definition.tree import Field
from portal.language import gettext as _
from portal.language import mark

_OURS = {
    "decision": mark("Decision"),
    "comment": mark("Comment"),
    "note": mark("Note"),
    "items": mark("Needs a change"),
    "signature": mark("Your name"),
    "agree": mark("Your agreement"),
    "code": mark("Code"),
}
_PARTS = {"amount": mark("%(field)s, amount"), "currency": mark("%(field)s, currency")}


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
        return labels.get(control) or _(_OURS[control])
    field, *rest = control.split("-")
    name = labels.get(field) or _humanized(field)
    if len(rest) > 1 and rest[0].isdigit():
        column = labels.get(f"{field}.{rest[1]}") or _humanized(rest[1])
        name = _("%(table)s, row %(row)s, %(column)s", table=name, row=rest[0], column=column)
    part = _PARTS.get(rest[-1]) if rest else None
    return _(part, field=name) if part else name


def told(faults: Mapping[str, str], labels: Mapping[str, str]) -> dict[str, str]:
    """Each fault behind what its control is called, for the list above a form."""
    return {at: pointed(called(at, labels), sentence) for at, sentence in faults.items()}


def pointed(label: str, sentence: str) -> str:
    """A sentence behind what it is about, with one sign between them."""
    return f"{label} {sentence}" if label.endswith(("?", "!", ".", ":")) else f"{label}: {sentence}"


def _humanized(name: str) -> str:
    return name.replace("_", " ").capitalize()
