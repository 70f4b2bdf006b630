"""The mails that lead somebody back to what is theirs."""

import re

from portal.access import codes
from portal.access import links as access_links
from portal.actions import links, mine, preferences, processes
from portal.clock import Clock
from portal.ledger.tables import Outgoing
from portal.models import AddressCode, Link, LostLink
from portal.settings import Settings
from tasks import sweep
from tests import makers, people
from tests.servers import Smtp
from tests.tasks.conftest import ASKING, post

LINK = re.compile(r"https://portal\.example\S*")
VERA = people.VERA["email"]


def test_the_mail_lists_what_is_open_and_has_one_link(asked: str, smtp: Smtp) -> None:
    makers.start(ASKING)
    post()
    before = len(smtp.to(VERA))
    mine.ask_for_link(VERA, ip="192.0.2.1")
    post()
    [letter] = smtp.to(VERA)[before:]
    assert letter.message["Subject"] == "Your fresh link: 2 open for you"
    assert letter.text.count("Company details, for Demo, due Wed 25 Nov") == 2
    [url] = LINK.findall(letter.text)
    entered = links.enter(url.rpartition("/")[2], browser=None, ip=None, agent=None)
    assert entered.task_id is None


def test_nobody_is_written_to_at_an_address_that_is_not_known(asked: str, smtp: Smtp) -> None:
    post()
    mine.ask_for_link("nobody@else.example", ip="192.0.2.1")
    mine.ask_for_link("dana@example.com", ip="192.0.2.1")
    post()
    assert smtp.to("nobody@else.example") == []
    assert smtp.to("dana@example.com") == []


def test_with_nothing_open_the_link_shows_how_it_stands(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    makers.fill(asked, company="Sea")
    post()
    before = len(smtp.to(VERA))
    mine.ask_for_link(VERA, ip="192.0.2.1")
    post()
    [letter] = smtp.to(VERA)[before:]
    assert "Nothing is open for you just now" in letter.text
    clock.advance(days=31)
    mine.ask_for_link(VERA, ip="192.0.2.1")
    post()
    assert len(smtp.to(VERA)) == before + 1


def test_the_sending_is_on_the_record_and_the_token_nowhere(asked: str, smtp: Smtp) -> None:
    post()
    mine.ask_for_link(VERA, ip="192.0.2.1")
    post()
    sent = makers.events(asked, "link.sent")[-1]
    assert sent.get("task") is None
    assert sent["data"].get("task") is None
    standing = next(one for one in makers.rows(Link) if one.task_id is None)
    token = access_links.mint(standing.id, standing.generation)
    owed = makers.rows(Outgoing, kind="mail.lost")
    assert owed
    assert not any(token in str(one.ref) or VERA in str(one.ref) for one in owed)


def test_a_code_goes_to_the_address_and_says_what_it_is_for(
    asked: str, smtp: Smtp, house: Settings, clock: Clock
) -> None:
    post()
    row = next(one for one in makers.rows(Link) if one.task_id)
    token = access_links.mint(row.id, row.generation)
    secret = links.enter(token, browser=None, ip=None, agent=None).secret
    mine.send_code(secret)
    post()
    [letter] = [one for one in smtp.to(VERA) if one.message["Subject"].startswith("Your code")]
    [sent] = makers.rows(AddressCode)
    assert codes.of(sent.id) in letter.text
    assert LINK.findall(letter.text) == []
    assert mine.prove(secret, codes.of(sent.id)).fault is None


def test_what_was_typed_is_forgotten_after_two_days(asked: str, clock: Clock) -> None:
    from portal.actions import upkeep

    mine.ask_for_link(VERA, ip="192.0.2.1")
    clock.advance(days=3)
    upkeep.prune()
    assert makers.rows(LostLink) == []


def test_a_cancelled_process_leads_nowhere(asked: str, smtp: Smtp) -> None:
    post()
    processes.cancel(asked, "Not needed.", actor=people.staff("dana"))
    post()
    before = len(smtp.to(VERA))
    mine.ask_for_link(VERA, ip="192.0.2.1")
    post()
    assert len(smtp.to(VERA)) == before


def test_one_mail_a_day_reminds_of_all_and_each_process_has_it_on_record(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    other = makers.start(ASKING)
    post()
    preferences.choose_digest(email=VERA, wanted=True)
    before = len(smtp.to(VERA))
    clock.advance(days=3)
    for _ in range(2):
        sweep.ring_due()
        post()
    [letter] = smtp.to(VERA)[before:]
    assert letter.message["Subject"] == "Reminder: 2 open for you"
    assert len(LINK.findall(letter.text)) == 1
    assert "once a day at most" in letter.text
    for process in (asked, other):
        [sent] = makers.events(process, "reminder.sent")
        assert sent["data"]["label"] == "in the mail of the day"
