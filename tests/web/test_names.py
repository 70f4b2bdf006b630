"""What controls are called, on a page that is known and on one that is not."""

import pytest

from portal.web.names import called, told

LABELS = {
    "fee": "Fee",
    "sites": "Sites",
    "sites.town": "Town",
    "sites.rent": "Rent",
    "item-1": "Go",
}


@pytest.mark.parametrize(
    ("control", "name"),
    [
        ("fee-amount", "Fee, amount"),
        ("sites-2-town", "Sites, row 2, Town"),
        ("sites-2-rent-currency", "Sites, row 2, Rent, currency"),
        ("item-1", "Go"),
        ("comment", "Comment"),
        ("yearly_cost-amount", "Yearly cost, amount"),
        ("places-1-zip_code", "Places, row 1, Zip code"),
    ],
)
def test_a_control_has_a_name(control: str, name: str) -> None:
    assert called(control, LABELS) == name


def test_a_question_keeps_its_own_sign() -> None:
    faults = {"moved": "Choose yes or no.", "fee": "Fill this in."}
    assert told(faults, {"moved": "Did you move house?", **LABELS}) == {
        "moved": "Did you move house? Choose yes or no.",
        "fee": "Fee: Fill this in.",
    }
