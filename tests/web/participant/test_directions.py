"""A name can't turn the sentence around it: on pages of every door, and in mails."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from portal import db, language
from portal.brand import Brand
from portal.clock import Clock, now
from portal.installation import Sender
from portal.ledger.tables import Outgoing
from portal.readings import letters
from tasks import letterhead
from tests import makers
from tests.web.callers import at_the_desk
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_rooms import come_in, open_room

TURNED = "Acme\u202egnidart\u2067 \u2066Ltd\u2068"
PLAIN = "Acmegnidart Ltd"
SIGNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
VERA = {"email": "vera@vendor.example", "name": TURNED}
STORY = """\
  - id: story
    assign: vendor
    form: {fields: [{id: story, type: multiline, label: S}, {id: n, type: number, label: N}]}
"""


def shown(page: str) -> str:
    """What a page shows, without what stands in its fields to be typed on."""
    kept = r'<textarea\b.*?</textarea>|(?<=<)(input|option|button)\b[^>]*?\bvalue="[^"]*"'
    return re.sub(kept, "", page, flags=re.DOTALL)


def signs_in(text: str | None) -> set[str]:
    return set(SIGNS) & set(text or "")


def test_no_page_is_turned_round_by_a_name(
    app: Flask, visitor: Visitor, visitors: Callable[[], Visitor], clock: Clock
) -> None:
    process = makers.start(STORY, vendor=VERA, reference=TURNED)
    one = makers.task(process, "story")
    where = visitor.enter(one)
    auditor = visitors()
    come_in(auditor, room := open_room(clock, purpose=TURNED))
    ada = at_the_desk(app, "ada").client
    pages = {
        where: visitor.get(where),
        "/room": auditor.get("/room"),
        **{
            path: ada.get(path).text
            for path in (f"/processes/{process}", f"/tasks/{one.id}", "/rooms", f"/rooms/{room}")
        },
    }
    for path, page in pages.items():
        assert signs_in(shown(page)) == set(), path
    for path in ("/room", f"/rooms/{room}", f"/processes/{process}"):
        assert PLAIN in pages[path], path


def test_what_somebody_types_on_keeps_its_own_signs(visitor: Visitor) -> None:
    one = makers.task(makers.start(STORY), "story")
    where = visitor.enter(one)
    refused = visitor.send(where, story=TURNED, n="none")
    assert refused.status_code == 422
    assert signs_in(refused.text) == signs_in(TURNED)
    assert signs_in(shown(refused.text)) == set()


def test_a_text_that_looks_like_a_field_is_no_field(visitor: Visitor) -> None:
    text = 'I keep value=\\"Acme\u202egnidart\\" secret.'
    sign = f'  - {{id: s, assign: vendor, sign: {{statement: "{text}"}}}}\n'
    page = visitor.get(visitor.enter(makers.task(makers.start(sign), "s")))
    assert 'value="Acmegnidart"' in page.replace("&quot;", '"')
    assert signs_in(page) == set()


@pytest.mark.parametrize("spoken", ["en", "ar"])
def test_no_mail_is_turned_round_by_a_name(app: Flask, spoken: str) -> None:
    makers.start(STORY, vendor={**VERA, "language": spoken}, reference=TURNED)
    [row] = [one for one in makers.rows(Outgoing) if one.kind == "mail.invite"]
    with db.reading() as conn:
        owed = letters.of(conn, row.kind, row.ref, made_at=row.due_at, tz="UTC")
    [one] = [replace(one, to=replace(one.to, language=spoken)) for one in owed]
    mail = letterhead.message(one, "id", at=now(), brand=Brand("Sea"), sender=Sender(TURNED))
    ours = set(SIGNS[-2:]) if spoken == "ar" else set()
    for text in (mail.to_name, mail.subject, mail.text, mail.html, mail.from_name):
        assert signs_in(text) <= ours
    assert "Acme" in (mail.from_name or "")


def test_a_page_from_right_to_left_still_keeps_names_apart() -> None:
    with language.speaking("ar"):
        assert language.straight(f"a{SIGNS}b") == "a\u2068\u2069b"
    assert language.straight(f"a{SIGNS}b") == "ab"
