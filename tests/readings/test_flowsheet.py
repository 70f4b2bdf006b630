"""The flow sheet: what its owner reads aloud, of every kind of step, nested as it runs."""

from pathlib import Path

from portal.definition.load import load
from portal.readings import flowsheet
from portal.readings.flowsheet import Line
from tests.definition.documents import GOOD
from tests.definition.test_chart import ALL

DEMO = Path(__file__).parents[2] / "portal" / "cli" / "demo"


def said(line: Line) -> str:
    return " ".join(f"{about}: {' '.join(sentences)}" for about, sentences in line.facts)


def test_a_step_is_said_with_who_by_when_and_what_if_not() -> None:
    details, papers, review, *_ = flowsheet.lines(load(GOOD))
    assert details.name == "Details of [Company]"
    assert "Who: Vendor contact." in said(details)
    assert "Within 3 business days." in said(details)
    assert "2 days after it was due, the owner is told." in said(details)
    assert "Why: Without it nobody can be paid." in said(details)
    assert "Safeguard: Skipping it takes a reason and a second person." in said(details)
    assert ("Legal name", "text") in details.asks
    assert details.headings == {2: "Trade of [Company]"}
    assert "Who: Vendor contact or Lawyer, whoever does it first." in said(papers)
    assert "By `today + days(5)`. " in said(papers)
    assert "every 2 days after, at most 3 times" in said(papers)
    assert "Only where: `inputs.amount > 1000" in said(papers)
    assert "Nobody is reminded." in said(review)
    assert "One approval is enough." in said(review)
    assert "it goes back to “Details of [Company]”; the rest stands." in said(review)
    assert "Whoever started the process or did “Details of [Company]” may not decide." in said(
        review
    )


def test_blocks_hold_their_steps_and_say_when_they_are_over() -> None:
    lines = {line.id: line for line in flowsheet.lines(load(ALL))}
    assert [part.name for part in lines["both"].parts] == ["Papers", "Credit", "Nothing"]
    assert [line.number for line in lines["both"].parts[0].lines] == ["2a.1", "2a.2"]
    assert "the rest is withdrawn" in said(lines["both"])
    assert [line.number for line in lines["every"].parts[0].lines] == ["3.1", "3.2", "3.3"]
    assert lines["pick"].parts[0].condition == "size(steps.ask.sites) > 3"
    paid, call = lines["pick"].parts[0].lines
    assert "goes on as timed out" in said(paid)
    assert "Tried 5 more times" in said(call)
    assert lines["sum"].code == ["x = 1 + 1"]


def test_every_demo_is_said_to_the_end() -> None:
    for path in DEMO.glob("*.yaml"):
        tree = load(path.read_text())
        assert len(flowsheet.lines(tree)) == len(tree.steps)
        assert "{{" not in flowsheet.title(tree)
