"""Mails: what they say, to whom, and what is recorded of them."""

import re

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from portal import db
from portal.access import codes
from portal.access import links as access_links
from portal.actions import absences, links, processes, signatures, tasks, timers, troubles
from portal.actions.codes import Proof
from portal.clock import Clock
from portal.errors import Unknown
from portal.ledger.tables import Disclosure, Entry, Outgoing
from portal.models import Code, Link, Mail
from portal.settings import Settings
from tasks import sweep
from tests import makers, people
from tests.servers import Smtp
from tests.tasks.conftest import ASKING, post

LINK = re.compile(r"https://portal\.example\S*")
VERA = people.VERA["email"]


def test_an_invitation_has_one_link_and_says_by_whom_and_when(asked: str, smtp: Smtp) -> None:
    assert post() == 1
    [letter] = smtp.to(VERA)
    assert letter.message["Subject"] == "Company details: Demo, due Wed 25 Nov"
    assert letter.message["Reply-To"] == "dana@example.com"
    assert len(LINK.findall(letter.text)) == 1
    assert re.search(r"^https://portal\.example/t/[A-Za-z0-9_-]{48}\r?$", letter.text, re.M)
    assert "Hello Vera Vendor," in letter.text
    assert "Dana Owner asks you for it" in letter.text
    assert "Wed 25 Nov 2026" in letter.text
    assert letter.html.count('class="button"') == 1
    assert "<img" not in letter.html
    [sent] = makers.events(asked, "link.sent")
    assert sent["data"]["link"] == makers.rows(Link)[0].id[:8]


def test_an_invitation_brings_the_due_date_for_the_calendar(asked: str, smtp: Smtp) -> None:
    post()
    [letter] = smtp.to(VERA)
    [attached] = letter.message.iter_attachments()
    assert attached.get_filename() == "due.ics"
    entry = Calendar.from_ical(attached.get_content()).events[0]
    task = makers.task(asked, "details")
    assert entry.start == task.due_at
    assert entry["UID"] == f"{task.id}@portal.example"
    assert entry["SUMMARY"] == "Due: Company details, Demo"
    assert "http" not in attached.get_content()


def test_somebody_outside_sees_who_asks_them(asked: str, smtp: Smtp) -> None:
    post()
    [letter] = smtp.to(VERA)
    assert letter.message["From"].addresses[0].display_name == "Dana Owner (Sea Works)"


def test_nothing_is_sent_twice(asked: str, smtp: Smtp) -> None:
    post()
    assert post() == 0
    assert len(smtp.letters) == 1


def test_the_receipt_names_the_ledger_and_carries_no_link(asked: str, smtp: Smtp) -> None:
    post()
    makers.fill(asked, company="Sea")
    post()
    receipt = next(x for x in smtp.to(VERA) if x.message["Subject"].startswith("Receipt"))
    done = makers.task(asked, "details", state="done")
    assert not LINK.findall(receipt.text)
    for fact in (f"process: {asked}", f"seq: {done.done_seq}", f"hash: {done.done_hash}"):
        assert fact in receipt.text
    assert "receipt.sent" in makers.types(asked)


def test_the_receipt_of_an_upload_names_each_file(house: Settings, smtp: Smtp) -> None:
    steps = "  - id: papers\n    assign: vendor\n    upload: {documents: [{id: licence, name: L}]}"
    process = makers.start(steps)
    makers.send(process, "papers", makers.arrived("licence"))
    post()
    receipt = smtp.to(VERA)[-1]
    assert "licence.pdf" in receipt.text
    assert "a" * 16 in receipt.text
    assert "1 byte, received Mon 23 Nov 2026, 09:00 (UTC)" in receipt.text


def test_a_message_reads_like_a_letter_with_the_readers_own_link(asked: str, smtp: Smtp) -> None:
    makers.fill(asked, company="<b>Sea</b>")
    post()
    message = next(x for x in smtp.to(VERA) if "Thank you" in x.message["Subject"])
    assert message.message["Subject"] == "Thank you, <b>Sea</b>"
    assert "Dear Vera Vendor,\n\nsee https://portal.example/t/" in message.text.replace("\r", "")
    assert "<em>Vera Vendor</em>" in message.html
    assert '<a href="https://portal.example/t/' in message.html.replace(" rel=", " ")
    assert "message.sent" in makers.types(asked)


