"""What the mail server of a trial kept of somebody goes with them, whoever it was mailed to."""

from collections.abc import Set
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import create_app
from portal import db
from portal.actions import erasures
from portal.clock import Clock
from portal.delivery import catcher
from portal.models import Mail
from portal.settings import Settings
from tasks import relay
from tests import makers, people
from tests.tasks.canaries import OTHER, WHO
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_rooms import come_in, open_room

ADA = people.staff("ada")
WORDS = "May my sister sign this?"
QUOTED = """\
  - {id: details, assign: vendor, form: {fields: [{id: company, type: text, label: Company}]}}
  - {id: news, message: {to: [second], subject: News, body: "{{ steps.details.company }}"}}
"""


@pytest.fixture
def box(house: Settings) -> catcher.Mailbox:
    return catcher.Mailbox(house.data_dir / "catcher")


def keep(box: catcher.Mailbox, id_: str, to: str, words: str = WORDS) -> int:
    content = f"Message-ID: <{id_}@portal.example>\r\nTo: <{to}>\r\nSubject: x\r\n\r\n{words}"
    return box.add("portal@example.com", [to], content.encode()).id


def keep_noted(box: catcher.Mailbox, process: str | None) -> list[int]:
    """Keep every mail that was sent of a process, or of none, with the words in it."""
    with db.reading() as conn:
        query = sa.select(Mail.id, Mail.to).where(Mail.process_id == process)
        return [keep(box, row.id, row.to) for row in conn.execute(query).all()]


def left(box: catcher.Mailbox) -> set[int]:
    return {letter.id for letter in box.newest()}


def erase_person(email: str) -> None:
    erasures.of_person(email, basis="request", reference="", confirmed=email, actor=ADA)
    relay.carry_out_here()


def test_kept_messages_of_the_trial_go_by_their_id_and_by_whom_they_are_to(tmp_path: Path) -> None:
    box = catcher.Mailbox(tmp_path / "catcher")
    keep(box, "m1", WHO["email"])
    keep(box, "m2", OTHER["email"])
    kept = keep(box, "m3", OTHER["email"])
    asked: list[set[str]] = []

    def goes(ids: Set[str]) -> set[str]:
        asked.append(set(ids))
        return {"m2", "unknown"}

    catcher.forget(tmp_path, goes, lambda email: email == WHO["email"])
    assert left(box) == {kept}
    assert asked == [{"m1", "m2", "m3"}]
    assert len(list((tmp_path / "catcher").glob("*.eml"))) == 1


def test_a_mail_that_quotes_somebody_under_a_plain_subject_goes_with_them(
    house: Settings, box: catcher.Mailbox
) -> None:
    process = makers.start(QUOTED, participants={"second": OTHER})
    other = makers.start_again(OTHER)
    makers.fill(process, company=WORDS)
    relay.carry_out_here()
    [sent] = makers.rows(Mail, process_id=process, kind="mail.message")
    assert (sent.to, sent.subject) == (OTHER["email"], "News")
    mine, theirs = keep_noted(box, process), keep_noted(box, other)
    assert left(box) == {*mine, *theirs}
    erase_person(people.VERA["email"])
    assert left(box) == set(theirs)


def test_an_auditors_question_that_was_mailed_to_staff_goes_with_the_auditor(
    house: Settings, box: catcher.Mailbox, clock: Clock
) -> None:
    process = makers.start(makers.FORM)
    visitor = Visitor(create_app(house).test_client())
    visitor.client.environ_base["wsgi.url_scheme"] = "https"
    come_in(visitor, open_room(clock))
    sent = visitor.send("/room/questions", "/room/questions", text=WORDS)
    assert sent.status_code == 303, sent.text
    relay.carry_out_here()
    assert "mail.room_question" in {row.kind for row in makers.rows(Mail)}
    keep_noted(box, None)
    kept = keep_noted(box, process)
    erase_person("ines@audit.example")
    assert not any(WORDS.encode() in (box.content(one) or b"") for one in left(box) - set(kept))
    assert set(kept) <= left(box), "what is of a process that the auditor only read stays"
