"""The page of one member of staff: what is theirs, and how it goes to another."""

from collections.abc import Callable

from portal.actions import people as verbs
from portal.clock import Clock
from portal.models import User
from tests import makers, people
from tests.web.staff.conftest import Desk
from tests.web.staff.test_account import PASSWORD

LOOK = "  - {id: look, assign: buyer, name: 'Look, <b>“closely”</b>', task: {}}"


def test_closing_an_account_asks_first_who_takes_over(desk: Callable[[str], Desk]) -> None:
    process = makers.start(LOOK)
    ada = desk("ada")
    page = ada.get("/people/dana")
    assert "Look, &lt;b&gt;“closely”" in page
    refused = ada.send("/people/dana/close", page="/people/dana", reason="She left.")
    assert refused.status_code == 422
    assert "Choose who takes over, or leave it to the admins." in refused.text
    assert "She left." in refused.text
    assert makers.rows(User, id="dana")[0].is_active
    told = ada.send(
        "/people/dana/close", page="/people/dana", reason="She left.", to="olga@example.com"
    )
    assert told.status_code == 303
    page = ada.get("/people/dana")
    assert "Handed over: 1 definition and 1 process." in page
    assert "account closed" in page
    assert makers.task(process, "look").holder_id == "olga"
    assert not makers.rows(User, id="dana")[0].is_active
    assert "Handed over on" in ada.get("/definitions/demo")
    assert "who answers for it now." in ada.get(f"/processes/{process}")


def test_it_can_be_left_to_the_admins(desk: Callable[[str], Desk]) -> None:
    process = makers.start(LOOK, participants={"buyer": {"email": "olga@example.com"}})
    ada = desk("ada")
    told = ada.send("/people/olga/close", page="/people/olga", leave="yes")
    assert told.status_code == 303
    assert [one.kind for one in makers.troubles(process)] == ["nobody"]
    assert "Nobody can do" in ada.get("/exceptions")


def test_nobody_who_found_a_screen_open_closes_an_account(
    desk: Callable[[str], Desk], clock: Clock
) -> None:
    process = makers.start(LOOK)
    verbs.add_user("ada@example.com", "Ada", "admin", PASSWORD, actor=people.CLOCK)
    ada = desk("ada")
    clock.advance(minutes=11)
    typed = {"reason": "She left.", "to": "olga@example.com"}
    sent = ada.send("/people/dana/close", page="/people/dana", **typed)
    assert sent.location == "/me/prove?next=/people/dana"
    assert makers.rows(User, id="dana")[0].is_active
    assert makers.task(process, "look").holder_id == "dana", "nor is anything handed over"
    ada.send("/me/prove", password=PASSWORD, next="/people/dana")
    page = ada.get("/people/dana")
    assert "Nothing was changed yet." in page
    assert "She left." in page
    assert '<option value="olga@example.com" selected>' in page
    assert ada.send("/people/dana/close", page="/people/dana", **typed).status_code == 303
    assert not makers.rows(User, id="dana")[0].is_active


def test_members_do_not_see_it(desk: Callable[[str], Desk]) -> None:
    makers.publish(LOOK)
    desk("dana").get("/people/olga", status=403)
    assert "Hand everything over" not in desk("aud").get("/people/dana")