def test_reminders_say_which_they_are(asked: str, smtp: Smtp, clock: Clock) -> None:
    post()
    clock.advance(days=1)
    sweep.ring_due()
    post()
    clock.advance(days=2)
    sweep.ring_due()
    post()
    subjects = [letter.message["Subject"] for letter in smtp.to(VERA)[1:]]
    assert subjects[0] == "First reminder: Company details, Demo, due Wed 25 Nov"
    assert subjects[1].startswith("Second reminder: ")
    assert "It was due" in smtp.to(VERA)[-1].text
    links_ = {LINK.search(letter.text)[0] for letter in smtp.to(VERA)}  # type: ignore[index]
    assert len(links_) == 1
    first, _ = makers.events(asked, "reminder.sent")
    assert first["data"]["label"] == "1 day before"


def test_no_reminder_goes_out_for_what_is_done(asked: str, smtp: Smtp, clock: Clock) -> None:
    post()
    clock.advance(days=1)
    sweep.ring_due()
    makers.fill(asked, company="Sea")
    post()
    assert not [x for x in smtp.letters if "reminder" in x.message["Subject"].lower()]
    assert "reminder.sent" not in makers.types(asked)


def test_staff_are_led_to_the_desk(house: Settings, smtp: Smtp) -> None:
    process = makers.start("  - id: check\n    assign: buyer\n    task: {instructions: Look.}")
    post()
    [letter] = smtp.to("dana@example.com")
    task = makers.task(process, "check")
    assert LINK.findall(letter.text) == [f"https://portal.example/tasks/{task.id}"]


def test_every_member_of_a_team_is_asked(house: Settings, smtp: Smtp) -> None:
    process = makers.start("  - id: pay\n    assign: finance\n    task: {instructions: Pay.}")
    post()
    assert {letter.to for letter in smtp.letters} == {"finn@example.com", "fay@example.com"}
    assert len({letter.message["Message-ID"] for letter in smtp.letters}) == 2
    assert len(makers.events(process, "link.sent")) == 2


TO_A_TEAM = "  - id: news\n    message: {to: [finance], subject: News, body: Read this.}\n"


