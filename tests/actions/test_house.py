"""What admins decide for the house: what counts at once, what stays, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal import db, installation
from portal.actions import house as verbs
from portal.clock import Clock
from portal.errors import Faulty, NotYours
from portal.models import HouseRule
from portal.models.house import retention_days
from portal.readings import book, rules
from tests import makers, people

pytestmark = pytest.mark.usefixtures("house")

ADA = people.staff("ada")
IN_THREE = "  - {id: details, assign: vendor, due: 3 business days, task: {instructions: Send it}}"
OWN = "calendar: {hours: Mon-Fri 09:00-17:00, holidays: FR}\n"


def due(process: str) -> datetime:
    return makers.task(process, "details").due_at  # type: ignore[no-any-return]


def lines() -> list[str]:
    with db.reading() as conn:
        return [one.sentence for one in book.lines(conn, topic="settings").lines]


def test_new_hours_count_for_what_is_timed_from_then_on_and_move_nothing_that_was_told(
    clock: Clock,
) -> None:
    before = makers.start(IN_THREE)
    told, timers = due(before), makers.rows(makers.Timer, process_id=before)
    assert told == datetime(2026, 11, 26, 9, tzinfo=UTC)
    verbs.set_calendar({"hours": "Mon-Tue 09:00-17:00"}, actor=ADA)
    verbs.set_calendar(
        {"hours": "Mon-Tue 09:00-17:00", "closed_days": "2026-11-30 Inventory"}, actor=ADA
    )
    after = makers.start_again(people.VERA)
    assert due(after) == datetime(2026, 12, 7, 9, tzinfo=UTC)  # Tue 24, not Mon 30, Tue 1, Mon 7
    assert due(before) == told
    still = makers.rows(makers.Timer, process_id=before)
    assert still == timers


def test_a_definition_that_names_its_own_calendar_keeps_to_it() -> None:
    verbs.set_calendar({"hours": "Mon 09:00-17:00", "closed_days": "2026-11-24 Closed"}, actor=ADA)
    process = makers.start(IN_THREE, head=makers.HEAD + OWN)
    assert due(process) == datetime(2026, 11, 26, 9, tzinfo=UTC)


def test_every_change_stands_in_the_book_with_the_old_and_the_new_value() -> None:
    assert verbs.set_keeping({"retention_days": "365"}, actor=ADA) == ["retention_days"]
    assert verbs.set_keeping({"retention_days": "30", "link_days": "7"}, actor=ADA) == [
        "retention_days", "link_days",
    ]  # fmt: skip
    assert verbs.set_keeping({"retention_days": "30", "link_days": "7"}, actor=ADA) == []
    assert verbs.give_back("keeping", actor=ADA) == ["retention_days", "link_days"]
    told = lines()
    assert len(told) == 5
    assert (
        "Ada Admin changed after how many days personal data is erased from “365” to “30”." in told
    )
    usual = "what holds without a setting"
    assert f"Ada Admin changed for how many days links live from “7” to {usual}." in told


def test_the_retention_is_what_was_decided_and_none_where_nobody_did() -> None:
    def kept() -> int | None:
        with db.reading() as conn:
            return retention_days(conn)

    assert kept() is None
    verbs.set_keeping({"retention_days": "90"}, actor=ADA)
    assert kept() == 90
    verbs.set_keeping({"retention_days": ""}, actor=ADA)
    assert kept() is None


def test_another_process_learns_of_it_by_a_single_look() -> None:
    before = installation.current
    verbs.set_calendar({"timezone": "Asia/Tokyo"}, actor=ADA)
    assert installation.current.timezone == "Asia/Tokyo"
    installation.current, installation.version = before, None  # as it is in another process
    rules.follow()
    assert installation.current.timezone == "Asia/Tokyo"
    verbs.give_back("calendar", actor=ADA)
    assert installation.current == before


@pytest.mark.parametrize(
    ("change", "typed", "at"),
    [
        (verbs.set_calendar, {"timezone": "Mars/Olympus"}, "timezone"),
        (verbs.set_calendar, {"hours": "always"}, "hours"),
        (verbs.set_calendar, {"holidays": "XX"}, "holidays"),
        (verbs.set_calendar, {"closed_days": "Christmas"}, "closed_days"),
        (verbs.set_calendar, {"closed_days": "2026-12-31 to 2026-12-24 Back"}, "closed_days"),
        (verbs.set_calendar, {"closed_days": "9999-12-31 The last"}, "closed_days"),
        (verbs.set_calendar, {"closed_days": "2026-01-01 to 2027-12-31 All"}, "closed_days"),
        (verbs.set_keeping, {"retention_days": "0"}, "retention_days"),
        (verbs.set_keeping, {"retention_days": "soon"}, "retention_days"),
        (verbs.set_keeping, {"link_days": "91"}, "link_days"),
        (verbs.set_sender, {"replies": "address"}, "reply_address"),
        (verbs.set_sender, {"reply_address": "a@b.example, c@d.example"}, "reply_address"),
        (verbs.set_sender, {"sender_name": "Sea\x07"}, "sender_name"),
        (verbs.set_sender, {"sender_shows": "nobody"}, "sender_shows"),
    ],
)
def test_what_is_no_setting_is_told_at_its_place_and_changes_nothing(
    change: Any, typed: dict[str, str], at: str
) -> None:
    with pytest.raises(Faulty) as refused:
        change(typed, actor=ADA)
    assert [one.at for one in refused.value.faults] == [at]
    with db.reading() as conn:
        assert rules.all_of(conn) == {}


def test_only_an_admin_decides() -> None:
    for name in ("dana", "aud"):
        with pytest.raises(NotYours):
            verbs.set_keeping({"link_days": "7"}, actor=people.staff(name))


def test_of_two_admins_who_change_the_same_page_the_second_is_told() -> None:
    seen = verbs.Seen(installation.version)
    verbs.set_keeping({"link_days": "7"}, seen=seen, actor=ADA)
    with pytest.raises(Faulty) as refused:
        verbs.set_keeping({"link_days": "9"}, seen=seen, actor=ADA)
    assert [one.at for one in refused.value.faults] == ["version"]
    assert installation.current.link_days == 7


def test_closed_days_are_read_a_line_each_with_their_names() -> None:
    text = "\n2026-12-24 Christmas Eve\n 2026-12-30 to 2026-12-31  Rest \n2026-12-28\n"
    assert verbs.closed_days(text) == [
        ["2026-12-24", "Christmas Eve"], ["2026-12-28", "Closed"],
        ["2026-12-30", "Rest"], ["2026-12-31", "Rest"],
    ]  # fmt: skip
    verbs.set_calendar({"closed_days": text}, actor=ADA)
    assert date(2026, 12, 31) in installation.current.closed


def test_closed_days_that_leave_nobody_at_work_for_a_year_are_refused() -> None:
    mondays = (date(2026, 11, 30) + timedelta(weeks=n) for n in range(60))
    closed = "\n".join(f"{day} Closed" for day in mondays)
    with pytest.raises(Faulty) as refused:
        verbs.set_calendar({"hours": "Mon 09:00-17:00", "closed_days": closed}, actor=ADA)
    assert "more than a year" in str(refused.value)
    verbs.set_calendar({"hours": "Mon-Tue 09:00-17:00", "closed_days": closed}, actor=ADA)
    assert due(makers.start(IN_THREE)) == datetime(2026, 12, 8, 9, tzinfo=UTC)


def test_a_change_that_fails_leaves_what_held() -> None:
    before = installation.current
    with pytest.raises(Faulty):
        verbs.set_brand({"brand_name": "Sea", "brand_colour": "red"}, None, actor=ADA)
    with db.transaction() as tx:
        assert tx.execute(sa.select(HouseRule.name)).all() == []
    assert installation.current == before


def test_a_database_without_tables_has_no_decisions_and_makes_no_ado(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, bound = installation.current, db.current()
    db.bind(db.Database(f"sqlite:///{tmp_path}/empty.sqlite3"))
    try:
        rules.follow()
    finally:
        db.current().close()
        db.bind(bound)
    assert installation.current == before
    assert "rules.unread" not in capsys.readouterr().out
