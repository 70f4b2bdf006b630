"""The sender's own colour and logo, on pages and in mails, without asking anybody else for them."""

import re
from email import message_from_bytes
from pathlib import Path

import pytest
from PIL import Image

from app import create_app
from portal import db
from portal.clock import Clock
from portal.delivery.mime import as_bytes
from portal.readings import letters
from portal.settings import Settings
from tasks import letterhead
from tests import makers, people
from tests.web.participant.conftest import UPLOAD, Visitor

AT = "Sea Trading <desk@sea.example>"


@pytest.fixture
def settings(sqlite: db.Database, clock: Clock, tmp_path: Path) -> Settings:
    Image.new("RGB", (200, 40), "#7a1f4e").save(tmp_path / "logo.png")
    return Settings.load(
        {
            "PORTAL_DATA_DIR": str(tmp_path / "data"),
            "PORTAL_DATABASE_URL": sqlite.url.render_as_string(hide_password=False),
            "PORTAL_BRAND_NAME": "Sea & Sons",
            "PORTAL_BRAND_COLOUR": "#ffd54a",
            "PORTAL_BRAND_LOGO": str(tmp_path / "logo.png"),
        }
    )


def test_a_page_wears_the_brand_and_a_mail_carries_it(settings: Settings) -> None:
    app = create_app(settings)
    people.settle()
    task = makers.task(makers.start(UPLOAD), "papers")
    visitor = Visitor(app.test_client())
    page = visitor.get(visitor.enter(task))
    [style] = re.findall(r'href="(/brand/[^"]+\.css)"', page)
    assert "--accent:#" in visitor.get(style)
    logo = re.search(r'<img class="logo" src="([^"]+)" alt="([^"]*)">', page)
    assert logo is not None
    assert logo[2] == "Sea &amp; Sons"  # a wordmark says the name, and nothing repeats it
    picture = app.test_client().get(logo[1])
    assert (picture.mimetype, picture.data[:4]) == ("image/png", b"\x89PNG")
    assert "default-src 'none'" in picture.headers["Content-Security-Policy"]
    assert app.test_client().get("/brand/0123456789abcdef.css").status_code == 404

    [owed] = makers.owed(task.process_id, "mail.invite")
    with db.reading() as conn:
        [letter] = letters.of(conn, owed.kind, owed.ref, made_at=owed.made_at, tz="UTC")
    sent = letterhead.message(letter, "m1", at=owed.made_at, brand=settings.brand)
    mail = message_from_bytes(as_bytes(sent, AT))
    kinds = [part.get_content_type() for part in mail.walk()]
    assert "multipart/related" in kinds
    html = next(part for part in mail.walk() if part.get_content_type() == "text/html")
    body = html.get_payload(decode=True).decode()
    assert 'src="cid:logo"' in body
    assert settings.brand.palette.accent in body
    assert "https://" not in body.replace("https://portal.example", "")


def test_the_house_without_a_brand_of_its_own_asks_for_nothing_more(
    sqlite: db.Database, clock: Clock, tmp_path: Path
) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    env = {"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_DATABASE_URL": url}
    page = create_app(Settings.load(env)).test_client().get("/fresh").text
    assert "/brand/" not in page
    assert 'class="seal"' in page
