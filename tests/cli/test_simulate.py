"""``portal simulate``: weeks in a second, everything told with its moment, nothing sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import app
from portal import installation
from portal.cli import main
from portal.cli.main import Outside
from portal.cli.simulation import patterns
from tests import makers

STEPS = """\
  - id: details
    name: Company details
    assign: vendor
    due: 3 days
    form: {fields: [{id: company, type: text, label: Company}, {id: staff, type: number, min: 5}]}
  - id: check
    name: Check it
    assign: buyer
    due: 2 business days
    approval: {question: Good?, on_changes: {return_to: details}}
"""


@pytest.fixture(autouse=True)
def as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a simulation binds in its own process, put back."""
    kept = installation.current
    monkeypatch.chdir(tmp_path)
    yield
    installation.current = kept


def run(*words: str) -> int:
    outside = Outside(lambda _: None, app._carry_out)
    arguments = ["simulate", *words]
    return main.answer(
        lambda: main.portal.main(arguments, "portal", standalone_mode=False, obj=outside)
    )


def write(steps: str, head: str = makers.HEAD) -> str:
    Path("d.yaml").write_text(f"{head}steps:\n{steps}\n")
    return "d.yaml"


def events(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert run(*words, "--start", "2026-11-23T09:00", "--json") == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def moments(told: list[dict[str, Any]], *types: str) -> list[tuple[str, str]]:
    return [(one["type"], one["local"]) for one in told if one["type"] in types]


def test_everybody_answers_after_a_day_and_it_completes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(write(STEPS), "--start", "2026-11-23T09:00") == 0
    told = capsys.readouterr().out
    assert "“Demo” (demo), started Mon 23 Nov 2026, 09:00 (UTC)" in told
    assert "\nTue 24 Nov 2026, 09:00 (UTC)\n  Vendor sent “Company details”.\n" in told
    assert told.endswith("The process is completed after 2 days.\n")


def test_nobody_answers_and_every_reminder_and_deadline_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = events(capsys, write(STEPS), "--nobody-answers")
    assert moments(told, "reminder.sent", "deadline.missed", "exception.opened") == [
        ("reminder.sent", "Wed 25 Nov 2026, 09:00 (UTC)"),
        ("deadline.missed", "Thu 26 Nov 2026, 09:00 (UTC)"),
        ("reminder.sent", "Thu 26 Nov 2026, 09:00 (UTC)"),
        ("reminder.sent", "Mon 30 Nov 2026, 09:00 (UTC)"),
        ("exception.opened", "Wed 2 Dec 2026, 09:00 (UTC)"),
        ("reminder.sent", "Wed 2 Dec 2026, 09:00 (UTC)"),
    ]
    assert moments(told, "form.submitted") == []


def test_answers_of_a_file_for_each_round(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text("""\
inputs: {amount: 7}
steps:
  details: {after: 2 days, values: {company: Sea Ltd, staff: 12}}
  check:
    - {after: 4 hours, decision: request_changes, comment: Which sea?}
    - {decision: approve}
""")
    told = events(capsys, write(STEPS), "--answers", "a.yaml")
    assert moments(told, "form.submitted", "approval.changes_requested", "approval.approved") == [
        ("form.submitted", "Wed 25 Nov 2026, 09:00 (UTC)"),
        ("approval.changes_requested", "Wed 25 Nov 2026, 13:00 (UTC)"),
        ("form.submitted", "Fri 27 Nov 2026, 13:00 (UTC)"),
        ("approval.approved", "Sat 28 Nov 2026, 13:00 (UTC)"),
    ]


def test_two_runs_give_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    file = write(STEPS)
    first = events(capsys, file)
    assert first == events(capsys, file)


TWO = """\
  - id: review
    assign: [vendor, buyer]
    due: 2 days
    approval: {question: Well?, on_reject: continue}"""


def test_who_was_asked_beside_one_whose_answer_decided_is_asked_no_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("a.yaml").write_text("steps: {review: {decision: reject, comment: Bad.}}\n")
    told = events(capsys, write(TWO), "--answers", "a.yaml")
    types = [one["type"] for one in told]
    assert types.count("approval.rejected") == types.count("task.withdrawn") == 1
    assert told[-1]["state"] == "completed"


def test_each_of_two_answers_as_the_file_says_for_them(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.yaml").write_text(
        "steps:\n  review: {by: {buyer: {after: 3 days, decision: reject, comment: No.}}}\n"
    )
    told = events(capsys, write(TWO), "--answers", "a.yaml")
    assert moments(told, "approval.approved", "approval.rejected") == [
        ("approval.approved", "Tue 24 Nov 2026, 09:00 (UTC)"),
        ("approval.rejected", "Thu 26 Nov 2026, 09:00 (UTC)"),
    ]


def test_what_nobody_resolves_is_told_again_and_named_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write("  - {id: ask, name: Ask, assign: buyer, due: 1 day, remind: [], task: {}}")
    words = (file, "--nobody-answers", "--weeks", "3")
    told = events(capsys, *words)
    assert moments(told, "exception.opened", "exception.escalated") == [
        ("exception.opened", "Tue 24 Nov 2026, 09:00 (UTC)"),
        ("exception.escalated", "Wed 25 Nov 2026, 09:00 (UTC)"),
        ("exception.escalated", "Mon 30 Nov 2026, 09:00 (UTC)"),
        ("exception.escalated", "Mon 7 Dec 2026, 09:00 (UTC)"),
        ("exception.escalated", "Mon 14 Dec 2026, 09:00 (UTC)"),
    ]
    end, [left] = told[-1], told[-1]["exceptions"]
    assert (end["type"], end["state"], end["ended_at"]) == ("simulation.ended", "running", None)
    assert (end["local"], end["waiting_for"][0]["step"]) == ("Mon 14 Dec 2026, 09:00 (UTC)", "ask")
    assert (left["kind"], left["step"]) == ("overdue", "ask")
    assert run(*words, "--start", "2026-11-23T09:00") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"  Somebody is needed since Tue 24 Nov 2026, 09:00 (UTC): {left['message']}"


EACH = """\
  - id: e
    each: {in: '[1, 2]', as: one, steps: [{id: t, assign: buyer, task: {}}]}"""
ANY = """\
  - id: p
    parallel:
      finish: any
      branches:
        - {name: A, steps: [{id: a, assign: buyer, task: {}}]}
        - {name: B, steps: [{id: b, wait: {for: 9 weeks}}]}"""


@pytest.mark.parametrize(
    "steps",
    [
        "  - {id: pay, assign: finance, task: {checklist: [One, Two]}}",
        "  - {id: seal, assign: vendor, sign: {statement: I do., methods: [drawn]}}",
        "  - {id: p, assign: vendor, upload: {documents: [{id: w, name: W, min: 2, max: 3}]}}",
        "  - {id: c, call: {method: GET, url: 'https://x.example/', save: {n: response.status}}}",
        "  - {id: w, wait: {for: 3 weeks}}",
        EACH,
        ANY,
    ],
)
def test_every_kind_of_step_is_walked(capsys: pytest.CaptureFixture[str], steps: str) -> None:
    types = {one["type"] for one in events(capsys, write(steps))}
    assert "process.completed" in types
    assert "exception.opened" not in types


def test_signals_and_calls_answer_as_the_file_says(capsys: pytest.CaptureFixture[str]) -> None:
    steps = (
        "  - {id: ask, call: {method: GET, url: 'https://x.example/',"
        " retry: {times: 1, first: 1 minutes}}}\n"
        "  - {id: paid, wait: {signal: paid, timeout: 30 days}}"
    )
    Path("a.yaml").write_text(
        "calls: {ask: {status: 500}}\nsignals: {paid: {after: 10 days, data: {sum: 5}}}\n"
    )
    told = events(capsys, write(steps), "--answers", "a.yaml")
    assert len(moments(told, "call.failed")) == 2
    assert moments(told, "exception.opened")


def test_a_definition_that_it_runs_comes_along(capsys: pytest.CaptureFixture[str]) -> None:
    child = f"{makers.HEAD}steps:\n{makers.FORM}\n".replace("key: demo", "key: child")
    Path("child.yaml").write_text(child)
    steps = "  - {id: r, run: {definition: child, participants: {vendor: participants.vendor}}}"
    told = events(capsys, write(steps), "child.yaml")
    assert len(moments(told, "process.completed")) == 2


def test_a_step_is_called_by_its_name_in_the_process_that_it_belongs_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    step = "  - {id: one, name: Read our terms, assign: vendor, task: {}}"
    child = f"{makers.HEAD}steps:\n{step}\n".replace("key: demo", "key: child")
    Path("child.yaml").write_text(child)
    steps = """\
  - id: all
    each:
      in: '["Kiel", "Ulm"]'
      as: town
      steps:
        - {id: see, name: "{{ town }} with {{ participants.buyer.name }}", assign: vendor, task: {}}
  - {id: r, run: {definition: child, participants: {vendor: participants.vendor}}}
"""
    told = [one["sentence"] for one in events(capsys, write(steps), "child.yaml")]
    assert "The step “[town] with [name of the buyer]” ended: completed." in told
    assert "The step “Read our terms” ended: completed." in told


def test_it_stops_after_the_weeks_and_says_where_it_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = write("  - {id: w, wait: {for: 9 weeks}}")
    assert run(file, "--weeks", "2", "--start", "2026-11-23T09:00") == 0
    told = capsys.readouterr().out
    assert "After 2 weeks it stands here:" in told
    assert "“W” waits for the right time since Mon 23 Nov 2026, 09:00 (UTC)." in told


def test_faults_of_the_definition_are_told_as_by_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(write("  - {id: x, assign: nobody, task: {}}")) == 1
    assert "d.yaml:12: assign: 'nobody' is not a role" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("steps:\n  detail: {}\n", "a.yaml:2: detail: is no step that a person does"),
        ("steps:\n  details: {befor: 2 days}\n", "a.yaml:2: befor: is not a known key"),
        ("steps:\n  details: {after: soon}\n", "a.yaml:2: after: 'soon' is not a duration"),
        ("steps:\n  check: {decision: perhaps}\n", "a.yaml:2: check: "),
        ("steps:\n\n  details: {values: {staff: 1}}\n", "a.yaml:3: details: staff: "),
        ("steps:\n  check: {by: {nobody: {}}}\n", "a.yaml:2: nobody: is not a role"),
        ("signals: {paid: {after: 1 day}}\n", "a.yaml:1: paid: is no signal"),
        ("calls: {details: {}}\n", "a.yaml:1: details: is no step that calls"),
        ("colour: red\n", "a.yaml:1: colour: is not a known key"),
        ("- 1\n", "a.yaml:1: answers: is a list"),
    ],
)
def test_a_wrong_answer_is_told_at_its_line(
    capsys: pytest.CaptureFixture[str], answers: str, told: str
) -> None:
    Path("a.yaml").write_text(answers)
    assert run(write(STEPS), "--answers", "a.yaml") == 1
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    "words", [["--after", "soon"], ["--start", "monday"], ["--timezone", "Mars/North"],
              ["--start", "9999-12-31T23:59"], ["--answers", "none.yaml"], ["--weeks", "0"]],
)  # fmt: skip
def test_wrong_use_is_one_sentence(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(write(STEPS), *words) == main.WRONG_USE
    assert capsys.readouterr().err.count("\n") <= 2


def test_it_touches_no_house_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    run(write(STEPS), "--start", "2026-11-23T09:00")
    assert not Path("var").exists()


@pytest.mark.parametrize(
    "pattern", [r"[A-Z]{2}\d{9}", r"(DE|FR)[0-9]+", r"\w+@x\.y", r"[^a-z]{3}", r"a?b*c+", r"x{2,5}"]
)
def test_a_text_is_made_up_for_a_pattern(pattern: str) -> None:
    assert patterns.fitting(pattern) is not None
