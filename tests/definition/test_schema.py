"""The JSON Schema says of a document's shape what the check says."""

from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from portal.definition.nodes import Faults, Node, read
from portal.definition.schema import schema
from tests.definition.documents import GOOD, changed


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


def test_the_good_definition_fits() -> None:
    jsonschema_rs.meta.validate(schema())
    assert valid(GOOD)


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
    ],
)
def test_what_is_wrong_by_its_shape_does_not(old: str, new: str) -> None:
    assert not valid(changed((old, new)))
