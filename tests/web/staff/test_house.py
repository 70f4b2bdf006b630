"""The pages of settings: who may, what takes effect where, and that nothing typed is lost."""

import io
import re
from collections.abc import Callable
from email import message_from_bytes

import pytest
from flask import Flask
from PIL import Image

from portal import clock as house_clock
from portal import db, installation
from portal.actions import house as verbs
from portal.actions import people as people_verbs
from portal.delivery.catcher import Catcher
from portal.delivery.mime import as_bytes
from portal.readings import letters
from tasks import letterhead
from tests import makers, people
from tests.web.participant.conftest import UPLOAD, Visitor
from tests.web.staff.conftest import Desk
from tests.web.staff.test_account import PASSWORD

AT = "Sea Trading <desk@sea.example>"
Sit = Callable[[str], Desk]


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 120)) -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", size, "#7a1f4e").save(out, kind)
    return io.BytesIO(out.getvalue())


def version(page: str) -> str:
    found = re.search(r'name="version" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_an_auditor_reads_the_settings_and_a_member_does_not(desk: Sit) -> None:
    auditor = desk("aud")
    for page in ("", "/sender", "/brand", "/calendar", "/keeping"):
        assert "Save" not in auditor.get(f"/settings{page}")
    dana = desk("dana")
    for page in ("", "/sender", "/brand/preview", "/brand/preview.css"):
        assert dana.get(f"/settings{page}", 403)
    assert auditor.send("/settings/keeping", link_days="3").status_code == 403
    assert auditor.get("/settings/nothing", 404)


def test_a_new_brand_is_worn_by_the_next_page_and_the_next_mail(app: Flask, desk: Sit) -> None:
    ada = desk("ada")
    typed = {"brand_name": "Sea & Sons", "brand_colour": "#ffd54a"}
    sent = ada.send("/settings/brand", brand_logo=(picture("WEBP"), "logo.webp"), **typed)
    assert sent.status_code == 303
    task = makers.task(makers.start(UPLOAD), "papers")
    visitor = Visitor(app.test_client())
    page = visitor.get(visitor.enter(task))
    [style] = re.findall(r'href="(/brand/[^"]+\.css)"', page)
    assert "--accent:#" in visitor.get(style)
    logo = re.search(r'<img class="logo" src="([^"]+)" alt="([^"]*)">', page)
    assert logo is not None
    drawn = app.test_client().get(logo[1])
    assert (drawn.mimetype, drawn.data[:4], logo[2]) == ("image/png", b"\x89PNG", "Sea &amp; Sons")
    assert ada.send("/settings/brand/back", page="/settings/brand").status_code == 303
    assert "Sea &amp; Sons" not in visitor.get("/fresh")
    assert app.test_client().get(style).status_code == 404


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "SVG can carry"),
        (b"GIF89a nothing", "no picture we know"),
        (b"x" * 3_000_000, "up to 2 MB"),
        (b"", "no picture we know"),
    ],
)
def test_what_is_no_fit_logo_is_told_beside_it_and_what_was_typed_stands(
    desk: Sit, content: bytes, told: str
) -> None:
    typed = {"brand_name": "Sea and Sons", "brand_colour": "#123456"}
    logo = (io.BytesIO(content), "logo.png")
    answer = desk("ada").send("/settings/brand", brand_logo=logo, **typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert 'value="Sea and Sons"' in answer.text
    assert installation.current.brand.logo is None


def test_a_look_tells_the_contrast_and_keeps_nothing(desk: Sit) -> None:
    ada = desk("ada")
    look = ada.get("/settings/brand/preview?brand_name=Sea&brand_colour=%23ffd54a")
    ratios = [float(one) for one in re.findall(r"stand out ([\d.]+) to 1", look)]
    assert len(ratios) == 2
    assert min(ratios) >= 4.5
    assert ">Sea<" in look
    css = ada.get("/settings/brand/preview.css?brand_colour=%23ffd54a")
    assert re.search(r"--accent:#[0-9a-f]{6}", css)
    assert "}" not in re.sub(r"\{[^{}]*\}", "", css)
    assert ada.get("/settings/brand/preview.css?brand_colour=red;}body{display:none")
    assert installation.current.brand.name == "Portico"


def test_days_off_are_shown_before_they_are_kept(desk: Sit) -> None:
    ada = desk("ada")
    path = "/settings/calendar?holidays=DE-BY&closed_days=2026-12-24+Christmas+Eve"
    page = ada.get(path)
    row = r'<time datetime="(\S+)">[^<]+</time></th><td data-label="Why">([^<]+)'
    shown = re.findall(row, page)
    assert shown[:3] == [
        ("2026-12-24", "Christmas Eve"), ("2026-12-25", "Christmas Day"),
        ("2027-01-01", "New Year&#39;s Day"),
    ]  # fmt: skip
    assert len(shown) == 10
    assert installation.current.holidays is None
    faulty = ada.send("/settings/calendar", hours="now and then", holidays="DE")
    assert faulty.status_code == 422
    assert 'value="now and then"' in faulty.text
    assert "is not opening hours" in faulty.text


def test_whoever_saves_a_page_that_another_changed_meanwhile_loses_nothing(desk: Sit) -> None:
    ada = desk("ada")
    opened = version(ada.get("/settings/keeping"))
    verbs.set_keeping({"link_days": "7"}, actor=people.staff("ada"))
    late = ada.send("/settings/keeping", version=opened, link_days="9", retention_days="30")
    assert late.status_code == 422
    assert "Somebody else changed these settings" in late.text
    assert 'value="9"' in late.text
    again = ada.send(
        "/settings/keeping", version=version(late.text), link_days="9", retention_days="30"
    )
    assert again.status_code == 303
    assert installation.current.link_days == 9


def test_the_mail_that_is_looked_at_is_the_mail_that_is_sent(app: Flask, desk: Sit) -> None:
    task = makers.task(makers.start(UPLOAD), "papers")
    [owed] = makers.owed(task.process_id, "mail.invite")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")
    holds = installation.current
    sent = letterhead.message(letter, "m1", at=owed.made_at, brand=holds.brand).html
    page = desk("ada").get("/settings/brand/preview?brand_name=Portico")
    names = {"Ann Okafor": "Vera Vendor", "Dana Fox": "Dana Owner", "Tax form": task.name}
    shown = re.sub(r"\s+", " ", page.split('class="sheet is-mail"')[1].split("</figure>")[0])
    for here, there in names.items():
        shown = shown.replace(here, there)
    every = re.findall(r">([^<>]{12,})<", shown)
    told = [one for one in every if not re.search(r"as part of|\d{4}", one)]
    assert len(told) >= 4
    for one in told:
        assert one.strip() in re.sub(r"\s+", " ", sent), one


def test_mails_are_signed_and_answered_as_was_decided(app: Flask) -> None:
    task = makers.task(makers.start(UPLOAD), "papers")
    [owed] = makers.owed(task.process_id, "mail.invite")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")

    def mail(**typed: str) -> tuple[str, str | None, bool]:
        verbs.set_sender(typed, actor=people.staff("ada"))
        holds = installation.current
        sent = letterhead.message(
            letter, "m1", at=owed.made_at, brand=holds.brand, sender=holds.sender
        )
        read = message_from_bytes(as_bytes(sent, AT))
        return str(read["From"]), read["Reply-To"], "An answer to this mail goes there" in sent.html

    usual = ("Dana Owner (Portico) <desk@sea.example>", "dana@example.com", True)
    named = ("Dana Owner (Sea Desk) <desk@sea.example>", "dana@example.com", True)
    own = {"sender_name": "Sea Desk", "sender_shows": "house"}
    assert tuple(mail())[1:] == usual[1:]
    assert mail(sender_name="Sea Desk")[1:] == named[1:]
    assert mail(**own, replies="none") == ("Sea Desk <desk@sea.example>", None, False)
    told = mail(**own, replies="address", reply_address="answers@sea.example")
    assert told == ("Sea Desk <desk@sea.example>", "answers@sea.example", False)


def test_a_test_mail_is_really_sent_and_the_page_says_what_the_server_said(
    app: Flask, desk: Sit
) -> None:
    ada = desk("ada")
    unsent = ada.send("/settings/sender/try", page="/settings/sender").text
    assert "Not sent to ada@example.com" in unsent
    assert "the mail catcher is not running" in unsent
    verbs.set_sender({"sender_name": "Sea Desk"}, actor=people.staff("ada"))
    with Catcher(app.config["SETTINGS"].data_dir) as catcher:
        page = ada.send("/settings/sender/try", page="/settings/sender").text
        [mail] = catcher.mailbox.newest()
    assert "Sent to ada@example.com" in page
    assert "The mail server took it" in page
    assert mail.subject == "A test mail from Portico"
    assert "Sea Desk" in mail.sender
    assert "sent a test mail to ada@example.com" in ada.get("/book?topic=settings")
    for _ in range(3):
        ada.send("/settings/sender/try", page="/settings/sender")
    assert ada.send("/settings/sender/try", page="/settings/sender").status_code == 429


def test_where_answers_go_and_what_is_erased_is_changed_by_nobody_who_found_a_screen_open(
    app: Flask, desk: Sit, clock: house_clock.Clock
) -> None:
    people_verbs.add_user("ada@example.com", "Ada", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    clock.advance(minutes=11)
    sender = {"replies": "address", "reply_address": "eve@evil.example"}
    doors = {"sender": sender, "keeping": {"retention_days": "1"}, "keeping/back": {}}
    for place, typed in doors.items():
        page = f"/settings/{place.split('/')[0]}"
        sent = ada.send(f"/settings/{place}", page=page, **typed)
        assert sent.location == f"/me/prove?next={page}", place
    assert "eve@evil.example" not in ada.get("/settings")
    assert ada.send("/settings/calendar", page="/settings/calendar").status_code == 303
    # Whoever shows that it is they finds what they typed, and saves it.
    seen = version(ada.get("/settings/keeping"))
    typed = {"retention_days": "900", "version": seen}
    ada.send("/settings/keeping", page="/settings/keeping", **typed)
    ada.send("/me/prove", password=PASSWORD, next="/settings/keeping")
    page = ada.get("/settings/keeping")
    assert 'value="900"' in page
    assert "save it again" in page
    typed = {"retention_days": "900", "version": version(page)}
    assert ada.send("/settings/keeping", page="/settings/keeping", **typed).status_code == 303
    assert "erased 900 days after" in ada.get("/settings")


def test_a_button_that_proof_was_asked_of_is_told_of_again_once_it_is_given(
    app: Flask, desk: Sit, clock: house_clock.Clock
) -> None:
    people_verbs.add_user("ada@example.com", "Ada", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    seen = version(ada.get("/settings/keeping"))
    ada.send("/settings/keeping", page="/settings/keeping", retention_days="900", version=seen)
    clock.advance(minutes=11)
    ada.send("/settings/keeping/back", page="/settings/keeping")
    assert "do once more" not in ada.get("/settings/keeping")
    ada.send("/me/prove", password=PASSWORD, next="/settings/keeping")
    page = ada.get("/settings/keeping")
    assert "Nothing was changed yet: do once more what you were about to do." in page
    assert 'value="900"' in page, "it was not carried out by a look at the page"
    ada.send("/settings/keeping/back", page="/settings/keeping")
    page = ada.get("/settings/keeping")
    assert "What the environment says holds again" in page
    assert "do once more" not in page


def test_what_was_typed_before_proof_overwrites_no_change_of_somebody_else(
    app: Flask, desk: Sit, clock: house_clock.Clock
) -> None:
    people_verbs.add_user("ada@example.com", "Ada", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    typed = {"retention_days": "900", "version": version(ada.get("/settings/keeping"))}
    clock.advance(minutes=11)
    ada.send("/settings/keeping", page="/settings/keeping", **typed)
    verbs.set_keeping({"link_days": "7"}, actor=people.staff("ada"))
    ada.send("/me/prove", password=PASSWORD, next="/settings/keeping")
    page = ada.get("/settings/keeping", 422)
    assert "Somebody else changed these settings" in page
    assert 'value="900"' in page
