"""Every list is what a look at each process by itself would leave, whoever looks."""

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.access import seats
from portal.actions import absences, definitions, processes, selections, sights, tasks
from portal.actor import Actor
from portal.clock import Clock
from portal.errors import Conflict, Faulty, NotYours, Unknown
from portal.models import Task, TeamMember, User
from portal.models import sights as rule
from portal.readings import (
    axis,
    batches,
    book,
    catalogue,
    combined,
    desk,
    figures,
    fleets,
    insights,
    lists,
    search,
    timeline,
    trees,
)
from portal.readings import sights as readings
from tests import makers, people

KEYS = ("demo", "hr", "legal")
STEPS = """\
  - {id: look, assign: buyer, due: 3 days, task: {}}
  - {id: team, assign: finance, task: {}}
  - {id: sum, set: {half: 10 / inputs.amount}}
"""
NAMES = ("dana", "finn", "fay", "olga")


def looker(name: str) -> Actor:
    """A member of staff as the next request knows them."""
    with db.reading() as conn:
        found = seats.absent(conn, name, auth="password", ip=None, agent=None)
    assert found is not None
    return found


def publish(key: str) -> None:
    head = makers.HEAD.replace("key: demo", f"key: {key}")
    head = head.replace("name: Vendor}", "name: Vendor, named_later: true}")
    makers.publish(STEPS, head)


def start(key: str, by: str, buyer: str) -> str:
    given = {"buyer": {"email": f"{buyer}@example.com", "name": buyer}}
    return processes.start(
        key, inputs={"amount": "0"}, participants=given, reference=f"{key} {by} {buyer}",
        actor=people.staff(by),
    )  # fmt: skip


@pytest.fixture
def begun() -> list[str]:
    """Two dozen processes of three definitions, some restricted, with grants by chance."""
    rng = random.Random(7)
    for key in KEYS:
        publish(key)
    ids = [
        start(rng.choice(KEYS), rng.choice(NAMES), rng.choice(NAMES)) for _ in range(24)
    ]  # fmt: skip
    for id_ in rng.sample(ids, 8):
        makers.tick(id_, "look")
    for key in ("hr", "legal"):
        sights.restrict(key, actor=people.staff("dana"))
    return ids


def key_of(id_: str) -> str:
    return str(makers.process(id_).key)


def names(actor: Actor, id_: str) -> bool:
    """Whether a process names somebody, looked up in the plainest way."""
    row = makers.process(id_)
    with db.reading() as conn:
        mine = set(actor.user_ids)
        query = sa.select(TeamMember.team_id).where(TeamMember.user_id.in_(mine))
        teams = set(conn.execute(query).scalars())
        people_ = conn.execute(
            sa.text("select user_id, team_id from participants where process_id = :p"), {"p": id_}
        ).all()
        lets = conn.execute(
            sa.text("select user_id, team_id from sight_grants where process_id = :p"), {"p": id_}
        ).all()
    held = {one.holder_id for one in makers.rows(Task, process_id=id_)}
    users = {row.owner_id, row.starter_id, *held, *(one.user_id for one in [*people_, *lets])}
    groups = {row.team_id, *(one.team_id for one in [*people_, *lets])} - {None}
    return bool(mine & users or teams & groups)


def seen(actor: Actor, ids: list[str]) -> set[str]:
    return {id_ for id_ in ids if key_of(id_) not in actor.hidden or names(actor, id_)}


def every(page: Any, **asked: Any) -> list[Any]:
    """All rows of a list, page by page."""
    rows: list[Any] = []
    cursor = None
    while True:
        found = page(cursor=cursor, limit=3, **asked)
        rows += found.items if hasattr(found, "items") else found.lines
        cursor = found.next
        if cursor is None:
            return rows


