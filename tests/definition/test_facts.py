"""Facts: every name is there, dates lie in the calendar's zone, values come back as they were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.definition import facts
from portal.definition.expressions import ExpressionFailed
from portal.definition.load import load
from portal.definition.operators import Days
from portal.definition.tree import FormStep, UploadStep
from tests.definition.documents import GOOD

BERLIN = ZoneInfo("Europe/Berlin")
DEFINITION = load(GOOD)
NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


def build(**given: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"inputs": {}, "steps": {}, "values": {}, "participants": {}}
    return facts.build(DEFINITION, **{**known, **given}, now=NOW, zone=BERLIN)


def test_every_name_is_there_and_null_while_nothing_is_known() -> None:
    known = build()
    assert known["inputs"] == {"company": None, "amount": None}
    details = DEFINITION.step("details")
    assert isinstance(details, FormStep)
    assert known["steps"]["details"] == {
        "outcome": None, **dict.fromkeys(field.id for field in details.fields),
    }  # fmt: skip
    assert known["steps"]["papers"] == {"outcome": None, "tax_form": None}
    assert known["steps"]["review"] == {"outcome": None}
    assert known["values"] == {"gross": None, "checked": None, "rounds": None}
    assert known["participants"]["lawyer"] is None


def test_today_is_the_date_of_now_in_the_calendars_zone() -> None:
    assert build()["today"] == datetime(2026, 11, 27, tzinfo=BERLIN)


def test_answers_are_typed_and_keep_their_digits() -> None:
    answers = {
        "outcome": "completed",
        "price": {"amount": "10.50", "currency": "EUR"},
        "start": "2026-11-27",
        "lines": [{"what": "Pen", "count": "3"}],
    }
    details = build(steps={"details": answers})["steps"]["details"]
    assert str(details["price"]["amount"]) == "10.50"
    assert details["start"] == datetime(2026, 11, 27, tzinfo=BERLIN)
    assert details["lines"] == [{"what": "Pen", "count": Decimal(3)}]


def test_uploaded_files_are_lists() -> None:
    file = {"name": "tax.pdf", "size": 12, "sha256": "ab", "type": "application/pdf"}
    papers = build(steps={"papers": {"outcome": "completed", "tax_form": [file]}})["steps"][
        "papers"
    ]
    assert papers["tax_form"][0]["size"] == Decimal(12)
    assert isinstance(DEFINITION.step("papers"), UploadStep)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "text",
        Decimal("10.50"),
        datetime(2026, 11, 27, tzinfo=BERLIN),
        timedelta(hours=3, microseconds=1),
        Days(days=3),
        [Decimal(1), {"a": Decimal(2), "b": ["x"]}],
    ],
)
def test_a_computed_value_comes_back_as_it_was(value: Any) -> None:
    again = facts.unpack(facts.pack(value), BERLIN)
    assert again == value
    assert type(again) is type(value)


def test_programs_see_numbers_as_text_and_dates_iso() -> None:
    packed = facts.pack(
        {
            "n": Decimal("10.50"),
            "d": datetime(2026, 11, 27, tzinfo=BERLIN),
            "t": [timedelta(hours=1)],
        }
    )
    assert facts.plain_json(packed) == {"n": "10.50", "d": "2026-11-27", "t": ["3600s"]}


def test_a_record_can_not_pretend_to_be_a_number() -> None:
    with pytest.raises(ExpressionFailed, match="may not begin with"):
        facts.pack({"$number": "1"})
