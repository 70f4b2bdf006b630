"""Insights at the desk: told in a sentence, drawn, and the numbers behind each as a table."""

import csv
import io
from collections.abc import Callable

from portal import clock as house_clock
from tests import makers
from tests.actions.test_insights import follow, lived
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]


def table(desk: Desk, what: str) -> list[dict[str, str]]:
    text = desk.client.get(f"/insights/{what}.csv?weeks=4").data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_what_held_it_up_is_told_drawn_and_counted(
    app: object, desk: Desks, clock: house_clock.Clock
) -> None:
    assert "Nothing ended in this time." in desk("finn").get("/insights")
    lived(clock, 72, 24)
    lived(clock, 24, 24)
    follow()
    dana = desk("dana")
    page = dana.get("/insights?weeks=4")
    assert "2 processes were completed" in page
    assert "<strong>67 %</strong> of the time the work lay outside, 33 % with us." in page
    assert "Most of it passed at “Your details”: 67 %." in page
    assert "style=" not in page, "the page's own rules would refuse it"
    steps = table(dana, "steps")
    assert [(one["name"], one["n"], one["theirs"], one["ours"]) for one in steps] == [
        ("Your details", "2", str(96 * 3600), "0"), ("Check", "2", "0", str(48 * 3600)),
    ]  # fmt: skip
    assert [one["tasks done"] for one in table(dana, "people")] == ["2", "2"]
    assert sum(int(one["completed"]) for one in table(dana, "weeks")) == 2
    assert table(dana, "teams")[0]["name"] == "finance"
    assert table(dana, "definitions")[0]["key"] == "demo"
    assert dana.client.get("/insights/secrets.csv").status_code == 404
    assert "Nothing ended" in dana.get("/insights?definition=other&weeks=x")


def test_a_name_that_would_be_a_formula_stays_a_name(
    app: object, desk: Desks, clock: house_clock.Clock
) -> None:
    process = makers.start(makers.FORM, vendor={"email": "v@v.example", "name": "=1+1"})
    clock.advance(minutes=5)
    makers.fill(process, company="Sea")
    follow()
    assert table(desk("dana"), "people")[0]["who"] == "'=1+1"


def test_the_page_asks_as_little_of_many_definitions_as_of_one(
    app: object, desk: Desks, clock: house_clock.Clock, statements: list[str]
) -> None:
    counts = []
    for many in (1, 6):
        for n in range(many):
            makers.publish(makers.FORM, makers.HEAD.replace("key: demo", f"key: demo-{n}"))
        lived(clock, 1, 1)
        follow()
        browser = desk("dana" if many == 1 else "finn")
        statements.clear()
        browser.get("/insights")
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 13, counts
