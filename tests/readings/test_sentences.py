"""Every event type has a sentence, with everything known and with everything erased."""

import dataclasses
import typing
from datetime import UTC, datetime

import pytest

from portal.ledger.catalogue import (
    CATALOGUE,
    Event,
    ExceptionResolved,
    LinkEntered,
    LinkRenewed,
    LinkSent,
    ProcessRejected,
    TaskWithdrawn,
    UploadSubmitted,
)
from portal.readings.entries import Told
from portal.readings.sentences import Names, tell

MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NAMES = Names(tasks={"t1": "Send us your tax form"}, steps={"papers": "Papers"}, tz="Europe/Berlin")
EXAMPLES: dict[str, object] = {
    "due_at": "2026-11-27T16:00:00.000000Z",
    "ends_at": "2026-11-27T16:00:00.000000Z",
    "pick_up_by": "2026-11-25T12:00:00.000000Z",
    "promised_on": "2026-12-04",
    "snoozed_on": "2026-12-04",
    "person": {"name": 'Ann "Bee" Okafor', "email": "ann@sea.example"},
    "from_person": {"name": "Otto Quist", "email": "otto@sea.example"},
    "people": {},
    "also": {"4": ["company"]},
    "participants": {"vendor": "p1"},
}


def made(type_: str, *, erased: bool = False) -> Event:
    """An event of a type with something in every field, or with its private values gone."""
    cls = CATALOGUE[type_]
    hints = typing.get_type_hints(cls)
    values = {}
    for f in dataclasses.fields(cls):
        if erased and f.metadata.get("private"):
            continue
        values[f.name] = EXAMPLES.get(f.name, example(str(hints[f.name])))
    return cls(**{**values, "step": "papers", "task": "t1"})


def example(hint: str) -> object:
    if hint.startswith(("<class 'int'", "int")):
        return 3
    if "list" in hint:
        return ["papers.tax", "company"]
    if "dict" in hint:
        return {}
    return "something said"


def entry(event: Event, *, kind: str = "participant", erased: bool = False) -> Told:
    return Told(
        id=1, process="log", seq=4, at=MOMENT, type=type(event).TYPE, hash="ab" * 32,
        actor_kind=kind, actor_ref="p1", auth="link", via="page", on_behalf=False,
        actor_name=None if erased else "Ann Okafor", actor_email=None, ip=None, agent=None,
        behalf_reason=None, handed_by=None, step=event.step, task=event.task, data={}, event=event,
        body="", disclosed={}, gone=GONE if erased else frozenset(),
    )  # fmt: skip


GONE = frozenset(("actor.name", "person", "from_person", "to", "file_name"))


@pytest.mark.parametrize("type_", sorted(CATALOGUE))
def test_every_event_is_a_sentence_that_ends(type_: str) -> None:
    text = tell(entry(made(type_)), NAMES).text
    assert text.endswith(".")
    assert text[0].isupper() or text[0] == "“"
    assert "None" not in text
    assert "{" not in text


@pytest.mark.parametrize("type_", sorted(CATALOGUE))
def test_a_sentence_survives_erasure_and_invents_nothing(type_: str) -> None:
    told = tell(entry(made(type_, erased=True), erased=True), NAMES)
    assert told.text.endswith(".")
    assert "None" not in told.text
    assert "Ann" not in told.text
    assert "not recorded" not in told.text, "it was, and is gone"
    assert told.quote is None


def test_the_person_and_the_task_stand_in_the_sentence() -> None:
    assert tell(entry(made("form.submitted")), NAMES).text == (
        "Ann Okafor sent “Send us your tax form”."
    )


def test_a_due_time_is_told_in_the_readers_zone() -> None:
    text = tell(entry(made("deadline.missed"), kind="system"), NAMES).text
    assert text == "“Send us your tax form” was not done by Fri 27 Nov 2026, 17:00 (Berlin)."


def test_what_somebody_wrote_is_a_quote_and_not_part_of_the_sentence() -> None:
    told = tell(entry(made("approval.rejected")), NAMES)
    assert told.quote == "something said"
    assert "something said" not in told.text


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("decided", "others have decided it already"),
        ("returned", "work went back to an earlier step"),
        ("cancelled", "the process was cancelled"),
        ("rejected", "the process has ended"),
        ("completed", "the process has ended"),
    ],
)
def test_every_reason_to_take_a_task_back_is_told_in_words(why: str, told: str) -> None:
    text = tell(entry(TaskWithdrawn(why=why, task="t1")), NAMES).text
    assert text == f"“Send us your tax form” is no longer needed: {told}."


@pytest.mark.parametrize("how", ["retry", "reassign", "complete", "withdrawn", "cancel"])
def test_every_way_out_of_an_exception_is_told_in_words(how: str) -> None:
    text = tell(entry(ExceptionResolved(exception="e1", how=how)), NAMES).text
    assert f"({how})" not in text


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (LinkRenewed(link="ab"), "A fresh link to the process was asked for; it goes to the"),
        (LinkSent(link="ab", mail="m", to="a@sea.example"), "A fresh link to the process went to"),
        (LinkEntered(link="ab"), "Ann Okafor opened the link to the process."),
        (ProcessRejected(), "A rejection ended the process."),
    ],
)
def test_what_is_about_no_single_step_invents_none(event: Event, told: str) -> None:
    assert tell(entry(event), NAMES).text.startswith(told)


@pytest.mark.parametrize(
    ("files", "sent", "told"),
    [
        (["a", "b"], ["a", "b"], "sent 2 files for “Send us your tax form”."),
        (["a", "b", "c"], ["c"], "sent 1 file for “Send us your tax form”; with those sent before"),
        (["a"], [], "sent no new file for “Send us your tax form”; 1 file sent before stands."),
        ([], [], "sent no new file for “Send us your tax form”."),
        (["a", "b"], None, "sent the files for “Send us your tax form”: 2 files in all."),
    ],
)
def test_files_sent_now_are_told_from_those_that_stand(
    files: list[str], sent: list[str] | None, told: str
) -> None:
    event = UploadSubmitted(task="t1", round=2, files=files, sent=sent)
    assert tell(entry(event), NAMES).text.startswith(f"Ann Okafor {told}")


def test_an_exception_closed_with_its_process_was_cancelled_by_nobody_else() -> None:
    ended = ExceptionResolved(exception="e1", how="cancel")
    assert "The portal cancelled" not in tell(entry(ended, kind="system"), NAMES).text


def test_naming_somebody_for_the_first_time_takes_the_work_from_nobody() -> None:
    named = ExceptionResolved(exception="e1", how="reassign")
    assert "somebody else" not in tell(entry(named, kind="staff"), NAMES).text
