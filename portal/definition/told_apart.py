"""What became of one thing that a definition says, in words: from what it was to what it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from portal.definition.durations import Duration, Rung
from portal.definition.expressions import Expression

# What of a step is no setting of it: where it stands in the text, and what stands within.
PASSED_OVER = {"id", "line", "steps"}
_LONGEST = 80  # letters of a value that are told; what is longer stands in the texts


def became(name: str, old: Any, new: Any) -> str:
    """Of a key whose values differ: ``due changed from 2 days to 3 days``, as far as it is short.

    Of a list of named things (fields, documents) which of them are new, gone, or otherwise.
    """
    if old is None:
        told = short(new)
        return f"{name} added" if told is None else f"{name} added: {told}"
    if new is None:
        told = short(old)
        return f"{name} taken out" if told is None else f"{name} taken out, which was {told}"
    before, after = short(old), short(new)
    if before is not None and after is not None and before != after:
        return f"{name} changed from {before} to {after}"
    parts = _parts(old, new)
    return f"{name} changed: {parts}" if parts else f"{name} changed"


def short(value: Any) -> str | None:
    """A value in a few words; ``None`` where it has no short ones."""
    told: str | None = None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Duration | Rung):
        return str(value)
    if isinstance(value, Expression):
        told = value.source
    elif isinstance(value, str):
        told = f"“{value}”" if "\n" not in value else None
    elif isinstance(value, tuple):
        each = [short(one) for one in value]
        told = ", ".join(filter(None, each)) or "none" if None not in each else None
    return told if told is not None and len(told) <= _LONGEST else None


def _parts(old: Any, new: Any) -> str:
    """``“VAT” is new, “Company” is asked otherwise``; empty where they are no named things."""
    before, after = _named(old), _named(new)
    if before is None or after is None:
        return ""
    told = [f"{_called(one)} is new" for id_, one in after.items() if id_ not in before]
    told += [f"{_called(one)} is gone" for id_, one in before.items() if id_ not in after]
    told += [f"{_called(one)} is otherwise" for id_, one in after.items()
             if id_ in before and plain(before[id_]) != plain(one)]  # fmt: skip
    return _listed(told)


def _named(value: Any) -> Mapping[str, Any] | None:
    if not isinstance(value, tuple) or not value:
        return None
    return {one.id: one for one in value} if all(hasattr(one, "id") for one in value) else None


def _called(one: Any) -> str:
    return f"“{getattr(one, 'label', None) or getattr(one, 'name', None) or one.id}”"


def _listed(told: Sequence[str], most: int = 6) -> str:
    kept: Iterable[str] = told[:most]
    more = f", and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(kept) + more


def plain(value: Any) -> Any:
    """A value without the lines at which it stands: those move with every edit above."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Expression):
        return value.source
    if hasattr(value, "__dataclass_fields__"):
        own = (one.name for one in fields(value) if one.name not in PASSED_OVER - {"id"})
        return {name: plain(getattr(value, name)) for name in own}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value
