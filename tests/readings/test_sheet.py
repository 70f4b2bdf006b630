"""What a task's page tells of earlier work: who did it, what it brought, what may be marked."""

import pytest

from portal import db
from portal.models import Task
from portal.readings import asked, payloads
from portal.readings.sheet import Asked
from tests import makers, people

pytestmark = pytest.mark.usefixtures("settled")

EITHER = """\
  - {id: details, assign: [vendor, second], form: {fields: [{id: company, type: text}]}}
  - {id: review, assign: second, approval: {question: Fine?}}"""
SHOWN = """\
  - {id: check, name: Call them, assign: buyer, task: {checklist: [Called, Wrote]}}
  - {id: first, name: First look, assign: vendor, approval: {question: Fine?}}
  - {id: review, assign: second, approval: {question: Fine?, show: [check, first]}}"""
TWO = """\
  - id: review
    assign: [vendor, second, buyer]
    approval: {question: Fine?, needs: all}
  - {id: after, assign: buyer, task: {checklist: [Go]}}"""
HIDDEN = """\
  - id: details
    assign: vendor
    form:
      fields:
        - {id: insured, type: yes_no}
        - {id: policy, type: text, show_if: insured}
        - {id: town, type: text}
  - {id: review, assign: second, approval: {question: Fine?, on_changes: {return_to: details}}}"""
SECOND = {"second": people.OTTO}


@pytest.fixture
def settled(database: db.Database, clock: object) -> None:
    people.settle()


def page(process: str, step: str, viewer: str | None = None, **where: str) -> Asked:
    """What the page of a task tells this participant."""
    task = makers.task(process, step, **where)
    with db.reading() as conn:
        return asked.about(conn, task, makers.process(process), viewer or task.participant_id)


def test_of_two_who_may_do_it_the_one_who_did_is_named() -> None:
    process = makers.start(EITHER, participants=SECOND)
    makers.fill(process, company="Sea")
    [sent] = page(process, "review").shown
    assert sent.by == "From Vera Vendor"


def test_notes_checklists_and_decisions_stand_before_whoever_decides() -> None:
    process = makers.start(SHOWN, participants=SECOND)
    makers.tick(process, "check", "They were kind.")
    makers.decide(process, step="first", comment="Mind the date.")
    check, first = page(process, "review").shown
    assert check.by == "Done by Dana Owner"
    assert [(one.label, one.value) for one in check.items] == [
        ("Ticked off: Called", "Yes"),
        ("Ticked off: Wrote", "Yes"),
        ("Note", "They were kind."),
    ]
    [decision] = first.items
    assert (decision.label, decision.value) == ("Vera Vendor approved", "Mind the date.")
    assert not decision.may_mark


def test_programs_see_every_decision_of_a_step_and_its_comment() -> None:
    process = makers.start(SHOWN, participants=SECOND)
    makers.tick(process, "check")
    makers.decide(process, step="first", comment="Mind the date.")
    with db.reading() as conn:
        steps = payloads.process(conn, process)["steps"]
    assert steps["first"]["decisions"] == [
        {"by": "Vera Vendor", "outcome": "approved", "comment": "Mind the date."}
    ]
    assert steps["review"]["decisions"] == []


def test_only_those_who_have_yet_to_decide_are_named() -> None:
    process = makers.start(TWO, participants=SECOND)
    first = makers.rows(Task, process_id=process, step="review")[0]
    makers.decide(process, one=first)
    told = page(process, "review", state="done").now_sentence
    assert told == "Now Otto Other and Buyer are asked to decide: “Review”."


def test_a_hidden_field_is_not_there_to_be_marked() -> None:
    process = makers.start(HIDDEN, participants=SECOND)
    makers.fill(process, insured="no", town="Kiel")
    [sent] = page(process, "review").shown
    assert [one.id for one in sent.items] == ["details.insured", "details.town"]


def test_a_hidden_field_that_is_marked_all_the_same_brings_its_condition() -> None:
    process = makers.start(HIDDEN, participants=SECOND)
    makers.fill(process, insured="no", town="Kiel")
    makers.decide(process, "request_changes", items=["details.policy"])
    assert set(page(process, "details").only) == {"insured", "policy"}
    makers.fill(process, insured="yes", policy="P-1")
    assert makers.runs(process, "details")[-1].answers["policy"] == "P-1"


def test_a_receipt_tells_of_what_was_asked_again_though_its_condition_stood() -> None:
    process = makers.start(HIDDEN, participants=SECOND)
    makers.fill(process, insured="yes", policy="P-1", town="Kiel")
    makers.decide(process, "request_changes", items=["details.policy"])
    makers.fill(process, policy="P-2")
    got = page(process, "details", state="done", round=2).received()
    assert [(one.id, one.value) for one in got] == [("policy", "P-2")]


def test_who_asked_for_changes_is_told_beside_the_comment() -> None:
    process = makers.start(HIDDEN, participants=SECOND)
    makers.fill(process, insured="no", town="Kiel")
    makers.decide(process, "request_changes", comment="Which Kiel?")
    assert page(process, "details").comment_by == "Otto Other"
    makers.fill(process, insured="no", town="Kiel am See")
    again = page(process, "review")
    assert (again.comment, again.comment_by) == ("Which Kiel?", "you")


def test_who_took_part_is_known_before_they_decide() -> None:
    separate = HIDDEN.replace("question: Fine?,", "question: Fine?, separate_from: [details],")
    process = makers.start(separate, participants=SECOND)
    makers.fill(process, insured="no", town="Kiel")
    assert not page(process, "review").is_barred
    task = makers.task(process, "review")
    with db.reading() as conn:
        theirs = asked.of_task(conn, task.id, people.VERA["email"])
    assert theirs.is_barred
