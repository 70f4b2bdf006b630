"""Who may do what: every verb against every kind of caller, one line each."""

from dataclasses import replace
from typing import Any

import pytest

from portal import db
from portal.access import may
from portal.actions import tasks
from portal.actor import Actor, system
from portal.errors import Faulty, LinkRevoked, NotYours, PortalError, Unknown
from portal.models import Link
from tests import makers, people

pytestmark = pytest.mark.usefixtures("house")

TEAM = "  - {id: pay, name: Pay, assign: finance, task: {}}"
DECIDE = "  - {id: review, assign: buyer, approval: {question: Well}}"
OLGA: dict[str, Any] = {"participants": {"buyer": {"email": "olga@example.com"}}}


def program(name: str, role: str | None = None) -> Actor:
    """An API token of one of the staff, or a system token."""
    person = people.staff(name)
    return replace(person, kind="api", id=f"token-{name}", via="api", auth="token",
                   role=role or person.role)  # fmt: skip


CALLERS: dict[str, Actor] = {
    "admin": people.staff("ada"),
    "owner": people.staff("dana"),
    "member": people.staff("finn"),
    "auditor": people.staff("aud"),
    "owner’s token": program("dana"),
    "auditor’s token": program("aud"),
    "system token": program("ada", "system"),
    "outsider": people.guest("nobody", people.VERA),
}
# The expected answer of each caller, in the order above: y may, n is refused.
PROCESS = {
    "see": "yyyyyyyn",
    "start": "yyynynyn",
    "comment": "yyynynyn",
    "signal": "yyynynyn",
    "manage": "yynnynnn",
    "evidence": "yynyyynn",
    "publish": "yyynynnn",
    "people": "ynnnnnnn",
    "erase": "ynnnnnnn",
    "hold": "yynnynnn",
    "lift": "ynnnnnnn",
    "privacy": "yynyyynn",
}


def verdict(ask: Any) -> str:
    try:
        with db.transaction() as tx:
            ask(tx)
    except PortalError as refused:
        return type(refused).__name__
    return "y"


def test_every_verb_has_its_line() -> None:
    assert PROCESS.keys() == may._VERBS.keys() == may._REFUSALS.keys()


@pytest.mark.parametrize("verb", PROCESS)
def test_a01_a_process(verb: str) -> None:
    process = makers.start(makers.FORM)
    for (name, actor), expected in zip(CALLERS.items(), PROCESS[verb], strict=True):
        found = verdict(lambda tx, actor=actor: may.process_for(tx, actor, process, verb))
        refusal = "Unknown" if name == "outsider" else "NotYours"
        assert found == ("y" if expected == "y" else refusal), (verb, name)


@pytest.mark.parametrize("role", ["auditor", "system"])
@pytest.mark.parametrize("verb", ["start", "comment", "signal", "manage", "publish", "hold"])
def test_whoever_owns_and_may_only_read_changes_nothing(verb: str, role: str) -> None:
    process = makers.start(makers.FORM)
    kind = "api" if role == "system" else "staff"
    owner = replace(people.staff("dana"), role=role, kind=kind)
    found = verdict(lambda tx: may.process_for(tx, owner, process, verb))
    # A system starts processes and tells of events, which is what it is there for.
    works = role == "system" and verb in ("start", "comment", "signal")
    assert found == ("y" if works else "NotYours")


def test_the_portal_itself_may_what_it_must() -> None:
    process = makers.start(makers.FORM)
    for verb in PROCESS:
        assert verdict(lambda tx, v=verb: may.process_for(tx, people.CLOCK, process, v)) == "y"


def test_what_is_not_there_is_unknown_to_everybody() -> None:
    for actor in CALLERS.values():
        assert verdict(lambda tx, a=actor: may.process_for(tx, a, "none", "see")) == "Unknown"
        for verb in ("decide", "manage"):
            assert verdict(lambda tx, a=actor, v=verb: may.task_for(tx, a, "none", v)) == "Unknown"


# Doing a task: caller by caller, for each way a task can be assigned.


def done_by(task: Any, verb: str = "decide") -> dict[str, str]:
    return {
        name: verdict(lambda tx, actor=actor: may.task_for(tx, actor, task.id, verb))
        for name, actor in CALLERS.items()
    }


