"""What expressions read: stored answers turned into typed values, with every name in its place.

Stored answers are JSON: numbers and amounts as decimal text that keeps its digits, dates as ISO
text. Computed values keep their kind in `values` as `{"$number": "10.5"}` and its like.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from portal.definition.functions import midnight, plain
from portal.definition.operators import Days, ExpressionFailed
from portal.definition.tree import Definition, Field, FormStep, Step, UploadStep


def build(
    definition: Definition,
    *,
    inputs: Mapping[str, Any],
    steps: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, Any],
    participants: Mapping[str, Any],
    now: datetime,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """The facts for `Expression.evaluate`. `zone` is that of the definition's calendar.

    `steps` holds `{"outcome": …, FIELD: …}` of the latest done round of each step, `values` what
    `pack` made, `participants` `{ROLE: {"email", "name"}}`. What is absent is `null`.
    """
    local = now.astimezone(zone)
    return {
        "inputs": typed(definition.inputs, inputs, zone),
        "steps": {
            step.id: _step(step, steps.get(step.id) or {}, zone) for step in definition.all_steps()
        },
        "values": {name: unpack(values.get(name), zone) for name in definition.value_names()},
        "participants": {role: participants.get(role) for role in definition.roles},
        "now": local,
        "today": midnight(local.date(), zone),
        "zone": zone,
    }


def with_answers(
    facts: Mapping[str, Any], fields: Sequence[Field], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The facts with the fields of one form (or columns of one row) named by bare id."""
    return {**facts, **typed(fields, answers, zone_of(facts))}


def zone_of(facts: Mapping[str, Any]) -> ZoneInfo:
    """The zone that dates are read in."""
    zone: ZoneInfo = facts.get("zone") or ZoneInfo("UTC")
    return zone


def typed(fields: Sequence[Field], stored: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Stored answers as an expression sees them; every field is there."""
    return {field.id: value_of(field, stored.get(field.id), zone) for field in fields}


def value_of(field: Field, stored: Any, zone: ZoneInfo) -> Any:
    """One stored answer as an expression sees it."""
    if stored is None:
        return None
    if field.type == "number":
        return Decimal(str(stored))
    if field.type == "money":
        return {"amount": Decimal(str(stored["amount"])), "currency": stored["currency"]}
    if field.type == "date":
        return midnight(date.fromisoformat(stored), zone)
    if field.type == "table":
        return [typed(field.columns, row, zone) for row in stored]
    return stored


def pack(value: Any) -> Any:
    """A computed value as JSON that keeps its kind. Raises ExpressionFailed if it has none."""
    if isinstance(value, Decimal):
        return {"$number": format(value, "f")}
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, Days):
        return {"$days": value.days}
    if isinstance(value, timedelta):
        return {"$microseconds": value // timedelta(microseconds=1)}
    if isinstance(value, list):
        return [pack(one) for one in value]
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            raise ExpressionFailed("The keys of a record may not begin with $.")
        return {key: pack(one) for key, one in value.items()}
    return value


def unpack(packed: Any, zone: ZoneInfo) -> Any:
    """What `pack` was given, its dates in `zone`."""
    if isinstance(packed, list):
        return [unpack(one, zone) for one in packed]
    if not isinstance(packed, dict):
        return packed
    for mark, read in _MARKS.items():
        if mark in packed:
            return read(packed[mark], zone)
    return {key: unpack(one, zone) for key, one in packed.items()}


def plain_json(packed: Any) -> Any:
    """A packed value as programs see it: numbers and durations as text, dates ISO."""
    if isinstance(packed, list):
        return [plain_json(one) for one in packed]
    if not isinstance(packed, dict):
        return packed
    for mark, read in _MARKS.items():
        if mark in packed:
            return plain(read(packed[mark], None))
    return {key: plain_json(one) for key, one in packed.items()}


def _step(step: Step, stored: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    answers: dict[str, Any] = {"outcome": stored.get("outcome")}
    if isinstance(step, FormStep):
        answers |= typed(step.fields, stored, zone)
    elif isinstance(step, UploadStep):
        answers |= {one.id: _files(stored.get(one.id)) for one in step.documents}
    return answers


def _files(stored: Any) -> Any:
    if not stored:
        return None
    return [{**one, "size": Decimal(one["size"])} for one in stored]


def _time(text: str, zone: ZoneInfo | None) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(zone) if zone else moment


_MARKS: Mapping[str, Any] = {
    "$number": lambda text, zone: Decimal(text),
    "$time": _time,
    "$days": lambda days, zone: Days(days=days),
    "$microseconds": lambda count, zone: timedelta(microseconds=count),
}
