"""Moving the running processes of a definition at the desk: looked at, ticked, told of each."""

from collections.abc import Callable

from tests.actions.test_fleets import three_of_them, versions
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
PAGE = "/definitions/demo/move?version=2"


def test_they_are_looked_at_ticked_and_moved(app: object, desk: Desks) -> None:
    ids, dana = three_of_them(), desk("dana")
    assert "2 run on another one" in dana.get("/definitions/demo")
    page = dana.get(PAGE)
    assert "which version 2 does not have" in page
    assert f'name="process" id="p-{ids[1]}"' in page
    assert f'id="p-{ids[0]}"' not in page
    assert "No longer there: “Details”." in page
    assert versions(ids) == [1, 1, 1]
    sent = dana.send("/definitions/demo/move", page=PAGE, version="2", process=ids[1], reason="Law")
    assert sent.status_code == 200
    assert "1 moved to version 2" in sent.text
    assert versions(ids) == [1, 2, 1]
    assert "1 runs on another one" in dana.get("/definitions/demo")


def test_one_that_could_not_be_moved_is_told_with_the_reason(app: object, desk: Desks) -> None:
    ids, dana = three_of_them(), desk("dana")
    sent = dana.send("/definitions/demo/move", page=PAGE, version="2", process=ids[:2], reason="L.")
    assert "1 moved to version 2, 1 stayed" in sent.text
    assert "which version 2 does not have" in sent.text


def test_what_is_missing_is_told_and_nothing_typed_is_lost(app: object, desk: Desks) -> None:
    ids, dana = three_of_them(), desk("dana")
    none = dana.send("/definitions/demo/move", page=PAGE, version="2", reason="New law.")
    assert none.status_code == 422
    assert "Tick at least one process." in none.text
    assert "New law." in none.text
    silent = dana.send("/definitions/demo/move", page=PAGE, version="2", process=ids[1], reason="")
    assert silent.status_code == 422
    assert "Say in a sentence why they are moved." in silent.text
    assert versions(ids) == [1, 1, 1]
