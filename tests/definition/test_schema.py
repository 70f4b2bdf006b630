"""The JSON Schema says of a document's shape what the check says."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from portal.definition.load import DefinitionFaults, load
from portal.definition.nodes import Faults, Node, read
from portal.definition.schema import schema
from tests import makers
from tests.actions import test_approvals, test_blocks, test_calls, test_tasks
from tests.definition import test_blocks as blocks
from tests.definition.documents import GOOD, changed

DEMO = Path(__file__).parents[2] / "portal" / "cli" / "demo"
STEPS = (
    test_approvals.STEPS, test_blocks.NESTED, test_blocks.RETURN_OUT, test_calls.CALL,
    test_tasks.LIST,
)  # fmt: skip


def valid(text: str) -> bool:
    node = read(text, Faults("x.yaml"))
    assert node is not None
    return jsonschema_rs.validator_for(schema()).is_valid(_plain(node))


def _plain(node: Node) -> Any:
    value = node.value
    if isinstance(value, dict):
        return {key: _plain(item.node) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    return value


SOUND = {
    "everything": GOOD,
    "blocks": f"{blocks.HEAD}{blocks.GOOD}",
    **{f"demo {path.stem}": path.read_text() for path in sorted(DEMO.glob("*.yaml"))},
    **{f"actions {n}": f"{makers.HEAD}steps:\n{steps}\n" for n, steps in enumerate(STEPS)},
}


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(schema())


def test_an_editor_is_told_what_every_key_means() -> None:
    assert [key for key, one in _properties(schema()) if "description" not in one] == []


def _properties(one: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(one, list):
        one = dict(enumerate(one))
    if isinstance(one, dict):
        if isinstance(one.get("properties"), dict):
            yield from one["properties"].items()
        for inner in one.values():
            yield from _properties(inner)


@pytest.mark.parametrize("name", SOUND)
def test_what_the_check_takes_fits(name: str) -> None:
    assert load(SOUND[name])
    assert valid(SOUND[name])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("key: vendor-onboarding", "key: Vendor"),
        ("owner: dana@example.com\n", ""),
        ("purpose:", "purposes:"),
        ("{kind: staff, name: Buyer}", "{name: Buyer}"),
        ("{id: vat", "{id: code"),
        ("type: yes_no", "type: yesno"),
        ("label: VAT", "label: VAT, decimals: 2"),
        (", options: [NO, SE]", ""),
        ("due: 3 business days", "due: 3 busy days"),
        ("    assign: [vendor, lawyer]\n", ""),
        ("verify: link", "verify: face"),
        ("needs: any", "needs: most"),
        ("on_reject: {return_to: details}", "on_reject: stop"),
        ("to: [vendor]", "to: vendor"),
        ("    upload:", "    uplod:"),
        ("remind: [1 day before,", "remind: [1 day early,"),
        ("    due: 3 business days\n", ""),
        ("escalate: [{after: 2 days, to: owner,", "escalate: [{after: 2 days, whom: owner,"),
        ("delegate: no", "delegate: perhaps"),
        ("accept: [pdf, png]", "accept: [PDF]"),
        ("max_size: 10 MB", "max_size: 10 MiB"),
        ("task: {instructions:", "task: {instruct:"),
        ("  - id: ring", "  - id: ring\n    set: {x: 1}"),
        ("  - id: totals\n", "  - "),
        ("min: 1, max: 2}", "min: 1, max: -2}"),
    ],
)
def test_what_is_wrong_by_its_shape_does_not(old: str, new: str) -> None:
    assert not valid(changed((old, new)))


@pytest.mark.parametrize(
    "wrong",
    [
        "{id: w, wait: {}}",
        "{id: w, wait: {for: 1 day, signal: paid}}",
        "{id: w, wait: {for: 1 day, timeout: 2 days}}",
        "{id: c, choose: [{steps: []}]}",
        "{id: c, choose: [{when: 'true', otherwise: true, steps: []}]}",
        "{id: p, parallel: {branches: []}}",
        "{id: p, parallel: {branches: [{steps: []}], finish: most}}",
        "{id: e, each: {in: '[1]', steps: []}}",
        "{id: r, run: {definition: Not a key}}",
        "{id: k, call: {method: GET}}",
        "{id: k, call: {url: 'http://a.example', retry: {times: -1}}}",
        "{id: s, assign: v, sign: {statement: A, document: b.c}}",
        "{id: s, assign: v, sign: {}}",
        "{id: m, message: {to: [v], subject: S}}",
        "{id: t, task: {}}",
        "{id: t, assign: v, task: {}, on_timeout: {after: 1 day, do: cry}}",
        "{id: t, assign: v, task: {}, escalate: [{after: 1 day, to: owner}]}",
        "{id: x}",
    ],
)
def test_a_step_of_the_wrong_shape_does_not(wrong: str) -> None:
    head = "key: d\nname: D\nowner: d@e.example\nroles: {v: {kind: external}}\nsteps:\n"
    assert valid(f"{head}  - {{id: a, set: {{x: 1}}}}\n")
    assert not valid(f"{head}  - {wrong}\n")
    with pytest.raises(DefinitionFaults):
        load(f"{head}  - {wrong}\n")
