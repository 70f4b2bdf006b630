"""Staff change the course of a running process: a step is skipped, a done one is asked again."""

import pytest

from portal import db
from portal.actions import changes, processes, tasks, troubles
from portal.errors import Conflict, Faulty, NotYours, PortalError
from portal.models import Task
from portal.readings import status
from tests import makers, people

DANA = people.staff("dana")
ADA = people.staff("ada")
STEPS = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: look, assign: buyer, task: {}}
  - {id: guard, control: true, why: Money is at stake., assign: buyer, task: {}}
  - {id: last, assign: vendor, task: {}}"""


@pytest.fixture
def process() -> str:
    return makers.start(STEPS)


def open_steps(process: str) -> list[str]:
    return sorted(one.step for one in makers.rows(Task, process_id=process, state="open"))


def sound(process: str) -> None:
    with db.reading() as conn:
        assert status.drift(conn, process) is None


def test_a_step_is_skipped_with_a_reason_and_whoever_was_asked_is_told(process: str) -> None:
    assert changes.skip(process, "details", "We know all of it.", actor=DANA)
    assert open_steps(process) == ["look"]
    [skipped] = makers.events(process, "step.skipped")
    assert (skipped["data"]["why"], skipped["actor"]["kind"]) == ("staff", "staff")
    assert len(makers.owed(process, "mail.withdrawn")) == 1
    sound(process)


def test_a_safeguard_is_skipped_by_two(process: str) -> None:
    changes.skip(process, "details", "Known.", actor=DANA)
    makers.tick(process, "look")
    assert not changes.skip(process, "guard", "No money here.", actor=DANA)
    assert open_steps(process) == ["guard"]
    with pytest.raises(Conflict, match="proposed already"):
        changes.skip(process, "guard", "No money here.", actor=DANA)
    [trouble] = makers.troubles(process, state="open")
    with pytest.raises(Conflict, match="a second person has to agree"):
        troubles.resolve(trouble.id, "skip", "Yes.", actor=DANA)
    assert troubles.resolve(trouble.id, "skip", "I agree.", actor=ADA)
    assert open_steps(process) == ["last"]
    sound(process)


def test_only_what_it_stands_on_is_skipped(process: str) -> None:
    with pytest.raises(Conflict, match="does not stand on"):
        changes.skip(process, "last", "Later.", actor=DANA)


def test_a_step_that_is_done_is_asked_again_with_the_reason(process: str) -> None:
    makers.fill(process, company="Sea")
    makers.tick(process, "look")
    makers.tick(process, "guard")
    changes.reopen(process, "details", "The name is another one.", actor=DANA)
    assert open_steps(process) == ["details"]
    task = makers.task(process, "details", state="open")
    assert task.round == 2
    assert makers.runs(process, "details")[-1].comment == "The name is another one."
    [returned] = makers.events(process, "step.returned")
    assert (returned["data"]["why"], returned["actor"]["kind"]) == ("reopened", "staff")
    makers.fill(process, company="Lake")
    assert open_steps(process) == ["look"]
    sound(process)


def test_the_step_done_last_is_asked_again_as_well(process: str) -> None:
    branch = "  - {id: b, parallel: {branches: [{name: A, steps: [%s]}, {name: B, steps: [%s]}]}}"
    form = makers.FORM[4:]
    one = makers.start(branch % (form, "{id: other, assign: buyer, task: {}}"))
    makers.fill(one, company="Sea")
    changes.reopen(one, "details", "Once more.", actor=DANA)
    assert open_steps(one) == ["details", "other"]
    assert makers.runs(one, "details")[-1].comment == "Once more."
    sound(one)


@pytest.mark.parametrize(
    ("step", "error"), [("look", Conflict), ("last", Conflict), ("none", Faulty), ("", Faulty)]
)
def test_what_is_not_done_cannot_be_asked_again(
    process: str, step: str, error: type[PortalError]
) -> None:
    makers.fill(process, company="Sea")
    with pytest.raises(error):
        changes.reopen(process, step, "Once more.", actor=DANA)
    sound(process)


def test_it_takes_a_reason_the_owner_and_a_process_that_runs(process: str) -> None:
    with pytest.raises(Faulty):
        changes.skip(process, "details", "", actor=DANA)
    with pytest.raises(NotYours):
        changes.skip(process, "details", "Mine.", actor=people.staff("finn"))
    processes.cancel(process, "Enough.", actor=DANA)
    with pytest.raises(PortalError, match="has ended"):
        changes.skip(process, "details", "Late.", actor=DANA)


def test_skipping_what_was_just_done_is_too_late(process: str) -> None:
    makers.fill(process, company="Sea")
    tasks.tick(makers.task(process, "look").id, nonce=db.new_id(), actor=DANA)
    with pytest.raises(Conflict):
        changes.skip(process, "look", "Late.", actor=DANA)
