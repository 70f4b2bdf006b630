"""Every event type is whole: a meaning, somebody it is for, a sentence, a payload."""

import dataclasses

import pytest

from portal.ledger import audience
from portal.ledger.catalogue import CATALOGUE
from portal.readings import payloads, sentences
from portal.readings.sentences import Names
from tests.readings.test_sentences import entry, made

TYPES = sorted(CATALOGUE)
NAMES = Names(tasks={}, steps={}, tz="UTC")
# These names are promised to programs.
PROMISED = {
    "process.started", "task.opened", "link.sent", "link.entered", "form.submitted",
    "file.received", "approval.approved", "approval.rejected", "reminder.sent",
    "deadline.missed", "task.escalated", "step.skipped", "step.returned", "exception.opened",
    "exception.resolved", "comment.added", "process.completed", "approval.changes_requested",
    "upload.submitted", "task.done", "task.picked_up", "task.reassigned", "task.withdrawn",
    "link.renewed", "link.revoked", "receipt.sent", "message.sent", "mail.bounced", "values.set",
    "process.rejected", "process.cancelled", "trail.built", "disclosure.erased",
    "signal.received", "task.expired", "data.edited", "signature.made",
    "task.delegated", "handoff.missed", "process.migrated",
}  # fmt: skip

# What stands in the ledger for good: nothing of it is what somebody wrote or is called.
IDS = {
    "assignee", "definition", "digest", "document", "doubt", "exception", "file", "files",
    "erasure", "from_owner", "from_participant", "hold", "items", "link", "mail", "names", "near",
    "only", "owner",
    "participant", "parent", "participants", "process", "question", "role", "scope", "sent",
    "signal", "step",
    "task", "to", "to_participant", "trail", "under", "whose",
}  # fmt: skip
WORDS = {
    "about", "basis", "error", "fields", "how", "kind", "kinds", "label", "language", "method",
    "lacks", "outcome", "reminders", "scan", "seal", "side", "why",
}  # fmt: skip
NUMBERS_AND_MOMENTS = {
    "also",  # numbers of events, and words
    "attempt",
    "chosen",
    "count",
    "due_at",
    "ends_at",
    "from_version",
    "offered_at",
    "pick_up_by",
    "promised_on",
    "snoozed_on",
    "round",
    "rung",
    "seq",
    "status",
    "upto",
    "version",
}


@pytest.mark.parametrize("type_", TYPES)
def test_only_ids_words_and_numbers_stand_in_it_for_good(type_: str) -> None:
    fields = dataclasses.fields(CATALOGUE[type_])
    public = {field.name for field in fields if not field.metadata.get("private")}
    if type_ == "trail.built":
        public.remove("sha256")  # of a file, a bare digest can be guessed; a trail holds salts
    assert not public - IDS - WORDS - NUMBERS_AND_MOMENTS, "judge each new one: can it be personal?"


@pytest.mark.parametrize("type_", TYPES)
def test_it_says_what_it_means(type_: str) -> None:
    own = CATALOGUE[type_].__doc__
    assert own is not None
    assert not own.startswith(CATALOGUE[type_].__name__), "the docstring is Python's, not ours"


@pytest.mark.parametrize("type_", TYPES)
def test_it_is_for_somebody(type_: str) -> None:
    assert audience.TOPICS[CATALOGUE[type_]]


@pytest.mark.parametrize("type_", TYPES)
def test_it_has_a_sentence_of_its_own(type_: str) -> None:
    event = CATALOGUE[type_]
    assert sentences.tell(entry(made(type_)), NAMES).text
    told_by = next(fn for fn in vars(sentences).values() if hasattr(fn, "dispatch"))
    assert told_by.dispatch(event) is not told_by.dispatch(object)


@pytest.mark.parametrize("type_", TYPES)
def test_it_has_the_shape_that_programs_are_promised(type_: str) -> None:
    shape = payloads.event(entry(made(type_)))
    assert {"id", "process", "seq", "at", "type", "actor", "data", "hash"} <= set(shape)
    assert shape["type"] == type_
    assert {"kind", "id", "name"} <= set(shape["actor"])


def test_no_promised_type_is_missing() -> None:
    assert not PROMISED - set(CATALOGUE)
