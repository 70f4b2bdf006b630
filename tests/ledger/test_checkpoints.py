"""Anchoring on both databases: what is signed, what is exported, and one tree only."""

import json
import threading

import pytest
import sqlalchemy as sa

from portal import db
from portal.actor import Actor
from portal.delivery.seal import Seal
from portal.errors import Unknown
from portal.ledger import catalogue as c
from portal.ledger import checkpoints, ed25519, record, tree
from portal.ledger.findings import SOUND
from portal.ledger.tables import Checkpoint, Entry, Leaf
from portal.ledger.verify import verify
from tests.ledger import stories


def sound(log: str, seal: Seal, upto: int | None = None) -> bool:
    key = ed25519.public_key(str(seal.public_key))
    lines = stories.as_bytes(stories.exported(log, upto))
    return verify(lines, key=key).verdict == SOUND


def publish(seal: Seal, limit: int = 1000) -> int:
    with db.transaction() as tx:
        return checkpoints.publish(tx, seal, limit=limit)


def test_only_news_are_anchored(database: db.Database, vera: Actor, seal: Seal) -> None:
    for log in "abcde":
        stories.tell(log, vera)
    assert [publish(seal, limit=3), publish(seal, limit=3), publish(seal)] == [3, 2, 0]
    assert all(sound(log, seal) for log in "abcde")
    with db.transaction() as tx:
        record.open_chain(tx, "c").add(c.CommentAdded(text="x"), actor=vera)
    assert not sound("c", seal)
    assert publish(seal) == 1
    assert sound("c", seal)


def test_the_tree_in_the_database_is_that_of_its_leaves(
    database: db.Database, vera: Actor, seal: Seal
) -> None:
    for number in range(13):
        stories.tell(f"log{number}", vera)
        if number % 3 == 0:
            publish(seal)
    publish(seal)
    with db.reading() as conn:
        joined = sa.select(Leaf.log, Leaf.seq, Entry.hash).join(
            Entry, sa.and_(Entry.log == Leaf.log, Entry.seq == Leaf.seq)
        )
        hashes = [tree.leaf(*row) for row in conn.execute(joined.order_by(Leaf.place))]
        points = conn.execute(sa.select(Checkpoint.size, Checkpoint.note)).all()
    for size, note in points:
        signed = tree.read_note(note)
        assert signed.root == _root(hashes[:size])
        [(name, key_id, signature)] = signed.signatures
        assert (name, key_id) == (seal.name, seal.public_key.key_id)
        assert ed25519.is_signature(seal.public_key.raw, signed.text, signature)
    assert [size for size, _ in points] == [1, 4, 7, 10, 13]


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return tree.node(_root(leaves[:half]), _root(leaves[half:]))


def test_a_trail_stands_on_the_same_checkpoint_for_good(
    database: db.Database, vera: Actor, seal: Seal
) -> None:
    """An export up to an event gives the same lines, whatever is recorded and anchored later."""
    stories.tell("a", vera)
    stories.anchored("a", seal, 14)
    first = stories.exported("a", 14)
    with db.transaction() as tx:
        record.open_chain(tx, "a").add(c.TrailBuilt(trail="t", upto=14, sha256="0"), actor=vera)
    for log in "bcd":
        stories.tell(log, vera)
        publish(seal)
    stories.anchored("a", seal, 14)
    assert json.dumps(stories.exported("a", 14)) == json.dumps(first)
    assert sound("a", seal, 14)
    assert sound("a", seal)


def test_an_earlier_event_can_be_anchored_later(
    database: db.Database, vera: Actor, seal: Seal
) -> None:
    stories.tell("a", vera)
    publish(seal)
    assert not sound("a", seal, 9)
    stories.anchored("a", seal, 9)
    assert sound("a", seal, 9)
    assert sound("a", seal)


def test_nothing_to_anchor_is_no_checkpoint(database: db.Database, seal: Seal) -> None:
    assert publish(seal) == 0
    with pytest.raises(Unknown):
        stories.anchored("nobody", seal)
    with db.reading() as conn:
        assert list(checkpoints.export(conn, "nobody")) == []
        assert conn.execute(sa.select(Checkpoint.size)).all() == []


def test_e08_two_at_once_sign_one_tree(database: db.Database, vera: Actor, seal: Seal) -> None:
    logs = [f"log{number}" for number in range(40)]
    for log in logs:
        stories.tell(log, vera)
    faults: list[BaseException] = []

    def relay() -> None:
        try:
            while publish(seal, limit=3):
                pass
        except BaseException as fault:
            faults.append(fault)

    relays = [threading.Thread(target=relay) for _ in range(4)]
    for one in relays:
        one.start()
    for one in relays:
        one.join(60)
    publish(seal)
    assert faults == []
    assert all(sound(log, seal) for log in logs)
    with db.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(Leaf)).scalar_one() == 40


@pytest.mark.parametrize("upto", [None, 3])
def test_one_query_reads_a_proof(
    database: db.Database, vera: Actor, seal: Seal, upto: int | None
) -> None:
    for number in range(20):
        stories.tell(f"log{number}", vera)
    publish(seal)
    stories.anchored("log7", seal, 3)
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    with db.reading() as conn:
        assert len(list(checkpoints.export(conn, "log7", upto))) == 1
    assert len(seen) == 3
