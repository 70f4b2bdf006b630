"""Publishing definitions."""

import pytest

from portal.actions import definitions
from portal.errors import Faulty, NotYours
from portal.models import DefinitionRow
from tests import makers, people

TEXT = f"{makers.HEAD}steps:\n{makers.FORM}\n"


def test_a_new_text_is_the_next_version_and_the_same_one_is_known() -> None:
    dana = people.staff("dana")
    first = definitions.publish(TEXT, actor=dana)
    again = definitions.publish("# a comment changes nothing\n" + TEXT, actor=dana)
    other = definitions.publish(TEXT.replace("Demo", "Other"), actor=dana)
    back = definitions.publish(TEXT, actor=dana)
    assert [(one.version, one.is_new) for one in (first, again, other, back)] == [
        (1, True),
        (1, False),
        (2, True),
        (3, True),
    ]
    rows = makers.rows(DefinitionRow)
    assert [row.version for row in rows if row.is_current] == [3]


def test_a_running_process_stays_on_its_version() -> None:
    process = makers.start(makers.FORM)
    makers.publish("  - id: other\n    assign: vendor\n    task: {instructions: Other}")
    makers.fill(process, company="Sea")
    assert makers.process(process).version == 1
    assert makers.process(process).state == "completed"


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        (TEXT.replace("dana@", "nobody@"), "3: owner"),
        (TEXT.replace("team: finance", "team: legal"), "8: team"),
        (TEXT.replace("steps:", "stepz:"), "11: stepz"),
        (TEXT.replace("owner: dana@example.com", "owner: {team: legal}"), "3: owner"),
    ],
)
def test_faults_come_with_their_line(wrong: str, at: str) -> None:
    with pytest.raises(Faulty) as refused:
        definitions.publish(wrong, actor=people.staff("dana"))
    assert at in [fault.at for fault in refused.value.faults]


def test_a_dry_run_tells_what_would_be_and_publishes_nothing() -> None:
    dana, guarded = people.staff("dana"), TEXT.replace("assign:", "control: true, assign:")
    assert definitions.publish(guarded, actor=dana).remarks == ()
    for dry_run in (True, False):
        told = definitions.publish(TEXT, dry_run=dry_run, actor=dana)
        assert (told.version, told.is_new) == (2, True)
        assert len(told.remarks) == 1
        assert len(makers.rows(DefinitionRow)) == (1 if dry_run else 2)
    assert not definitions.publish(TEXT, dry_run=True, actor=dana).is_new


def test_a_process_within_that_nobody_has_published_is_warned_of() -> None:
    outer = f"{makers.HEAD}steps:\n  - id: inner\n    run:\n      definition: other\n"
    at = f"{outer.splitlines().index('      definition: other') + 1}: definition"
    dana = people.staff("dana")
    warned = definitions.publish(outer, dry_run=True, actor=dana).warnings
    [said] = [one.message for one in warned if one.at == at]
    assert said.startswith("warning: no definition “other” is published yet: publish it")
    other = outer.replace("definition: other", "definition: demo")
    other = other.replace("key: demo", "key: other")
    definitions.publish(other, actor=dana)
    known = definitions.publish(outer, actor=dana).warnings
    assert at not in [one.at for one in known]


def test_auditors_publish_nothing() -> None:
    with pytest.raises(NotYours):
        definitions.publish(TEXT, actor=people.staff("aud"))


def test_nobody_makes_themselves_the_owner_by_publishing() -> None:
    definitions.publish(TEXT, actor=people.staff("dana"))
    taken = TEXT.replace("dana@", "olga@")
    with pytest.raises(Faulty) as refused:
        definitions.publish(taken, actor=people.staff("olga"))
    [fault] = refused.value.faults
    assert (fault.at, fault.message) == (
        "3: owner",
        "only its present owner or an admin hands a definition on to somebody else",
    )
    # A version of it that leaves the owner is anybody's, as before.
    changed = TEXT.replace("name: Demo", "name: Deal")
    assert definitions.publish(changed, actor=people.staff("olga")).version == 2
    assert definitions.publish(taken, actor=people.staff("dana")).version == 3
    assert definitions.publish(TEXT, actor=people.staff("ada")).version == 4
