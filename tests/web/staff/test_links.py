"""A link that the owner hands over in a channel of their own."""

import re
from collections.abc import Callable

from flask import Flask

from tests import makers
from tests.web.staff.conftest import Desk

Desks = Callable[[str], Desk]


def test_the_owner_makes_a_link_that_works_and_is_shown_once(app: Flask, desk: Desks) -> None:
    process = makers.start(makers.FORM)
    task = makers.task(process, "details")
    dana, base = desk("dana"), f"/processes/{process}"
    assert "Make a link to hand over" in dana.get(base)
    page = dana.send(f"{base}/tasks/{task.id}/link", page=base)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    found = re.search(r'value="https?://[^"/]+(/t/[^"]{48})"', page.text)
    assert found is not None
    assert app.test_client().get(found[1]).status_code == 200
    assert found[1] not in dana.get(base)


def test_a_task_of_staff_has_no_link_to_hand_over(desk: Desks) -> None:
    process = makers.start("  - {id: look, assign: buyer, task: {}}")
    dana, base = desk("dana"), f"/processes/{process}"
    assert "Make a link to hand over" not in dana.get(base)
    task = makers.task(process, "look")
    assert dana.send(f"{base}/tasks/{task.id}/link", page=base).status_code == 409
