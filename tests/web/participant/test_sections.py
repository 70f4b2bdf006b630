"""A long form in its parts: what its page tells, where it leads, and that one POST answers it."""

import re

from flask import Flask

from tests import makers
from tests.web.callers import at_the_desk
from tests.web.participant.conftest import Visitor
from tests.web.test_progress import ALL, FIELDS, LONG


def test_the_page_leads_to_its_parts_and_one_post_is_the_whole_answer(visitor: Visitor) -> None:
    process = makers.start(LONG, inputs={"amount": "10"})
    path = visitor.enter(makers.task(process, "details"))
    page = visitor.get(path)
    assert seen(page) == [
        "0 of 6 answered", "0 of 3 answered", "0 of 1 answered", "0 of 1 answered",
        "Nothing is required", "0 of 3 answered", "0 of 1 answered", "0 of 1 answered",
        "Nothing is required", "0 of 6 answered",
    ]  # fmt: skip
    assert headings(page) == ["Bank details", "Insurance of 10", "Sites", "Remarks"]
    assert page.count("<form") == page.count('<form method="post" action="/language') + 1
    kept = visitor.send(path, _draft="yes", name="Sea", insured="yes").text
    assert "2 of 7 answered" in kept, "the policy counts since it applies"
    faulty = visitor.send(path, **{**ALL, "bank": "", "sites-1-rent-amount": "x"})
    assert faulty.status_code == 422
    summary = faulty.text[faulty.text.index('id="summary"') :].partition("</div>")[0]
    order = ['#_part-2">Bank details', '#bank">Bank: ', '#_part-4">Sites', '#sites-1-rent">Sites']
    places = [summary.index(one) for one in order]
    assert places == sorted(places)
    assert faulty.text.count("Needs another look</strong>") == 2
    assert visitor.send(path, **ALL).status_code == 303
    makers.decide(process, "request_changes", items=["details.bank"])
    again = visitor.get(visitor.enter(makers.task(process, "details")))
    assert headings(again) == ["Bank details"], "what is settled is no part of the form"
    settled = again[again.index("Accepted as it is</h2>") : again.index('id="_part-1"')]
    assert "answered" not in again
    for one in ("Insurance of 10</strong>", "Sites</strong>", "Kiel"):
        assert one in settled


def test_a_start_asks_in_parts_too_and_counts_what_surely_is_required(app: Flask) -> None:
    dana = at_the_desk(app, "dana")
    inputs = FIELDS.replace("inputs.amount", "today").replace("\n      ", "\n")
    makers.publish(makers.FORM, f"{makers.HEAD}{inputs[6:]}\n")
    page = dana.call("GET", "/processes/new/demo", {}).text
    assert seen(page)[0] == "0 of 6 answered"
    assert '<h3 id="_part-2" tabindex="-1">Bank details</h3>' in page


def seen(page: str) -> list[str]:
    """Every count on the page, in its order."""
    found = re.findall(r"<(?:span|p)[^>]* data-count[^>]*>([^<]*)<", page)
    return [re.sub(r"\s+", " ", one).strip() for one in found]


def headings(page: str) -> list[str]:
    return re.findall(r'<h2 id="_part-\d+"[^>]*>([^<]*)<', page)
