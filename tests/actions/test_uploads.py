"""Sending documents, in the first round and in later ones."""

from dataclasses import replace
from typing import Any

import pytest

from portal.actions import tasks, upkeep, uploads
from portal.errors import Conflict, Faulty
from portal.models import FileRow
from tests import makers, people

STEPS = """\
  - id: papers
    assign: vendor
    upload:
      documents:
        - {id: licence, name: Licence}
        - {id: photos, name: Photos, min: 2, max: 3, required: false}
  - id: review
    assign: buyer
    approval: {question: Well, on_changes: {return_to: papers}}
"""


def states(process: str) -> dict[str, int]:
    """How many files there are in each state."""
    found = [row.state for row in makers.rows(FileRow, process_id=process)]
    return {state: found.count(state) for state in set(found)}


def test_files_become_part_of_the_answer() -> None:
    process = makers.start(STEPS)
    makers.send(process, "papers", makers.arrived("licence"))
    [event] = makers.events(process, "file.received")
    assert event["data"]["document"] == "licence"
    assert set(event["priv"]) > {"file_name", "sha256", "size", "media_type"}
    assert states(process) == {"received": 1}
    assert len(makers.runs(process, "papers")[0].answers["licence"]) == 1


def test_a_missing_document_is_a_fault_and_what_came_stays() -> None:
    process = makers.start(STEPS)
    with pytest.raises(Faulty) as refused:
        makers.send(process, "papers", makers.arrived("photos"))
    assert [fault.at for fault in refused.value.faults] == ["licence", "photos"]
    assert states(process) == {"staged": 1}
    makers.send(process, "papers", makers.arrived("licence"), makers.arrived("photos", "b"))
    assert states(process) == {"received": 3}


def test_more_than_a_document_takes_replaces_or_is_refused() -> None:
    process = makers.start(STEPS)
    one = makers.task(process, "papers")
    actor = makers.actor_of(one)
    uploads.stage(one.id, [makers.arrived("licence", "a")], actor=actor)
    uploads.stage(one.id, [makers.arrived("licence", "b")], actor=actor)
    assert states(process) == {"staged": 1, "dropped": 1}
    with pytest.raises(Faulty):
        uploads.stage(one.id, [makers.arrived("licence"), makers.arrived("licence")], actor=actor)
    with pytest.raises(Faulty):
        uploads.stage(one.id, [makers.arrived("nonsense")], actor=actor)


def test_the_same_file_sent_twice_is_kept_once() -> None:
    process = makers.start(STEPS)
    one = makers.task(process, "papers")
    for _ in range(2):
        uploads.stage(one.id, [makers.arrived("photos", "a")], actor=makers.actor_of(one))
    assert states(process) == {"staged": 1, "dropped": 1}


def test_a_file_can_be_taken_back_until_it_is_sent() -> None:
    process = makers.start(STEPS)
    one = makers.task(process, "papers")
    actor = makers.actor_of(one)
    [first] = uploads.stage(one.id, [makers.arrived("licence", "a")], actor=actor)
    uploads.drop(first, actor=actor)
    [second] = uploads.stage(one.id, [makers.arrived("licence", "b")], actor=actor)
    uploads.submit(one.id, actor=actor)
    with pytest.raises(Conflict):
        uploads.drop(second, actor=actor)


def test_taking_back_once_more_is_no_fault() -> None:
    one = makers.task(makers.start(STEPS), "papers")
    actor = makers.actor_of(one)
    [file] = uploads.stage(one.id, [makers.arrived("licence")], actor=actor)
    uploads.drop(file, actor=actor)
    uploads.drop(file, actor=actor)
    uploads.drop("long gone", actor=actor)


SMALL = """\
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence, max_size: 1 kB}]}
  - id: review
    assign: buyer
    approval: {question: Well, on_changes: {return_to: papers}}
"""


