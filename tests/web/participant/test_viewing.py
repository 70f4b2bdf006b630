"""Files looked at on the page: by whom, as what, until when; and each look is noted."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.delivery.renditions import Shelf
from portal.delivery.storage import Store
from portal.models import FileRow, Look, Trouble
from portal.readings import words
from portal.readings.trail import Evidence
from tests import documents, makers, people
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_signatures import SEAL, SIGNED, send
from tests.web.participant.test_tasks import PAPERS, REVIEW, begin, file

LOOSE = PAPERS.replace("accept: [png, jpg], required: false, max: 2", "required: false, max: 5")


def painted(app: Flask) -> None:
    """What the night shift makes of the files that are here."""
    settings = app.config["SETTINGS"]
    shelf = Shelf(Store(settings.storage_dir), settings.secret_keys)
    for row in makers.rows(FileRow):
        shelf.build(row.storage_id, row.media_type, row.sha256)


def looks() -> list[tuple[str, int, bool]]:
    """How, which page, and whether by somebody outside."""
    found = sorted(makers.rows(Look), key=lambda row: row.id)
    return [(row.how, row.page, row.participant_id is not None) for row in found]


def row_of(name: str) -> Any:
    return next(row for row in makers.rows(FileRow) if row.name == name)


def test_u09_what_one_sent_can_be_looked_at_by_oneself_alone(
    app: Flask, visitors: Callable[[], Visitor]
) -> None:
    vera, otto = visitors(), visitors()
    _, place = begin(vera, PAPERS, "papers")
    theirs = otto.enter(makers.task(makers.start_again(people.OTTO), "papers"))
    vera.send(place, licence=file(documents.pdf(2)))
    [row] = makers.rows(FileRow)
    at = f"{place}/files/{row.id}"
    assert f'href="{at}/view"' in vera.get(f"{place}/receipt")
    waiting = vera.get(f"{at}/view")
    assert "This file is being prepared to be shown here." in waiting
    assert f'href="{at}/view">Look again</a>' in waiting
    assert "is being prepared" in vera.get(f"{at}/pages/1", 409)
    assert looks() == []
    painted(app)
    page = vera.get(f"{at}/view")
    assert 'alt="Page 2 of 2 of licence.pdf"' in page
    assert re.search(
        rf'<img src="{at}/pages/1" [^>]* width="960" height="\d+" loading="lazy"', page
    )
    picture = vera.client.get(f"{at}/pages/2")
    told = picture.headers
    assert (picture.status_code, told["Content-Type"]) == (200, "image/webp")
    assert told["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Cache-Control"] == "no-store"
    assert picture.data[8:12] == b"WEBP"
    for _ in range(2):  # the same page again is the same look; each saving is one of its own
        vera.client.get(f"{at}/pages/2?full")
        vera.client.get(at)
    assert looks() == [("page", 2, True), ("saved", 0, True), ("saved", 0, True)]
    vera.client.head(f"{at}/pages/1")
    assert len(looks()) == 3
    vera.get(f"{at}/pages/3", 404)
    for path in (f"{theirs}/files/{row.id}", at):
        otto.get(f"{path}/view", 404)
        otto.get(f"{path}/pages/1", 404)
    assert len(looks()) == 3


def test_text_is_shown_as_text_and_what_cannot_be_shown_says_so(
    app: Flask, visitor: Visitor
) -> None:
    _, place = begin(visitor, LOOSE, "papers")
    odd = [
        (io.BytesIO(b"Hello <script>alert(1)</script>\n" * 7000), "page.txt"),
        (io.BytesIO(documents.pdf(password="x")), "locked.pdf"),
        (io.BytesIO(b'{"a": 1}'), "data.json"),
    ]
    answer = visitor.send(place, photos=odd)  # the licence is missing: they stay here
    assert answer.status_code == 422
    painted(app)
    page = visitor.get(place)
    text, locked, data = (row_of(one[1]) for one in odd)
    assert page.count(">Look at it<") == 2
    assert f"{data.id}/view" not in page
    shown = visitor.get(f"{place}/files/{text.id}/view")
    assert "Hello &lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown
    assert "This is the beginning of the file." in shown
    assert "locked with a password" in visitor.get(f"{place}/files/{locked.id}/view")
    visitor.get(f"{place}/files/{locked.id}/pages/1", 409)
    visitor.get(f"{place}/files/{text.id}/pages/1", 409)
    assert "Files of this kind can’t be shown here" in visitor.get(f"{place}/files/{data.id}/view")
    assert looks() == [("text", 0, True)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # thirty pages take long to paint
def test_whoever_decides_sees_the_first_pages_beside_the_question(
    app: Flask, visitors: Callable[[], Visitor]
) -> None:
    vera, otto = visitors(), visitors()
    process, place = begin(vera, f"{PAPERS}\n{REVIEW.replace('details', 'papers')}", "papers")
    vera.send(place, licence=file(documents.pdf(30)))
    painted(app)
    at = otto.enter(makers.task(process, "review"))
    page = otto.get(at)
    assert '<details class="seen" open>' in page
    assert page.count("<img src") == 3
    assert page.index('alt="Page 3 of 30 of licence.pdf"') < page.index("Is everything right?")
    assert "Look at all 30 pages" in page
    assert looks() == []  # nothing of it was sent yet
    later = otto.get(f"{at}/files/{makers.rows(FileRow)[0].id}/view?from=26")
    assert later.count("<img src") == 5
    assert 'aria-current="page">Pages 26 to 30</a>' in later


def test_e12_u10_nothing_is_shown_or_signed_once_the_file_was_changed(
    app: Flask, visitor: Visitor
) -> None:
    process, place = begin(visitor, f"{PAPERS}\n{SEAL}", "papers")
    visitor.send(place, licence=file(documents.pdf(2)))
    painted(app)
    at = visitor.enter(makers.task(process, "seal"))
    page = visitor.get(at)
    [row] = makers.rows(FileRow)
    assert 'alt="Page 1 of 2 of licence.pdf"' in page
    assert "made from the very file whose SHA-256 stands here" in page
    path = Store(app.config["SETTINGS"].storage_dir).path(row.storage_id)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "no longer the one that was stored" in visitor.get(f"{at}/files/{row.id}/pages/1", 409)
    visitor.get(f"{at}/files/{row.id}/view", 409)
    again = visitor.get(at)
    assert "no longer the one that was stored" in again
    assert "<img" not in again
    assert send(visitor, at, page, **SIGNED).status_code == 409
    assert [one.kind for one in makers.rows(Trouble)] == ["file"]
    assert looks() == []


def test_a_signature_records_what_of_the_document_was_sent_to_the_signer(
    app: Flask, visitor: Visitor
) -> None:
    process, place = begin(visitor, f"{PAPERS}\n{SEAL}", "papers")
    visitor.send(place, licence=file(documents.pdf(3)))
    painted(app)
    at = visitor.enter(makers.task(process, "seal"))
    [row] = makers.rows(FileRow)
    page = visitor.get(at)
    for number in (1, 2):
        visitor.client.get(f"{at}/files/{row.id}/pages/{number}")
    visitor.client.get(f"{at}/files/{row.id}")
    assert send(visitor, at, page, **SIGNED).status_code == 303
    with db.reading() as conn:
        signed = dict(list(Evidence(conn, process, 10_000, "UTC").answers())[-1].rows)
    settings = app.config["SETTINGS"]
    shelf = Shelf(Store(settings.storage_dir), settings.secret_keys)
    rendition = shelf.find(row.storage_id, row.sha256)
    assert rendition is not None
    digest = words.short_hash(rendition.digest)
    assert signed["Sent to the signer’s browser before: “licence.pdf”"] == (
        f"pictures of pages 1 and 2 (SHA-256 of what was made of it {digest}) and the file itself"
    )
    assert signed["SHA-256 of what was signed"] == words.grouped_hash(row.sha256)


def test_u08_what_the_scanner_holds_back_is_not_shown(app: Flask, visitor: Visitor) -> None:
    _, place = begin(visitor, PAPERS, "papers")
    visitor.send(place, licence=file(documents.pdf()))
    painted(app)
    [row] = makers.rows(FileRow)
    for scan, told in (("being checked", "is being checked"), ("refused", "refused")):
        with db.transaction() as tx:
            tx.execute(sa.update(FileRow).values(scan=scan))
        assert f"{row.id}/view" not in visitor.get(f"{place}/receipt")
        for what in ("view", "pages/1"):
            assert told in visitor.get(f"{place}/files/{row.id}/{what}", 409)
    assert looks() == []
