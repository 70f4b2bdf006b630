"""Every step kind is whole: read, checked, in the schema, run, shown, answerable, and tried."""

from collections.abc import Iterator
from typing import Any

import pytest

from portal import db
from portal.actions import definitions
from portal.clock import Clock
from portal.definition import load, tree
from portal.definition.load import DefinitionFaults
from portal.definition.outlines import KINDS, PERSON_KINDS
from portal.definition.schema import schema
from portal.readings import words
from portal.web import answers
from portal.web.api import tasks as calls
from tests import makers, people
from tests.servers import ROOT

# The shortest step of each kind; whoever adds a kind adds its line.
SHORTEST = {
    "form": "assign: vendor, form: {fields: [{id: name, type: text, label: Name}]}",
    "upload": "assign: vendor, upload: {documents: [{id: paper, name: Paper}]}",
    "approval": "assign: vendor, approval: {question: Well}",
    "sign": "assign: vendor, sign: {statement: It is so.}",
    "task": "assign: vendor, task: {instructions: Do it.}",
    "message": "message: {to: [vendor], subject: News, body: None.}",
    "call": "call: {url: 'https://rates.example/'}",
    "set": "set: {sum: '1 + 1'}",
    "wait": "wait: {for: 1 day}",
    "run": "run: {definition: child}",
    "parallel": "parallel: {branches: [{steps: []}, {steps: []}]}",
    "choose": "choose: [{when: 'true', steps: []}]",
    "each": "each: {in: '[1, 2]', as: one, steps: []}",
}
CHILD = """\
key: child
name: Child
owner: dana@example.com
steps: [{id: rest, wait: {for: 1 day}}]
"""
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EACH_FOR_PEOPLE = pytest.mark.parametrize("kind", PERSON_KINDS)


def steps(kind: str) -> str:
    """A list of steps with the shortest one of that kind."""
    return f"  - {{id: it, {SHORTEST[kind]}}}\n"


def classes(of: type[tree.Step] = tree.Step) -> Iterator[type[tree.Step]]:
    """The classes of steps that have a kind."""
    for one in of.__subclasses__():
        if one.kind:
            yield one
        yield from classes(one)


def test_each_kind_has_a_class_and_each_class_is_read() -> None:
    assert {one.kind for one in classes()} == set(KINDS) == set(SHORTEST)
    assert {one.kind for one in classes(tree.PersonStep)} == set(PERSON_KINDS)


@EACH_KIND
def test_it_is_read_as_what_it_is(kind: str) -> None:
    definition = load.load(f"{makers.HEAD}steps:\n{steps(kind)}")
    assert definition.step("it").kind == kind


@EACH_KIND
def test_the_check_and_the_schema_know_its_keys(kind: str) -> None:
    [step] = [one for one in schema()["$defs"]["step"]["oneOf"] if kind in one["required"]]
    assert step["additionalProperties"] is False
    strange = steps(kind).replace("id: it, ", "id: it, strange: 1, ")
    with pytest.raises(DefinitionFaults) as refused:
        load.load(f"{makers.HEAD}steps:\n{strange}")
    assert "strange" in str(refused.value)


@EACH_KIND
def test_it_runs(kind: str, database: db.Database, clock: Clock) -> None:
    people.settle()
    definitions.publish(CHILD, actor=people.staff("dana"))
    process = makers.start(steps(kind))
    row: Any = makers.process(process)
    if kind in PERSON_KINDS:
        assert makers.task(process, "it").kind == kind
        assert row.state == "running"
    else:
        assert not makers.rows(makers.Task, process_id=process)
        assert (row.state == "completed") == (kind not in ("call", "wait", "run"))
    assert not makers.troubles(process)


@EACH_FOR_PEOPLE
def test_people_can_answer_it_on_a_page_and_programs_by_a_call(kind: str) -> None:
    assert kind in answers._KINDS
    assert kind in calls._BY_KIND or kind == "upload"  # files come as parts, not as JSON
    page = (ROOT / "templates" / "_task.html").read_text()
    assert f'asked.task.kind == "{kind}"' in page or kind == "task"
    assert words.received(kind, None, "") != words.received("", None, "")


@EACH_KIND
def test_its_verbs_are_tried(kind: str) -> None:
    texts = [path.read_text() for path in (ROOT / "tests" / "actions").glob("test_*.py")]
    assert any(f"{kind}:" in text for text in texts)
