"""The exceptions desk: what stands and why, the runbook beside it, who is told when, ways out."""

import re
from collections.abc import Callable

import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import declines, escalations
from portal.models import Task, Trouble
from tests import makers
from tests.web.staff.conftest import Desk

HEAD = makers.HEAD + "runbook: |\n  Call **them**, not <script>us</script>.\n"
STEPS = """
  - {id: ask, name: "Ask <them>", assign: vendor, task: {}}
  - {id: sum, name: Add up, set: {total: inputs.amount + 1}}
"""


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_the_desk_tells_all_of_an_exception_and_lets_it_be_resolved(
    desk: Callable[[str], Desk], clock: house_clock.Clock, statements: list[str]
) -> None:
    dana = desk("dana")
    assert "Nothing is stuck anywhere." in dana.get("/exceptions")
    process = makers.start(STEPS, head=HEAD)
    makers.tick(process, "ask")
    makers.start(STEPS, head=HEAD)
    makers.tick(makers.rows(Task, state="open")[0].process_id, "ask")
    [trouble] = makers.troubles(process)
    statements.clear()
    page = dana.get("/exceptions")
    assert len(statements) <= 8
    shown = text(page)
    assert "2 things need a person before they can go on" in shown
    assert "at “Add up”" in shown
    assert "A condition or a value of the definition could not be worked out." in shown
    # Told at once (Monday), again after a working day, the admins after three more.
    assert "Dana Owner was told when it opened." in shown
    assert "If it is still open, Dana Owner is told again on Tue" in shown
    assert re.search(r"the admins on Fri \d+ ", shown)
    # The runbook is there for each, and open once.
    assert "<strong>them</strong>" in page
    assert "<script>us" not in page
    assert page.count('<details class="runbook" open>') == 1
    for way in ("Go on without this step", "Go back to an earlier step", "Change a value"):
        assert way in shown
    clock.advance(days=2)
    escalations.tell_again()
    # Whoever may not resolve it reads who may.
    shown = text(desk("olga").get("/exceptions"))
    assert "If it is still open, the admins are told on" in shown
    assert "Dana Owner or an admin resolves it." in shown
    clock.advance(days=5)
    escalations.tell_again()
    ada = desk("ada")
    shown = text(ada.get("/exceptions"))
    assert "Dana Owner and the admins have been told. Both are told again on" in shown
    path = f"/processes/{process}/exceptions/{trouble.id}"
    done = ada.send(path, page="/exceptions", how="retry", reason="Again.")
    assert done.status_code == 303
    assert "Again." in ada.get(f"/processes/{process}")


def test_the_desk_tells_of_a_refusal_and_shows_a_kind_that_it_has_never_heard_of(
    desk: Callable[[str], Desk],
) -> None:
    process = makers.start(STEPS, head=HEAD)
    task = makers.task(process, "ask")
    declines.decline(task.id, "I moved on.", actor=makers.actor_of(task))
    dana = desk("dana")
    page = text(dana.get("/exceptions"))
    assert "Whoever was asked will not do it." in page
    assert "I moved on." in page
    assert "Ask them again" in page
    with db.reading() as conn:
        conn.execute(sa.update(Trouble).values(kind="of tomorrow"))
        conn.commit()
    assert "I moved on." in text(dana.get("/exceptions"))