def test_a01_a_task_of_somebody_outside() -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    found = done_by(task)
    assert found.pop("system token") == "y"  # a form may be filled in by a system
    assert found.pop("outsider") == "Unknown"
    assert set(found.values()) == {"NotYours"}
    assert verdict(lambda tx: may.task_for(tx, makers.actor_of(task), task.id, "decide")) == "y"


def test_a01_a_task_of_a_team() -> None:
    found = done_by(makers.task(makers.start(TEAM), "pay"))
    assert (found["member"], found["system token"]) == ("y", "y")
    assert {found[n] for n in ("admin", "owner", "auditor", "owner’s token")} == {"NotYours"}


def test_a01_an_approval_of_a_member() -> None:
    task = makers.task(makers.start(DECIDE, **OLGA), "review")
    found = done_by(task)
    assert found.pop("outsider") == "Unknown"
    assert set(found.values()) == {"NotYours"}  # a system token decides nothing either
    olga, olgas_token = people.staff("olga"), program("olga")
    for actor in (olga, olgas_token):
        assert verdict(lambda tx, a=actor: may.task_for(tx, a, task.id, "decide")) == "y"
    as_system = program("olga", "system")
    assert verdict(lambda tx: may.task_for(tx, as_system, task.id, "decide")) == "NotYours"


def test_a01_managing_a_task() -> None:
    found = done_by(makers.task(makers.start(makers.FORM), "details"), "manage")
    assert {name for name, answer in found.items() if answer == "y"} == {
        "admin",
        "owner",
        "owner’s token",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("admin", "y"),
        ("owner", "y"),
        ("owner’s token", "y"),
        ("member", "NotYours"),
        ("auditor", "NotYours"),
        ("auditor’s token", "NotYours"),
        ("system token", "NotYours"),
    ],
)
def test_in_the_assignees_place_by_owner_and_admin_alone(name: str, expected: str) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    actor = CALLERS[name].acting_on_behalf("She rang us up.")
    assert verdict(lambda tx: may.task_for(tx, actor, task.id, "decide")) == expected


def test_in_the_assignees_place_needs_a_reason() -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    actor = CALLERS["owner"].acting_on_behalf("")
    with db.transaction() as tx, pytest.raises(Faulty) as refused:
        may.task_for(tx, actor, task.id, "decide")
    assert refused.value.faults[0].at == "reason"


def test_a_team_task_somebody_has_taken_is_nobody_elses() -> None:
    task = makers.task(makers.start(TEAM), "pay")
    tasks.claim(task.id, actor=people.staff("finn"))
    with db.transaction() as tx:
        may.task_for(tx, people.staff("finn"), task.id, "decide")
        with pytest.raises(NotYours, match="taken"):
            may.task_for(tx, people.staff("fay"), task.id, "decide")


def test_any_of_several_may_do_it_and_nobody_else() -> None:
    steps = makers.FORM.replace("assign: vendor", "assign: [vendor, buyer]")
    task = makers.task(makers.start(steps, **OLGA), "details")
    with db.transaction() as tx:
        may.task_for(tx, makers.actor_of(task), task.id, "decide")
        may.task_for(tx, people.staff("olga"), task.id, "decide")
        with pytest.raises(NotYours):
            may.task_for(tx, people.staff("finn"), task.id, "decide")


def test_whoever_came_by_a_link_that_died_since_is_refused() -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    [link] = makers.rows(Link, task_id=task.id)
    actor = replace(makers.actor_of(task), link=link.id, link_generation=1)
    with db.transaction() as tx:
        may.task_for(tx, actor, task.id, "decide")
        with pytest.raises(LinkRevoked):
            may.task_for(tx, replace(actor, link_generation=0), task.id, "decide")


def test_a_participant_of_another_process_knows_nothing_of_it() -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    other = makers.actor_of(makers.task(makers.start(makers.FORM), "details"))
    with db.transaction() as tx, pytest.raises(Unknown):
        may.task_for(tx, other, task.id, "decide")


def test_require_without_a_process_is_the_admins() -> None:
    may.require(CALLERS["admin"], "manage")
    may.require(system("clock"), "manage")
    with pytest.raises(NotYours):
        may.require(CALLERS["owner"], "manage")