def test_a_message_to_a_team_reaches_the_second_member_after_a_fault(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    process = makers.start(TO_A_TEAM)
    smtp.refusals["finn@example.com"] = "421 going away"
    post()
    assert [letter.to for letter in smtp.letters] == ["fay@example.com"]
    smtp.refusals.clear()
    clock.advance(minutes=1)
    post()
    assert [letter.to for letter in smtp.letters] == ["fay@example.com", "finn@example.com"]
    assert len({letter.message["Message-ID"] for letter in smtp.letters}) == 2
    assert len(makers.events(process, "message.sent")) == 2


def test_every_member_of_a_team_is_told_that_its_task_went_to_somebody_else(
    house: Settings, smtp: Smtp
) -> None:
    process = makers.start("  - id: pay\n    assign: finance\n    task: {instructions: Pay.}")
    task = makers.task(process, "pay")
    tasks.reassign(task.id, people.OTTO, "They are busy.", actor=people.staff("dana"))
    post()
    told = [x for x in smtp.letters if "Handed to somebody else" in x.message["Subject"]]
    assert {letter.to for letter in told} == {"finn@example.com", "fay@example.com"}
    assert len({letter.message["Message-ID"] for letter in told}) == 2
    assert len(makers.events(process, "notice.sent")) == 2


def test_who_loses_a_task_and_who_gets_it_are_both_told(asked: str, smtp: Smtp) -> None:
    post()
    task = makers.task(asked, "details")
    tasks.reassign(task.id, people.OTTO, "On holiday", actor=people.staff("dana"))
    post()
    assert "Handed to somebody else" in smtp.to(VERA)[-1].message["Subject"]
    assert not LINK.findall(smtp.to(VERA)[-1].text)
    [fresh] = smtp.to(people.OTTO["email"])
    assert LINK.search(fresh.text)[0] != LINK.search(smtp.to(VERA)[0].text)[0]  # type: ignore[index]


def test_a_cancelled_process_tells_who_was_asked(asked: str, smtp: Smtp) -> None:
    post()
    processes.cancel(asked, "Not any more", actor=people.staff("dana"))
    post()
    letter = smtp.to(VERA)[-1]
    assert letter.message["Subject"].startswith("No longer needed: Company details")
    assert "the process was cancelled" in letter.text


def test_a_fresh_link_comes_when_asked_for(asked: str, smtp: Smtp) -> None:
    post()
    token = LINK.search(smtp.to(VERA)[0].text)[0].rpartition("/")[2]  # type: ignore[index]
    links.renew(token, ip="192.0.2.9")
    post()
    letter = smtp.to(VERA)[-1]
    assert letter.message["Subject"].startswith("Your fresh link")
    assert len(LINK.findall(letter.text)) == 1


def test_a_fresh_link_to_everything_open_comes_when_asked_for(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    makers.fill(asked, company="Sea")
    post()
    first = LINK.search(smtp.to(VERA)[-1].text)[0]  # type: ignore[index]
    clock.advance(days=31)
    links.renew(first.rpartition("/")[2], ip="192.0.2.9")
    post()
    letter = smtp.to(VERA)[-1]
    assert letter.message["Subject"] == "Your fresh link: Demo"
    assert "It shows what is open for you in “Demo”".translate(STRAIGHT) in letter.text
    [fresh] = LINK.findall(letter.text)
    assert fresh != first
    entered = links.enter(fresh.rpartition("/")[2], browser=None, ip=None, agent=None)
    assert (entered.process_id, entered.task_id) == (asked, None)
    [sent] = [e for e in makers.events(asked, "link.sent") if "task" not in e["data"]]
    assert sent["data"]["link"] == makers.rows(Link, task_id=None)[0].id[:8]


STRAIGHT = str.maketrans("“”", '""')


def test_an_escalation_goes_to_the_owner(house: Settings, smtp: Smtp, clock: Clock) -> None:
    rungs = "    escalate: [{after: 1 day, to: owner}]\n"
    steps = ASKING.replace("    due: 2 days\n", f"    due: 2 days\n{rungs}")
    process = makers.start(steps)
    clock.advance(days=3, hours=1)
    sweep.ring_due()
    post()
    [letter] = [x for x in smtp.to("dana@example.com") if "Overdue" in x.message["Subject"]]
    assert "Vera Vendor has not done it" in letter.text
    assert f"https://portal.example/processes/{process}" in letter.text
    assert any(e["data"]["about"] == "escalation" for e in makers.events(process, "notice.sent"))


def test_a_refused_address_is_on_the_timeline_and_the_owner_knows(asked: str, smtp: Smtp) -> None:
    smtp.refusals[VERA] = "550 5.1.1 No such box"
    post()
    post()
    [bounced] = makers.events(asked, "mail.bounced")
    assert bounced["data"]["about"] == "invite"
    [trouble] = makers.troubles(asked)
    assert trouble.kind == "bounced"
    [letter] = smtp.to("dana@example.com")
    assert letter.message["Subject"] == "Needs you: “Company details”, Demo"
    assert "No such box" in letter.text
    assert {row.to: row.state for row in makers.rows(Mail)} == {
        VERA: "refused",
        "dana@example.com": "taken",
    }


FAY, FINN = "fay@example.com", "finn@example.com"


def try_again(process: str) -> None:
    """What the owner does about every open exception."""
    for trouble in makers.troubles(process, state="open"):
        troubles.resolve(trouble.id, "retry", "It works again.", actor=people.staff("dana"))


def test_a_retry_sends_what_was_refused_to_whoever_missed_it(house: Settings, smtp: Smtp) -> None:
    process = makers.start(TO_A_TEAM)
    smtp.refusals[FAY] = "550 5.1.1 No such box"
    post()
    smtp.refusals.clear()
    try_again(process)
    post()
    assert [letter.subject for letter in smtp.to(FAY)] == ["News"]
    assert [letter.subject for letter in smtp.to(FINN)] == ["News"]
    assert makers.troubles(process, state="open") == []


def test_everybody_whom_a_message_does_not_reach_is_an_exception(
    house: Settings, smtp: Smtp
) -> None:
    process = makers.start(TO_A_TEAM)
    smtp.refusals |= {FAY: "550 No such box", FINN: "550 No such box"}
    post()
    told = sorted(trouble.message for trouble in makers.troubles(process, state="open"))
    assert [FAY in told[0], FINN in told[-1], len(told)] == [True, True, 2]
    smtp.refusals.clear()
    try_again(process)
    post()
    assert {letter.to for letter in smtp.letters if letter.subject == "News"} == {FAY, FINN}


def test_a_retry_after_giving_up_reaches_all_who_were_still_to_be_told(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    process = makers.start(TO_A_TEAM)
    smtp.refusals[FAY] = "451 try later"
    for _ in range(41):
        post()
        clock.advance(hours=2)
    assert smtp.to(FINN) == []
    smtp.refusals.clear()
    try_again(process)
    post()
    assert {letter.to for letter in smtp.letters if letter.subject == "News"} == {FAY, FINN}


def test_a_reminder_that_was_refused_is_tried_again_as_a_reminder(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    post()
    clock.advance(days=1)
    sweep.ring_due()
    smtp.refusals[VERA] = "550 5.1.1 No such box"
    post()
    smtp.refusals.clear()
    try_again(asked)
    post()
    assert smtp.to(VERA)[-1].subject.startswith("First reminder: Company details")
    [sent] = makers.events(asked, "reminder.sent")
    assert sent["data"]["label"] == "1 day before"


def test_a_server_that_is_away_gets_the_very_same_mail_later(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    smtp.drops_after = 1
    post()
    assert "link.sent" not in makers.types(asked)
    clock.advance(minutes=1)
    post()
    first, second = smtp.letters
    assert first.content == second.content
    assert makers.types(asked).count("link.sent") == 1


def test_a_temporary_refusal_is_tried_again_later_and_later(
    asked: str, smtp: Smtp, clock: Clock
) -> None:
    smtp.refusals["*"] = "451 try later"
    post()
    assert post() == 0
    clock.advance(seconds=5)
    assert post() == 1
    clock.advance(seconds=5)
    assert post() == 0
    smtp.refusals.clear()
    clock.advance(hours=2)
    post()
    assert len(smtp.to(VERA)) == 1


def test_what_never_works_becomes_an_exception(asked: str, smtp: Smtp, clock: Clock) -> None:
    smtp.refusals[VERA] = "451 try later"
    for _ in range(41):
        post()
        clock.advance(hours=2)
    [row] = makers.owed(asked, "mail.invite")
    assert row.state == "dead"
    assert [one.kind for one in makers.troubles(asked)] == ["effect"]


@pytest.mark.parametrize("table", ["outgoing", "mails"])
def test_no_token_stands_in_the_database(table: str, asked: str, smtp: Smtp) -> None:
    from portal import db

    post()
    token = LINK.search(smtp.to(VERA)[0].text)[0].rpartition("/")[2]  # type: ignore[index]
    with db.reading() as conn:
        for row in conn.exec_driver_sql(f"SELECT * FROM {table}"):
            assert token not in str(tuple(row))


def test_ringing_needs_no_mail_server(asked: str, smtp: Smtp, clock: Clock) -> None:
    clock.advance(days=1)
    assert timers.ring([row.id for row in makers.timers(asked)]) == 1


PROMISE = """\
  - {id: promise, name: Keep it secret, assign: vendor, sign: {statement: I keep it secret.}}
"""


def ask_for_code(process: str, signature: str = "Vera") -> None:
    """Sign as far as one gets without a code."""
    one = makers.task(process, "promise")
    [link] = makers.rows(Link, task_id=one.id)
    vera = people.guest(one.participant_id, people.VERA, link.id)
    proof = Proof(session="s", page="1", wants_new=True)
    signatures.sign(one.id, signature, True, proof=proof, actor=vera)


def test_a_code_goes_to_the_same_address_and_stands_in_its_mail_alone(
    house: Settings, smtp: Smtp
) -> None:
    process = makers.start(PROMISE)
    ask_for_code(process)
    post()
    letter = smtp.to(VERA)[-1]
    [code] = re.findall(r"^  (\d{8})\r?$", letter.text, re.M)
    assert code == codes.of(makers.rows(Code)[0].id)
    assert code in letter.html
    assert letter.message["Subject"] == "Your code for “Keep it secret”"
    assert not LINK.findall(letter.text)
    [sent] = makers.events(process, "code.sent")
    assert "to" in sent["priv"]
    for model in (Mail, Code, Outgoing, Disclosure, Entry):
        with db.reading() as conn:
            assert not any(code in str(row) for row in conn.execute(sa.select(model.__table__)))


def test_a_code_that_would_come_too_late_is_not_sent(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    process = makers.start(PROMISE)
    ask_for_code(process)
    clock.advance(minutes=11)
    post()
    assert not [one for one in smtp.to(VERA) if "code" in one.message["Subject"]]
    assert "code.sent" not in makers.types(process)


def test_the_receipt_of_a_signature_names_what_was_signed(house: Settings, smtp: Smtp) -> None:
    process = makers.start(PROMISE.replace("assign: vendor,", "assign: vendor, verify: link,"))
    one = makers.task(process, "promise")
    signatures.sign(one.id, "Vera V.", True, actor=makers.actor_of(one))
    post()
    receipt = smtp.to(VERA)[-1]
    assert "Your signature was received" in receipt.text
    assert "Signature: Vera V." in receipt.text
    assert makers.runs(process, "promise")[0].answers["sha256"] in receipt.text


def test_l15_keys_change_without_breaking_a_link_and_a_lost_one_ends_all_of_its_own(
    asked: str, house: Settings, smtp: Smtp, clock: Clock
) -> None:
    def keys(*given: str) -> None:
        access_links.configure(given, house.base_url)

    def newest_link() -> str:
        clock.advance(seconds=1)
        tasks.remind(makers.task(asked, "details").id, actor=people.staff("dana"))
        post()
        return token_in(smtp.to(VERA)[-1].text)

    def opens(token: str) -> bool:
        try:
            return bool(links.enter(token, browser=None, ip=None, agent=None).secret)
        except Unknown:
            return False

    post()
    first, second = house.secret_keys[0], "the key that comes after it, as long as it has to be"
    old = token_in(smtp.to(VERA)[-1].text)
    keys(second, first)
    new = newest_link()
    assert new != old
    assert (opens(old), opens(new)) == (True, True)
    keys(second)
    assert (opens(old), opens(new)) == (False, True)
    keys("a third key, taken in haste because the second was seen")
    assert not opens(new)
    assert opens(newest_link())


def token_in(text: str) -> str:
    """The token in the one link of a mail."""
    [link] = LINK.findall(text)
    return str(link).rstrip().rpartition("/t/")[2]


def test_what_goes_to_somebody_away_goes_to_their_deputy_and_says_for_whom(
    house: Settings, smtp: Smtp, clock: Clock
) -> None:
    away = {"from_on": "2026-11-23", "until_on": "2026-12-04"}
    dana, olga = people.staff("dana"), people.staff("olga")
    absences.set_away("dana", **away, deputy="finn@example.com", actor=dana)
    absences.set_away("olga", **away, deputy="fay@example.com", actor=olga)
    task = "  - {id: look, name: Look, assign: buyer, task: {}}"
    process = makers.start(task, participants={"buyer": {"email": "olga@example.com"}})
    post()
    assert len(smtp.to("olga@example.com")) == 1
    [copy] = smtp.to("fay@example.com")
    head = "For Olga Other, who is away until Fri 4 Dec."
    assert copy.text.startswith(head)
    assert head in copy.html
    assert "Hello Fay Finance," in copy.text
    assert f"/tasks/{makers.task(process, 'look').id}" in copy.text
    absences.end("olga", actor=olga)
    tasks.reassign(
        makers.task(process, "look").id, people.VERA, "Hers.", actor=people.staff("dana")
    )
    post()
    assert len(smtp.to("fay@example.com")) == 1  # that she has it no more goes to her alone
    smtp.refusals["vera@vendor.example"] = "550 5.1.1 No such box"
    tasks.remind(makers.task(process, "look").id, actor=people.staff("dana"))
    clock.advance(minutes=1)
    post()
    post()
    [told] = smtp.to("finn@example.com")
    assert told.text.startswith("For Dana Owner, who is away until Fri 4 Dec.")
    assert len(smtp.to("dana@example.com")) == 1