def sent_whole(task: Any, content: str) -> str:
    """A licence as large as may be, staged; its id."""
    large = replace(makers.arrived("licence", content), size=1000)
    [file] = uploads.stage(task.id, [large], actor=makers.actor_of(task))
    return file


def test_what_is_taken_back_counts_until_it_is_removed() -> None:
    one = makers.task(makers.start(SMALL), "papers")
    for content in "abcd":
        file = sent_whole(one, content)
    with pytest.raises(Faulty, match=r"no room for more just now\. Try again in an hour\."):
        sent_whole(one, "e")
    assert len(upkeep.forget_files([row.id for row in makers.rows(FileRow)])) == 4
    assert file not in {row.id for row in makers.rows(FileRow)}
    sent_whole(one, "e")


def test_a_dozen_full_rounds_are_room_for_one_person_and_two_dozen_for_a_process() -> None:
    process = makers.start(SMALL)
    for number in range(24):
        one = makers.task(process, "papers")
        if number >= 12:
            with pytest.raises(Faulty, match="So much came from you"):
                sent_whole(one, "?")
            tasks.reassign(one.id, people.OTTO, "Vera is full", actor=people.staff("dana"))
            one = makers.task(process, "papers")
        sent_whole(one, chr(ord("a") + number))
        uploads.submit(one.id, actor=makers.actor_of(one))
        makers.decide(process, "request_changes")
    one = makers.task(process, "papers")
    tasks.reassign(
        one.id, {"email": "new@example.net", "name": "New"}, "Full", actor=people.staff("dana")
    )
    with pytest.raises(Faulty, match="So much came in this process"):
        sent_whole(makers.task(process, "papers"), "?")


def test_in_a_later_round_files_stand_until_new_ones_come() -> None:
    process = makers.start(STEPS)
    makers.send(process, "papers", makers.arrived("licence"))
    makers.decide(process, "request_changes")
    makers.send(process, "papers")
    assert states(process) == {"received": 1}
    makers.decide(process, "request_changes", items=["licence"])
    with pytest.raises(Faulty):
        makers.send(process, "papers", makers.arrived("photos"))
    makers.send(process, "papers", makers.arrived("licence", "b"))
    assert states(process) == {"received": 1, "replaced": 1}
    sent = [event["data"]["sent"] for event in makers.events(process, "upload.submitted")]
    assert [len(files) for files in sent] == [1, 0, 1]
    makers.decide(process)
    assert makers.process(process).state == "completed"


def test_expressions_read_the_files() -> None:
    process = makers.start(
        STEPS
        + '  - id: sum\n    set: {bytes: "steps.papers.licence[0].size"}\n'
        + "  - id: end\n    assign: vendor\n    when: values.bytes == 1\n"
        + "    task: {instructions: Done}\n"
    )
    makers.send(process, "papers", makers.arrived("licence"))
    makers.decide(process)
    assert makers.task(process, "end").state == "open"


def test_files_may_come_with_the_answer_itself() -> None:
    process = makers.start(STEPS)
    one = makers.task(process, "papers")
    actor = makers.actor_of(one)
    with pytest.raises(Faulty):
        uploads.submit(one.id, arrived=[makers.arrived("photos")], actor=actor)
    assert states(process) == {}
    uploads.stage(one.id, [makers.arrived("licence", "a")], actor=actor)
    uploads.submit(one.id, arrived=[makers.arrived("licence", "b")], actor=actor)
    assert states(process) == {"received": 1, "dropped": 1}


def test_files_stand_in_the_order_they_were_sent() -> None:
    process = makers.start(STEPS)
    photos = [makers.arrived("photos", content) for content in "cab"]
    makers.send(process, "papers", makers.arrived("licence"), *photos)
    rows = {row.id: row.sha256 for row in makers.rows(FileRow, process_id=process)}
    stand = makers.runs(process, "papers")[0].answers["photos"]
    assert [rows[id_] for id_ in stand] == [one.sha256 for one in photos]
