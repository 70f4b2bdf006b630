"""What expressions read: stored answers turned into typed values, with every name in its place.

Stored answers are JSON: numbers and amounts as decimal text that keeps its digits, dates as ISO
text. Computed values keep their kind in `values` as `{"$number": "10.5"}` and its like.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from portal.definition import scopes
from portal.definition.functions import midnight, plain
from portal.definition.operators import Days, ExpressionFailed, Later
from portal.definition.tree import (
    Definition,
    EachStep,
    Field,
    FormStep,
    RunStep,
    Step,
    UploadStep,
    WaitStep,
    computed_by,
)


@dataclass(frozen=True, slots=True)
class Item:
    """The item of an `each` that an expression is evaluated within: `value` as `pack` made it."""

    name: str
    value: Any
    index: int


def build(
    definition: Definition,
    *,
    inputs: Mapping[str, Any],
    steps: Mapping[str, Any],
    values: Mapping[str, Any],
    participants: Mapping[str, Any],
    now: datetime,
    zone: ZoneInfo,
    items: Sequence[Item] = (),
) -> dict[str, Any]:
    """The facts for `Expression.evaluate`. `zone` is that of the definition's calendar.

    `steps` holds `{"outcome": …, FIELD: …}` of the latest done round of each step, for a step
    inside an `each` that is seen from outside a list of them in item order; `values` what `pack`
    made, `participants` `{ROLE: {"email", "name"}}`, `items` those it is within, the outermost
    first. What is absent is `null`.
    """
    local = now.astimezone(zone)
    facts = {
        "inputs": typed(definition.inputs, inputs, zone),
        "steps": {
            step.id: _seen(step, steps.get(step.id), zone) for step in definition.all_steps()
        },
        "values": {name: unpack(values.get(name), zone) for name in definition.value_names()},
        "participants": {role: participants.get(role) for role in definition.roles},
        "now": local,
        "today": midnight(local.date(), zone),
        "zone": zone,
    }
    for item in items:
        facts[item.name] = unpack(item.value, zone)
        facts[f"{item.name}_index"] = Decimal(item.index)
    return facts


def seen_from(
    definition: Definition,
    scope: str,
    brought: Callable[[str, str], Any],
    count: Callable[[str, str], int | None],
) -> dict[str, Any]:
    """What each step brought as it is seen from a scope, for `build`; made when first asked for.

    `brought(step, scope)` gives what the latest done round brought, `count(each, scope)` how
    many items an `each` ran for there (None: it has not run). A step of other items than those
    that the scope is within is a list in their order.
    """

    def listed(step: str, eaches: Sequence[EachStep], within: str) -> Any:
        if not eaches:
            return brought(step, within)
        many = count(eaches[0].id, within) or 0  # one that has not run has a list, too
        items = (scopes.item(within, eaches[0].id, n) for n in range(many))
        return [listed(step, eaches[1:], one) for one in items]

    def seen(step: str) -> Any:
        eaches = definition.eaches_around(step)
        depth = scopes.shared(scope, [each.id for each in eaches])
        around = scopes.outer(scope, depth)
        return Later(lambda: listed(step, eaches[depth:], around))

    return {step.id: seen(step.id) for step in definition.all_steps()}


def values_seen(
    definition: Definition,
    scope: str,
    values: Mapping[str, Any],
    answers: Callable[[str, str], Mapping[str, Any]],
) -> dict[str, Any]:
    """What was computed for the process, and for the items that the scope is within, for `build`.

    `answers(step, scope)` gives what the latest round of a step kept.
    """
    seen = dict(values)
    steps = [one for one in definition.all_steps() if computed_by(one)]
    for inner in scopes.chain(scope)[1:]:
        for step in steps:
            if len(definition.eaches_around(step.id)) == len(scopes.chain(inner)) - 1:
                seen |= answers(step.id, inner)
    return seen


def items_seen(
    definition: Definition, scope: str, answers: Callable[[str, str], Mapping[str, Any]]
) -> list[Item]:
    """The items that a scope is within, the outermost first, for `build`."""
    found = []
    for inner in scopes.chain(scope)[1:]:
        each = definition.step(scopes.innermost(inner))
        assert isinstance(each, EachStep)
        found.append(Item(each.item, answers(each.id, inner).get("item"), scopes.index(inner)))
    return found


def with_answers(
    facts: Mapping[str, Any], fields: Sequence[Field], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """The facts with the fields of one form (or columns of one row) named by bare id."""
    return {**facts, **typed(fields, answers, zone_of(facts))}


def zone_of(facts: Mapping[str, Any]) -> ZoneInfo:
    """The zone that dates are read in."""
    zone: ZoneInfo = facts.get("zone") or ZoneInfo("UTC")
    return zone


def are_needed(fields: Sequence[Field]) -> bool:
    """Whether a condition or a default of these fields looks at more than what is sent."""
    return any(one.show_if or one.default is not None or are_needed(one.columns) for one in fields)


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
    if isinstance(value, Later):
        return pack(value.value)
    if isinstance(value, list):
        return [pack(one) for one in value]
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            raise ExpressionFailed("The keys of a record may not begin with $.")
        return {key: pack(one) for key, one in value.items()}
    return value


def of_json(value: Any) -> Any:
    """JSON from outside as `pack` makes it: its numbers exact. ValueError with a sentence."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if not number.is_finite() or abs(number.adjusted()) > 28:
            raise ValueError(f"{value} is not a number that can be kept exactly.")
        return pack(number)
    if isinstance(value, list):
        return [of_json(one) for one in value]
    if isinstance(value, dict):
        if any(str(key).startswith("$") for key in value):
            raise ValueError("The keys of a record may not begin with $.")
        return {str(key): of_json(one) for key, one in value.items()}
    raise ValueError(f"{value!r} is not JSON.")


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


def _seen(step: Step, stored: Any, zone: ZoneInfo) -> Any:
    if isinstance(stored, Later):
        return Later(lambda: _seen(step, stored.value, zone))
    if isinstance(stored, list):
        return [_seen(step, one, zone) for one in stored]
    return _step(step, stored or {}, zone)


def _step(step: Step, stored: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    answers: dict[str, Any] = {"outcome": stored.get("outcome")}
    if isinstance(step, FormStep):
        answers |= typed(step.fields, stored, zone)
    elif isinstance(step, UploadStep):
        answers |= {one.id: _files(stored.get(one.id)) for one in step.documents}
    elif isinstance(step, WaitStep):
        answers["data"] = unpack(stored.get("data"), zone)
    elif isinstance(step, RunStep):
        answers["values"] = unpack(stored.get("values"), zone)
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
