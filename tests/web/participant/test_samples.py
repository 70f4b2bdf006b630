"""Samples in an auditor's room: anybody draws the same again from the list and the seed."""

import hashlib
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import db
from portal.actions import erasures, processes, samples
from portal.clock import Clock
from portal.errors import Conflict
from portal.models import Process, RoomSample, populations
from tasks import relay
from tests import makers, people
from tests.web.participant.conftest import Visitor, hidden_in
from tests.web.participant.test_rooms import ADA, come_in, open_room, told


@pytest.fixture
def five(app: Flask) -> list[str]:
    return [makers.start(makers.FORM), *(makers.start_again() for _n in range(4))]


def draw(visitor: Visitor, size: str, seed: str = "") -> str:
    drawn = visitor.send("/room/samples", "/room", size=size, seed=seed)
    assert drawn.status_code == 303, drawn.text
    return str(drawn.location)


def by_hand(listed: str, seed: str, size: int) -> list[str]:
    """As the page says it, in nothing but the standard library."""
    ids = [line.split("\t")[1] for line in listed.splitlines()[1:]]
    told = {id_: f"portal-sample/v1\n{seed}\n{id_}".encode() for id_ in ids}
    return sorted(ids, key=lambda one: hashlib.sha256(told[one]).hexdigest())[:size]


def ids_of(text: str) -> list[str]:
    return [line.split("\t")[1] for line in text.splitlines()[3:]]


def test_the_ranks_of_a_seed_are_the_same_for_ever() -> None:
    rank = hashlib.sha256(b"portal-sample/v1\n20261130\n0190").hexdigest()
    assert populations.rank("20261130", "0190") == rank
    assert rank == "8a52449da322d00409dd47c46a89e81a76697217a056ae99b531d87728dbea10"


def test_a_sample_can_be_drawn_again_from_the_saved_list(
    visitor: Visitor, five: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    listed = visitor.get("/room/population.txt")
    where = draw(visitor, "3", "0042")
    page, text = visitor.get(where), visitor.get(f"{where}/sample.txt")
    assert ids_of(text) == by_hand(listed, "0042", 3)
    assert text.splitlines()[1] == "seed\t0042"
    digest = hashlib.sha256(listed.encode()).hexdigest()
    assert digest in page
    assert digest in text
    places = [page.index(f"/room/{id_}") for id_ in ids_of(text)]
    assert places == sorted(places)
    assert "given by the auditor" in page
    assert where in visitor.get("/room")
    assert any("drew a sample of 3 in the auditor’s room" in one for one in told(room))


def test_without_a_seed_the_portal_makes_one_and_shows_it(
    visitor: Visitor, five: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock))
    listed = visitor.get("/room/population.txt")
    first, second = draw(visitor, "2"), draw(visitor, "2")
    one, other = makers.rows(RoomSample)
    assert first != second
    assert one.seed != other.seed
    for row in (one, other):
        page = visitor.get(f"/room/samples/{row.id}")
        assert row.seed in page
        assert "made by the portal" in page
        assert list(row.process_ids) == by_hand(listed, row.seed, 2)


def test_the_same_press_twice_is_one_sample_and_one_line(
    visitor: Visitor, five: list[str], clock: Clock
) -> None:
    room = open_room(clock)
    come_in(visitor, room)
    form = {**hidden_in(visitor.get("/room")), "size": "2", "seed": ""}
    assert len({visitor.post("/room/samples", form).location for _n in range(2)}) == 1
    cookie = visitor.client.get_cookie("portal_room")
    assert cookie is not None
    typed, who = {"size": "3", "seed": "7"}, {"ip": None, "agent": None}
    at_once = [
        threading.Thread(target=samples.draw, args=(cookie.value, typed, "1"), kwargs=who)
        for _n in range(4)
    ]
    for one in at_once:
        one.start()
    for one in at_once:
        one.join()
    assert len(makers.rows(RoomSample)) == 2
    assert sum("drew a sample" in one for one in told(room)) == 2
    # The list has grown, so the same seed draws from another one.
    makers.start_again()
    draw(visitor, "3", "7")
    assert len(makers.rows(RoomSample)) == 3


@pytest.mark.parametrize(
    ("size", "seed", "sentence"),
    [
        ("", "", "Enter a number from 1 to 2000."),
        ("0", "", "Enter a number from 1 to 2000."),
        ("2001", "", "Enter a number from 1 to 2000."),
        ("²", "", "Enter a number from 1 to 2000."),
        ("6", "", "Processes in scope: 5."),
        ("2", "x'); --", "Use up to 32 digits."),
        ("2", "1" * 33, "Use up to 32 digits."),
        ("2", "٣", "Use up to 32 digits."),
    ],
)
def test_bad_input_is_refused_at_its_place_and_kept(
    visitor: Visitor, five: list[str], clock: Clock, size: str, seed: str, sentence: str
) -> None:
    come_in(visitor, open_room(clock))
    refused = visitor.send("/room/samples", "/room", size=size, seed=seed)
    assert refused.status_code == 422
    assert refused.text.count(sentence) == 2
    assert f'name="size" type="text" value="{size}"' in refused.text
    assert not makers.rows(RoomSample)


def test_what_was_erased_and_what_left_the_scope_are_shown_as_such(
    visitor: Visitor, five: list[str], clock: Clock
) -> None:
    come_in(visitor, open_room(clock, ("demo",), ("running", "cancelled")))
    where = draw(visitor, "5", "1")
    before = visitor.get(f"{where}/sample.txt")
    processes.cancel(five[0], "No longer needed.", actor=people.staff("dana"))
    erasures.of_process(five[0], basis="request", reference="", confirmed="erase", actor=ADA)
    while relay.carry_out_here([one for one in relay.ROUTES if "erase" in one.kinds[0]]):
        pass
    assert visitor.get(where).count("were erased, in whole or in part") == 1
    with db.transaction() as tx:
        tx.execute(sa.update(Process).filter_by(id=five[1]).values(state="completed"))
    page = visitor.get(where)
    assert page.count("No longer in scope") == 1
    assert f'href="/room/{five[1]}"' not in page
    assert visitor.client.get(f"/room/{five[1]}").status_code == 404
    assert visitor.get(f"{where}/sample.txt") == before


def test_a_sample_is_of_its_room_alone_and_ends_with_it(
    visitors: Callable[[], Visitor], five: list[str], clock: Clock
) -> None:
    one, other, stranger = visitors(), visitors(), visitors()
    come_in(one, open_room(clock))
    come_in(other, open_room(clock))
    where = draw(one, "2", "1")
    for path in (where, f"{where}/sample.txt", "/room/samples/nonsense"):
        assert other.client.get(path).status_code == 404
        assert stranger.client.get(path).status_code == 403
    assert stranger.client.post("/room/samples", data={"size": "2"}).status_code == 403
    clock.advance(hours=25)
    assert one.client.get(where).status_code == 403


def test_after_a_hundred_samples_no_more_are_drawn(
    visitor: Visitor, five: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MOST_OF_ROOM", 2)
    come_in(visitor, open_room(clock))
    where = draw(visitor, "1", "1")
    draw(visitor, "1", "2")
    assert visitor.send("/room/samples", "/room", size="1", seed="3").status_code == Conflict.status
    assert draw(visitor, "1", "1") == where
