"""Going on without a step and asking for one again, at the desk."""

from collections.abc import Callable

import pytest

from tests import makers
from tests.actions.test_blocks import open_steps
from tests.actions.test_changes import GUARDED, THREE
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]


@pytest.fixture
def process(app: object) -> str:
    process = makers.start(GUARDED)
    makers.fill(process, company="Sea")
    return process


def test_a_safeguard_is_proposed_shown_and_agreed_to(process: str, desk: Desks) -> None:
    dana, ada, place = desk("dana"), desk("ada"), f"/processes/{process}"
    assert "Needs a person" not in dana.get(place)
    sent = dana.send(f"{place}/skip", page=place, step="look@", reason="Seen <before>.")
    assert sent.status_code == 303
    page = ada.get(place)
    assert "proposes to go on without “Look”" in page
    assert "Seen &lt;before&gt;." in page
    assert "Keep the step" in page
    assert "Agree, and go on without it" not in desk("finn").get(place)
    assert dana.send(f"{place}/skip", page=place, step="look@", reason="Yes.").status_code == 409
    assert ada.send(f"{place}/skip", page=place, step="look@", reason="Yes.").status_code == 303
    assert open_steps(process) == ["last"]
    page = ada.get(place)
    assert "Needs a person" not in page
    assert "skipped the step “Look”" in page


def test_a_step_is_asked_again(process: str, desk: Desks) -> None:
    dana, place = desk("dana"), f"/processes/{process}"
    page = dana.get(place)
    assert '<option value="details@">Details</option>' in page
    sent = dana.send(f"{place}/reopen", page=place, step="details@", reason="The name is wrong.")
    assert sent.status_code == 303
    assert open_steps(process) == ["details"]
    assert "Dana Owner asked “Details” again." in dana.get(place)


def test_a_reason_that_is_missing_is_told_and_the_choice_is_kept(app: object, desk: Desks) -> None:
    place = f"/processes/{makers.start(THREE)}"
    answer = desk("dana").send(f"{place}/skip", page=place, step="details@", reason=" ")
    assert answer.status_code == 422
    assert "Say in a sentence why it is skipped." in answer.text
    assert '<option value="details@" selected>' in answer.text


def test_whoever_may_not_is_not_offered_it(process: str, desk: Desks) -> None:
    for who in ("finn", "aud"):
        page = desk(who).get(f"/processes/{process}")
        assert "Go on without a step" not in page
        assert "Ask a step again" not in page
