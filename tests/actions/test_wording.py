"""What people write in their own words: there, not too long, and nothing that can't be shown."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.actions import links, processes, tasks
from portal.errors import Faulty
from tests import makers, people

DANA = people.staff("dana")
VERBS: dict[str, Callable[[Any, str], Any]] = {
    "cancel": lambda one, text: processes.cancel(one.process_id, text, actor=DANA),
    "comment": lambda one, text: processes.comment(one.process_id, text, actor=DANA),
    "revoke": lambda one, text: links.revoke(one.id, text, actor=DANA),
    "reassign": lambda one, text: tasks.reassign(
        one.id, {"email": "new@example.com"}, text, actor=DANA
    ),
    "reference": lambda one, text: processes.start(
        "demo", inputs={}, participants={}, reference=text or "\0", actor=DANA
    ),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("text", ["", "a\0b", "\x1b[31m", "x" * 10_001])
def test_what_can_not_be_kept_is_refused_at_its_place(verb: str, text: str) -> None:
    one = makers.task(makers.start(makers.FORM), "details")
    before = makers.types(one.process_id)
    with pytest.raises(Faulty) as refused:
        VERBS[verb](one, text)
    [fault] = refused.value.faults
    assert fault.at in ("reason", "text", "reference")
    assert makers.types(one.process_id) == before


@pytest.mark.parametrize(
    ("to", "at"),
    [
        ({"email": 5}, "to.email"),
        ({"email": ["a@b.example"]}, "to.email"),
        ({"email": "new@example.com", "name": 5}, "to.name"),
        ({"email": "new@example.com", "name": "a\0"}, "to.name"),
        ({"email": "new@example.com", "name": "n" * 201}, "to.name"),
    ],
)
def test_whoever_takes_over_is_given_as_text(to: Any, at: str) -> None:
    one = makers.task(makers.start(makers.FORM), "details")
    with pytest.raises(Faulty) as refused:
        tasks.reassign(one.id, to, "Because.", actor=DANA)
    assert [fault.at for fault in refused.value.faults] == [at]
