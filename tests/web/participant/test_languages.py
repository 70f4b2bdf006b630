"""The pages in another language: nothing in English is left over, and the record stays English."""

import re
from zoneinfo import available_timezones

from portal import clock as house_clock
from portal import db
from portal.models import Task
from portal.readings import letters
from portal.web.languages import COOKIE
from tests import makers
from tests.structure import pseudo
from tests.web.participant.conftest import Visitor, hidden_in, link_to
from tests.web.participant.test_tasks import ANSWERS, DETAILS

_HASH = re.compile(r'<span class="hash">[^<]*</span>')
_GIVEN = pseudo.words(
    *available_timezones(),
    makers.HEAD,
    DETAILS,
    ANSWERS,
    "Ja Nein Ltd",
    "Vera Vendor Dana Owner Sea Trading Otto Other EUR USD SHA Demo yes no",
    "Deutsch English Español Français Polski",
)


def test_a_page_says_nothing_past_its_messages(visitor: Visitor, clock: house_clock.Clock) -> None:
    task = makers.task(makers.start(DETAILS), "details")
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    with pseudo.spoken():
        pages = [visitor.get(link_to(task)), visitor.get("/fresh")]
        path = visitor.enter(task)
        pages += [visitor.get(f"{path}{end}") for end in ("", *_OTHERWISE)]
        pages += [visitor.send(path, path).text, visitor.get("/w")]
        done = visitor.send(path, path, **ANSWERS)
        assert done.status_code == 303, done.text
        pages += [
            visitor.get(str(done.location)),
            visitor.send(f"{path}/question", done.location).text,
        ]
        pages += [visitor.get("/w/nothing", 404)]
    for page in pages:
        assert "⟦" in page
        assert pseudo.left_over(_HASH.sub("", page)) - _GIVEN == set()


_OTHERWISE = ("/question", "/promise", "/delegate", "/blocked", "/doubt", "/decline")


def test_somebody_who_reads_german_types_a_german_number_and_leaves_the_record_as_it_is(
    visitor: Visitor, clock: house_clock.Clock
) -> None:
    process = makers.start(DETAILS)
    task = makers.task(process, "details")
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    path = visitor.enter(task)
    faulty = visitor.send(path, path, **{**ANSWERS, "staff": "0", "fee-amount": "viel"})
    assert "Geben Sie mindestens 1 ein." in faulty.text
    assert 'lang="de"' in faulty.text
    sent = visitor.send(path, path, **{**ANSWERS, "fee-amount": "1.234,50"})
    assert sent.status_code == 303, sent.text
    assert "1.234,50 EUR" in visitor.get(str(sent.location))
    [done] = makers.rows(Task, id=task.id)
    answers = done.answers
    assert answers["fee"] == {"amount": "1234.50", "currency": "EUR"}


def test_a_language_that_is_chosen_goes_for_pages_and_mails(
    visitor: Visitor, clock: house_clock.Clock
) -> None:
    task = makers.task(makers.start(DETAILS), "details")
    path = visitor.enter(task)
    switch = visitor.get("/w").split('id="languages"')[1]
    chosen = {**hidden_in(switch), "language": "de"}
    for back, place in (("/fresh", "/fresh"), ("//evil.example", "/w"), ("/w/../x", "/w")):
        sent = visitor.post("/w/language", {**chosen, "_back": back})
        assert (sent.status_code, sent.location) == (303, place)
    assert '<html lang="de">' in visitor.get(path)
    assert visitor.post("/w/language", {**chosen, "language": "tlh"}).status_code == 422
    [owed] = makers.owed(task.process_id, "mail.invite")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")
    assert letter.to.language == "de"
    visitor.client.delete_cookie(COOKIE)
    for place in ("/w", path):
        assert '<html lang="de">' in visitor.get(place), "another device asks for English"
