"""What people sent, and audit trails, as an outside auditor has them in a room."""

import io
import re
from collections.abc import Callable

import pypdfium2
import pytest
import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.actions import rooms
from portal.clock import Clock
from portal.models import FileRow, Preference, Trail
from portal.readings import book
from tasks import job, relay
from tests import documents, makers
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_rooms import ADA, come_in, open_room
from tests.web.participant.test_tasks import PAPERS, begin, file
from tests.web.participant.test_viewing import looks, painted

Visitors = Callable[[], Visitor]


@pytest.fixture
def sent(app: Flask, visitors: Visitors) -> tuple[str, str]:
    """A process with a file of two pages: the ids of both."""
    job.open_house(app.config["SETTINGS"])
    vera = visitors()
    process, place = begin(vera, PAPERS, "papers")
    vera.send(place, licence=file(documents.pdf(2)))
    [row] = makers.rows(FileRow)
    return process, str(row.id)


def read(process: str) -> list[str]:
    with db.reading() as conn:
        return [one.sentence for one in book.lines(conn, process=process, topic="reads").lines]


def test_a_file_is_looked_at_page_by_page_and_each_look_is_in_the_book(
    app: Flask, visitor: Visitor, sent: tuple[str, str], clock: Clock
) -> None:
    process, id_ = sent
    room = open_room(clock, files="yes")
    come_in(visitor, room)
    at = f"/room/{process}/files/{id_}"
    assert f'href="{at}/view"' in visitor.get(f"/room/{process}")
    assert "is being prepared to be shown here" in visitor.get(f"{at}/view")
    painted(app)
    page = visitor.get(f"{at}/view")
    assert 'alt="Page 2 of 2 of licence.pdf"' in page
    assert re.search(rf'<img src="{at}/pages/1"', page)
    for path in (f"{at}/pages/2", f"{at}/pages/2?full"):
        picture = visitor.client.get(path)
        assert (picture.status_code, picture.data[8:12]) == (200, b"WEBP")
        assert picture.headers["Cache-Control"] == "no-store"
    visitor.get(f"{at}/pages/3", 404)
    told = [one for one in read(process) if "looked into a file" in one]
    assert sum(", page 2, as an auditor from outside" in one for one in told) == 1
    assert len(told) == 3
    assert looks() == []  # those are of people who have a part in the process
    clock.advance(hours=1)
    visitor.client.get(f"{at}/pages/2")
    assert sum(", page 2," in one for one in read(process)) == 2
    rooms.revoke(room, actor=ADA)
    visitor.get(f"{at}/view", 403)
    visitor.get(f"{at}/pages/1", 403)


def test_without_a_grant_of_files_there_is_nothing_to_look_at(
    app: Flask, visitors: Visitors, sent: tuple[str, str], clock: Clock
) -> None:
    process, id_ = sent
    other = makers.start_again()
    painted(app)
    one, narrow = visitors(), visitors()
    come_in(one, open_room(clock))
    come_in(narrow, open_room(clock, files="yes", processes=other))
    for visitor in (one, narrow):
        for rest in ("", "/view", "/pages/1"):
            visitor.get(f"/room/{process}/files/{id_}{rest}", 404)
    narrow.get(f"/room/{other}/files/{id_}/view", 404)
    assert "/view" not in one.get(f"/room/{process}")
    assert not any("file" in line for line in read(process))


def test_an_auditor_reads_in_a_language_and_a_time_zone_of_their_own(
    visitors: Visitors, sent: tuple[str, str], clock: Clock
) -> None:
    process, _file = sent
    visitor, house = visitors(), visitors()
    room = open_room(clock)
    come_in(visitor, room)
    come_in(house, open_room(clock, email="otto@audit.example"))
    chosen = visitor.send("/room/reading", "/room", language="de", timezone="America/St_Johns")
    assert chosen.status_code == 303
    with db.reading() as conn:
        kept = conn.execute(sa.select(Preference.language, Preference.timezone)).all()
    assert kept == [("de", "America/St_Johns")]
    page = visitor.get("/room?said=reading")
    assert '<html lang="de"' in page
    assert "Gespeichert." in page
    assert "(St Johns)" in page or "(St. John’s)" in page
    assert "St_Johns" not in visitor.get(f"/room/{process}")
    for make in ({"language": "de", "paper": "Letter"}, {"language": "en", "paper": "A4"}):
        assert visitor.send(f"/room/{process}/trail", f"/room/{process}", **make).status_code == 303
    assert (
        house.send(f"/room/{process}/trail", f"/room/{process}", language="en").status_code == 303
    )
    while relay.carry_out_here([one for one in relay.ROUTES if "trail.build" in one.kinds]):
        pass
    assert len({(row.language, row.paper, row.zone) for row in makers.rows(Trail)}) == 3
    shown = visitor.get(f"/room/{process}")
    assert shown.count("trail.pdf?language=") == 2
    assert "Deutsch, Letter" in shown
    fetched = visitor.client.get(f"/room/{process}/trail.pdf?language=de&paper=Letter")
    width, text = first_page(fetched.data)
    assert round(width) == 612  # Letter, in points
    assert "St" in text
    assert "(UTC)" not in text
    assert house.get(f"/room/{process}").count("trail.pdf?language=") == 1
    assert "(UTC)" in first_page(house.client.get(f"/room/{process}/trail.pdf").data)[1]
    unknown = visitor.send(f"/room/{process}/trail", f"/room/{process}", language="xx")
    assert unknown.status_code == 422


def first_page(data: bytes) -> tuple[float, str]:
    """The width of a PDF's first page, and what stands on it."""
    with pypdfium2.PdfDocument(io.BytesIO(data)) as document:
        page = document[0]
        return page.get_width(), page.get_textpage().get_text_range()