def told(actor: Actor, ids: list[str]) -> dict[str, set[str]]:
    """Which processes each reading tells of."""
    now = house_clock.now()
    with db.reading() as conn, rule.looking_as(actor):
        window = axis.window("week", None, now, "UTC")
        filters = combined.Filters(state="all")
        return {
            "processes": {r.id for r in every(
                lambda **at: lists.processes(conn, lists.ProcessFilters(), now, **at))},
            "tasks": {r.process_id for r in every(
                lambda **at: lists.tasks(conn, lists.TaskFilters(), now, **at))},
            "exceptions": {r.process_id for r in every(
                lambda **at: lists.troubles(conn, lists.TroubleFilters(), **at))},
            "exceptions desk": {r.process_id for r in desk.troubles(conn)},
            "timeline": {line.process.id for line in every(
                lambda **at: combined.page(conn, filters, window, **at))},
            "events": {e.process for e in timeline.feed(conn, timeline.Filters(), limit=900)},
            "feed": {e.process for e in timeline.newest(conn, timeline.Filters(), limit=900)},
            "search": {f.process.id for f in every(
                lambda **at: search.processes(conn, "example", **at))}
                      | {f.process.id for f in every(
                lambda **at: search.processes(conn, "hr", **at))},
            "named": set(lists.process_ids(conn, lists.ProcessFilters(), now, 900)),
            "by id": {id_ for id_ in ids if combined.process(conn, id_) is not None},
        }  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_every_list_is_what_a_look_at_each_process_would_leave(begun: list[str], seed: int) -> None:
    rng = random.Random(seed)
    dana = people.staff("dana")
    for _ in range(6):
        id_ = rng.choice([one for one in begun if key_of(one) != "demo"])
        sights.grant_process(id_, rng.choice(["olga@example.com", "fay@example.com", "finance"]),
                             actor=dana)  # fmt: skip
    if seed % 2:
        sights.grant("legal", rng.choice(["olga@example.com", "finance"]), actor=dana)
    for name in (*NAMES, "ada", "aud"):
        actor = looker(name)
        wanted = seen(actor, begun)
        found = told(actor, begun)
        everything = told(looker("ada"), begun)
        for what, ids in found.items():
            assert ids == everything[what] & wanted, f"{name}: {what}"


@pytest.fixture
def hired() -> str:
    """A process of a restricted definition, of which Finn’s team has a task and Olga has none."""
    publish("demo")
    sights.restrict("demo", actor=people.staff("dana"))
    return start("demo", "dana", "dana")


def may_see(name: str, id_: str) -> bool:
    with db.reading() as conn:
        return rule.may_see(conn, looker(name), id_)


def test_an_open_definition_hides_nothing_and_asks_nothing_more(hired: str) -> None:
    sights.open_to_all("demo", actor=people.staff("dana"))
    assert looker("olga").hidden == frozenset()
    assert may_see("olga", hired)


def test_it_is_seen_by_whom_it_names_and_by_admins_and_auditors(hired: str) -> None:
    found = {name: may_see(name, hired) for name in people.STAFF}
    assert found == {
        "ada": True, "dana": True, "finn": True, "fay": True, "olga": False, "aud": True,
    }  # fmt: skip


def test_a_grant_on_one_process_stands_in_its_ledger_and_so_does_its_end(hired: str) -> None:
    dana = people.staff("dana")
    for _ in range(2):  # pressed twice, it is one
        sights.grant_process(hired, "olga@example.com", actor=dana)
    assert may_see("olga", hired)
    [given] = makers.events(hired, "sight.granted")
    assert given["data"] == {"to": "olga"}
    [row] = makers.rows(rule.Grant, process_id=hired)
    for _ in range(2):
        sights.withdraw_process(hired, row.id, actor=dana)
    assert not may_see("olga", hired)
    assert len(makers.events(hired, "sight.withdrawn")) == 1


def test_a_grant_on_the_definition_stands_in_the_book(hired: str) -> None:
    dana = people.staff("dana")
    sights.grant("demo", "finance", actor=dana)
    sights.grant("demo", "olga@example.com", actor=dana)
    assert looker("olga").hidden == looker("fay").hidden == frozenset()
    row = next(one for one in makers.rows(rule.Grant, key="demo") if one.user_id == "olga")
    sights.withdraw("demo", row.id, actor=dana)
    assert looker("olga").hidden == {"demo"}
    with db.reading() as conn:
        lines = [one.sentence for one in book.lines(conn).lines]
    assert lines == [
        "Dana Owner withdrew that Olga Other may see the processes of “Demo”.",
        "Dana Owner let Olga Other see the processes of “Demo”.",
        "Dana Owner let finance see the processes of “Demo”.",
        "Dana Owner restricted who may see the processes of “Demo”.",
    ]


def test_only_the_owner_and_admins_say_who_may_see(hired: str) -> None:
    for name in ("finn", "olga", "aud"):
        with pytest.raises(NotYours):
            sights.open_to_all("demo", actor=looker(name))
        with pytest.raises(NotYours):
            sights.grant("demo", "olga@example.com", actor=looker(name))
    with pytest.raises(NotYours):
        sights.grant_process(hired, "olga@example.com", actor=looker("finn"))
    with pytest.raises(Unknown):
        sights.grant_process(hired, "olga@example.com", actor=looker("olga"))
    sights.grant_process(hired, "olga@example.com", actor=people.staff("ada"))


def test_whom_nobody_knows_is_said_at_the_entry(hired: str) -> None:
    for whom in ("nobody@example.com", "no team", ""):
        with pytest.raises(Faulty) as fault:
            sights.grant_process(hired, whom, actor=people.staff("dana"))
        assert [one.at for one in fault.value.faults] == ["whom"]


