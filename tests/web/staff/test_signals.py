"""Staff tell a process what happened outside, as a program does by the API."""

from collections.abc import Callable

from tests import makers
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]
WAITS = """\
  - {id: paid, wait: {signal: money_in}}
  - {id: after, assign: vendor, task: {}}"""


def test_a_signal_given_by_hand_moves_the_process_on(desk: Desks) -> None:
    process = makers.start(WAITS)
    dana, base = desk("dana"), f"/processes/{process}"
    assert "Tell it of “money in”" in dana.get(base)
    answer = dana.send(f"{base}/signals/money_in", page=base, data='{"sum": "12.50"}')
    assert answer.status_code == 303
    page = dana.get(base)
    assert "The process goes on with it." in page
    assert "After" in page
    [event] = makers.events(process, "signal.received")
    assert event["actor"]["via"] == "page"


def test_what_nobody_waits_for_yet_is_kept(desk: Desks) -> None:
    later = f"  - {{id: first, assign: vendor, task: {{}}}}\n{WAITS}"
    process = makers.start(later)
    dana, base = desk("dana"), f"/processes/{process}"
    dana.send(f"{base}/signals/money_in", page=base, data="It came today.")
    assert "It is kept for the step that will wait for it." in dana.get(base)
    makers.tick(process, "first")
    assert makers.task(process, "after")


def test_half_a_json_comes_back_as_it_was_typed(desk: Desks) -> None:
    process = makers.start(WAITS)
    dana, base = desk("dana"), f"/processes/{process}"
    answer = dana.send(f"{base}/signals/money_in", page=base, data='{"sum": ')
    assert answer.status_code == 422
    assert "This is no whole JSON" in answer.text
    assert "{&#34;sum&#34;:" in answer.text
    assert makers.events(process, "signal.received") == []


def test_auditors_see_no_such_button(desk: Desks) -> None:
    process = makers.start(WAITS)
    assert "Tell it of" not in desk("aud").get(f"/processes/{process}")
