"""Finding processes by words: what is found, in which order, and what is found no more."""

import random

import pytest
import sqlalchemy as sa

from portal import clock as house_clock
from portal import db
from portal.actions import processes, tasks, upkeep
from portal.cli import doctor
from portal.ledger import record
from portal.models import SearchDocument, Task
from portal.models.searching import ddl_anew, folded
from portal.readings import lists, search
from tests import makers, people

STEPS = """\
  - id: details
    assign: vendor
    form: {fields: [{id: company, type: text, label: Company}]}
  - {id: papers, assign: vendor, upload: {documents: [{id: licence, name: Licence}]}}
  - {id: review, assign: buyer, approval: {question: Fine?, on_changes: {return_to: details}}}
"""
ITEMS = """\
  - id: shops
    each:
      in: "['Oslo', 'Bergen']"
      as: shop
      steps: [{id: look, assign: buyer, name: "See {{ shop }}", task: {}}]
"""
HEAD = makers.HEAD + 'title: "Deal {{ inputs.amount }}"\n'


@pytest.fixture(autouse=True)
def cast(database: db.Database, clock: house_clock.Clock) -> None:
    people.settle()


def found(q: str) -> list[str]:
    with db.reading() as conn:
        return [one.process.id for one in search.processes(conn, q).items]


def listed(q: str) -> list[str]:
    with db.reading() as conn:
        page = lists.processes(conn, lists.ProcessFilters(q=q), house_clock.now())
    return [row.id for row in page.items]


def documents() -> list[tuple[object, ...]]:
    table = SearchDocument.__table__
    query = sa.select(table.c.process_id, table.c.part, table.c.told)
    query = query.order_by(table.c.process_id, table.c.part)
    with db.reading() as conn:
        found = conn.execute(query).all()
    return [(id_, part, {k: v for k, v in told.items() if v}) for id_, part, told in found]


def mended() -> int:
    """Everything compared with the ledgers; how much of it was not as they tell."""
    after, total = "", 0
    while after is not None:
        after, some = upkeep.refresh_search(after)
        total += some
    return total


def test_a_process_is_found_by_whatever_it_holds() -> None:
    one = makers.start(STEPS, head=HEAD, inputs={"amount": 17}, reference="PO-2026/44")
    makers.fill(one, company="Größe & Søn A/S, São Paulo")
    makers.send(one, "papers", makers.arrived("licence"))
    makers.decide(one, "request_changes", comment="The stamp is missing.")
    processes.comment(one, "Called them twice.", actor=people.staff("dana"))
    other = makers.start_again(people.OTTO)
    for q in ("deal 17", "po-2026/44", "PO 2026", "vera", "VERA@vendor.example", "grosse", "Größe",
              "sao paulo", "licence.pdf", "stamp missing", "called twice", "called deal",
              "vera gros", '"grosse" & (*:', "*søn*", "son", "a/s"):  # fmt: skip
        assert found(q) == listed(q) == [one], q
    assert found("demo") == []  # a definition's key is no word of a process
    assert found("otto") == [other]
    for q in ("ra vendor", "gr", "!!!", "", "\x00", "%", "_", "'", "otto grosse"):
        assert found(q) == [], q
    # What was sent again takes the place of what was sent before.
    makers.fill(one, company="Fjord")
    assert (found("grosse"), found("fjord")) == ([], [one])
    assert mended() == 0


def test_items_and_remarks_are_found_and_the_process_is_told_once() -> None:
    one = makers.start(ITEMS, head=HEAD, inputs={"amount": 3})
    first, second = makers.rows(Task, process_id=one)
    for task, note in ((first, "The door is blue."), (second, "The door is red.")):
        tasks.tick(task.id, note, nonce=db.new_id(), actor=makers.actor_of(task))
    assert found("blue") == found("red") == found("door") == found("deal red") == [one]
    assert found("blue red") == []  # words that stand together in one item
    newer = makers.start_again()
    with db.reading() as conn:
        page = search.processes(conn, "dea", limit=1)
        assert [[row.process.id for row in page.items], page.next is None] == [[newer], False]
        rest = search.processes(conn, "dea", cursor=page.next, limit=1)
        assert ([row.process.id for row in rest.items], rest.next) == ([one], None)
    assert mended() == 0


def test_what_was_erased_or_never_indexed_is_set_right_from_the_ledger() -> None:
    one = makers.start(STEPS, head=HEAD, inputs={"amount": 1})
    makers.fill(one, company="Secret")
    before = documents()
    with db.transaction() as tx:
        tx.execute(sa.delete(SearchDocument))
    assert found("secret") == []
    assert [one.told for one in doctor._search()] == ["does not find 1 process yet."]
    assert (mended(), documents(), found("secret")) == (1, before, [one])
    assert list(doctor._search()) == []
    [sent] = makers.events(one, "form.submitted")
    with db.transaction() as tx:
        record.erase(tx, one, sent["seq"], ["answers"])
    assert (mended(), found("secret"), found("deal")) == (1, [], [one])


def test_where_many_match_the_list_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    makers.publish(STEPS, HEAD)
    ids = [makers.start_again() for _ in range(4)]
    few = (found("vera"), listed("vera vendor"))
    monkeypatch.setattr(search, "MOST", 3)
    assert (found("vera"), listed("vera vendor")) == few == (ids[::-1], sorted(ids))


def test_words_are_folded_alike_whatever_stands_between_them() -> None:
    wanted = "grosse sao paulo 42 angstrom il"
    assert " ".join(folded("Größe—São_Paulo (42) ÅNGSTRÖM İl")) == wanted
    assert folded("漢字ab") == ["漢", "字", "ab"]
    assert folded("") == folded("… !?") == []


def test_a_word_of_a_script_younger_than_the_index_is_found() -> None:
    one = makers.start(STEPS, head=HEAD, inputs={"amount": 1})
    makers.fill(one, company="𞤖𞤢𞤤𞤢 𐓏𐓘𐓻")
    assert found("𞤸𞤢𞤤") == found("𐓷𐓘𐓻") == [one]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_index_that_is_made_anew_finds_the_same(database: db.Database) -> None:
    one = makers.start(STEPS, head=HEAD, inputs={"amount": 1})
    with database.engine.begin() as conn:
        for statement in ddl_anew():
            conn.exec_driver_sql(statement)
    assert found("vera vend") == [one]
    makers.fill(one, company="Pier")
    assert found("pier") == [one]
    makers.send(one, "papers", makers.arrived("licence"))
    makers.decide(one, "request_changes")
    makers.fill(one, company="Quay")
    assert (found("pier"), found("quay")) == ([], [one])


def test_what_is_too_much_for_an_index_stops_no_answer() -> None:
    """PostgreSQL takes a megabyte of words for one document; a step may bring more than that."""
    fields = ", ".join(f"{{id: n{n}, type: text, label: N}}" for n in range(240))
    process = makers.start(f"  - {{id: details, assign: vendor, form: {{fields: [{fields}]}}}}\n")
    letters = "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ"
    some = random.Random(5)
    text = [" ".join("".join(some.choices(letters, k=39)) for _ in range(50)) for _ in range(240)]
    makers.fill(process, **{f"n{n}": one for n, one in enumerate(text)})
    with db.reading() as conn:
        [found] = search.processes(conn, text[0].split()[0]).items
    assert found.process.id == process
