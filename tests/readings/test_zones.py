"""Pages reckon days where the engine does: in the definition's zone, else the installation's."""

from collections.abc import Iterator

import pytest

from portal import db, installation
from portal.clock import Clock
from portal.readings import asked, dossier, links, mine
from tests import makers, people

STEPS = """\
  - id: note
    set: {day: today}
  - id: ask
    name: "On {{ today }}"
    assign: vendor
    instructions: "Today is {{ today }}."
    form: {fields: [{id: company, type: text, label: Company}]}
"""
CALENDAR = "calendar: {timezone: America/Sao_Paulo}\n"


@pytest.fixture(autouse=True)
def tokyo(database: db.Database, clock: Clock) -> Iterator[None]:
    """An installation in Tokyo, where it is Tuesday already."""
    people.settle()
    clock.advance(hours=11)
    before = installation.current
    installation.configure(timezone="Asia/Tokyo", link_days=30)
    yield
    installation.current = before


@pytest.mark.parametrize(
    ("calendar", "day"), [("", "24 Nov 2026"), (CALENDAR, "23 Nov 2026")], ids=["house", "own"]
)
def test_today_is_the_same_day_on_every_page(calendar: str, day: str) -> None:
    process = makers.start(STEPS, head=calendar + makers.HEAD)
    task = makers.task(process, "ask")
    assert task.name == f"On {day}"
    with db.reading() as conn:
        assert asked.of_task(conn, task.id).instructions == f"Today is {day}."
    makers.fill(process, "ask", company="Sea")
    with db.reading() as conn:
        told = dossier.of_process(conn, process)
    assert [one.name for one in told.answers] == [f"On {day}"]
    assert told.values == [("Day", day)]


def test_a_list_tells_moments_in_the_definitions_zone() -> None:
    process = makers.start(STEPS, head=CALENDAR + makers.HEAD)
    [link] = makers.rows(links.Link, process_id=process)
    with db.reading() as conn:
        assert [one.tz for one in mine.behind(conn, [link.id])] == ["America/Sao_Paulo"]
        assert [one.tz for one in links.processes(conn, [link.id])] == ["America/Sao_Paulo"]