def test_nobody_is_let_in_where_all_staff_see_it_anyway(hired: str) -> None:
    sights.open_to_all("demo", actor=people.staff("dana"))
    with pytest.raises(Conflict):
        sights.grant_process(hired, "olga@example.com", actor=people.staff("dana"))


def test_nobody_becomes_the_owner_of_a_restricted_definition_by_publishing_it(hired: str) -> None:
    text = f"{makers.HEAD}steps:\n{makers.FORM}\n".replace("dana@", "olga@")
    with pytest.raises(NotYours):
        definitions.publish(text, actor=looker("olga"))
    assert looker("olga").hidden == {"demo"}


def test_leaving_the_team_takes_effect_at_once(hired: str) -> None:
    assert may_see("fay", hired)
    with db.transaction() as tx:
        tx.execute(sa.delete(TeamMember).where(TeamMember.user_id == "fay"))
    assert not may_see("fay", hired)


def test_whoever_took_a_task_up_sees_it_after_leaving_the_team(hired: str) -> None:
    makers.tick(hired, "look")
    tasks.claim(makers.task(hired, "team").id, actor=people.staff("fay"))
    with db.transaction() as tx:
        tx.execute(sa.delete(TeamMember).where(TeamMember.user_id == "fay"))
    assert may_see("fay", hired)


def test_a_role_that_sees_all_is_lost_at_once(hired: str) -> None:
    with db.transaction() as tx:
        tx.execute(sa.update(User).where(User.id == "aud").values(role="member"))
    assert not may_see("aud", hired)


def test_a_deputy_sees_what_they_stand_in_for_while_it_lasts(hired: str, clock: Clock) -> None:
    today = house_clock.now().date()
    absences.set_away("finn", today.isoformat(), today.isoformat(), "olga@example.com",
                      actor=people.staff("finn"))  # fmt: skip
    assert may_see("olga", hired)
    sights.grant("demo", "finn@example.com", actor=people.staff("dana"))
    assert looker("olga").hidden == frozenset()
    clock.advance(days=2)
    assert not may_see("olga", hired)


def test_a_withdrawal_while_paging_ends_the_next_page(begun: list[str]) -> None:
    dana, now = people.staff("dana"), house_clock.now()
    wanted = lists.ProcessFilters(definition="hr")
    sights.grant("hr", "olga@example.com", actor=dana)
    with db.reading() as conn, rule.looking_as(looker("olga")):
        first = lists.processes(conn, wanted, now, limit=1)
    assert first.next is not None
    [row] = makers.rows(rule.Grant, key="hr")
    sights.withdraw("hr", row.id, actor=dana)
    olga = looker("olga")
    with db.reading() as conn, rule.looking_as(olga):
        after = lists.processes(conn, wanted, now, cursor=first.next, limit=50)
    assert {one.id for one in after.items} <= seen(olga, begun)


def test_rows_of_a_batch_that_are_no_longer_mine_to_see_are_gone_from_it(hired: str) -> None:
    dana, olga = people.staff("dana"), people.staff("olga")
    sights.open_to_all("demo", actor=dana)
    batch = selections.plan("cancel", [hired], actor=olga)
    sights.restrict("demo", actor=dana)
    with db.reading() as conn, rule.looking_as(looker("olga")):
        row = batches.batch(conn, batch, "olga")
        assert batches.rows(conn, batch, "faulty") == []
        assert batches.tally(conn, batch).faulty == 0
        assert hired not in batches.as_csv(conn, row, "https://portal.example")
    with pytest.raises(Faulty):  # as for ids that are nothing
        selections.plan("remind", [hired], actor=looker("olga"))


def test_figures_insights_and_moves_count_only_what_may_be_seen(begun: list[str]) -> None:
    olga = looker("olga")
    mine = seen(olga, [id_ for id_ in begun if key_of(id_) == "hr"])
    with db.reading() as conn:
        tree = trees.of_source(catalogue.definition(conn, "hr", None).source)
        now = house_clock.now()
        with rule.looking_as(olga):
            told_of = figures.since(conn, "hr", now - timedelta(days=9), now, tree)
            assert told_of.started == len(mine) < len([x for x in begun if key_of(x) == "hr"])
            assert fleets.count_elsewhere(conn, "hr", 99) == len(mine)
            page = insights.of(conn, insights.period(now, 4))
            assert not {one.key for one in page.definitions} & olga.hidden


def test_the_page_says_who_sees_a_process_and_why(hired: str) -> None:
    sights.grant_process(hired, "olga@example.com", actor=people.staff("dana"))
    with db.reading() as conn:
        seers = readings.of_process(conn, makers.process(hired))
    assert [(one.called, one.why) for one in seers] == [
        ("Dana Owner", "answers for it"), ("team finance", "plays finance"),
        ("Olga Other", "was let in"),
    ]  # fmt: skip
    assert readings.sentence(seers) == "Dana Owner, team finance and Olga Other"
