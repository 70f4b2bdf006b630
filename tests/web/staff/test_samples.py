"""What an auditor drew, as the house sees it."""

from collections.abc import Callable

from flask import Flask

from portal.clock import Clock
from portal.models import RoomSample
from tests import makers
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_rooms import come_in, open_room
from tests.web.staff.conftest import Desk


def test_staff_see_how_a_sample_was_drawn(
    app: Flask, desk: Callable[[str], Desk], clock: Clock
) -> None:
    makers.start(makers.FORM)
    makers.start_again()
    room = open_room(clock)
    ada, visitor = desk("ada"), Visitor(app.test_client())
    assert "None was drawn yet." in ada.get(f"/rooms/{room}")
    come_in(visitor, room)
    drawn = visitor.send("/room/samples", "/room", size="1", seed="20261130")
    assert drawn.status_code == 303
    [row] = makers.rows(RoomSample)
    for who in ("ada", "aud"):
        page = desk(who).get(f"/rooms/{room}") if who != "ada" else ada.get(f"/rooms/{room}")
        for shown in ("20261130", "given by the auditor", row.population_sha256, "1 of 2",
                      "portal-sample/v1", "drew a sample of 1 in"):  # fmt: skip
            assert shown in page
    desk("dana").get(f"/rooms/{room}", 403)
