"""The site tree against a plain recursive RFC 6962, and notes that can be taken apart."""

import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.ledger import chain, tree


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


def grow(size: int) -> tuple[list[bytes], dict[tuple[int, int], bytes]]:
    leaves = [tree.leaf("log", place, "h") for place in range(size)]
    nodes: dict[tuple[int, int], bytes] = {}
    for place, leaf in enumerate(leaves):
        for level, at, digest in tree.grown(place, leaf, lambda *where: nodes[where]):
            nodes[level, at] = digest
    return leaves, nodes


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100])
def test_the_root_is_that_of_rfc_6962(size: int) -> None:
    leaves, nodes = grow(size)
    for part in range(size + 1):
        assert tree.root(part, lambda *where: nodes[where]) == plain_root(leaves[:part])


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 13, 40])
def test_every_leaf_is_provably_in_every_later_tree(size: int) -> None:
    leaves, nodes = grow(size)
    for part in range(1, size + 1):
        root = tree.root(part, lambda *where: nodes[where])
        for place in range(part):
            path = tree.proof(place, part, lambda *where: nodes[where])
            assert tree.proven_root(place, part, leaves[place], path) == root


@given(st.data(), st.integers(2, 40))
def test_no_proof_fits_another_leaf_or_place(data: st.DataObject, size: int) -> None:
    leaves, nodes = grow(size)
    place = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != place))
    root = tree.root(size, lambda *where: nodes[where])
    path = tree.proof(place, size, lambda *where: nodes[where])
    assert tree.proven_root(place, size, leaves[other], path) != root
    with contextlib.suppress(chain.Malformed):
        assert tree.proven_root(other, size, leaves[place], path) != root


@pytest.mark.parametrize(("index", "size", "path"), [(5, 5, 3), (-1, 3, 2), (0, 4, 1), (0, 4, 3)])
def test_a_proof_of_the_wrong_length_is_refused(index: int, size: int, path: int) -> None:
    with pytest.raises(chain.Malformed):
        tree.proven_root(index, size, b"x" * 32, [b"y" * 32] * path)


NOTE = "portal\n3\n" + "A" * 43 + "=\ntime 2026-11-21T05:07:31.123456Z\n\n— portal AAAAAAA=\n"


def test_a_note_is_taken_apart() -> None:
    read = tree.read_note(NOTE)
    assert (read.origin, read.size, read.at) == ("portal", 3, "2026-11-21T05:07:31.123456Z")
    assert read.text.decode() == NOTE.split("\n\n")[0] + "\n"
    assert tree.note_text(read.origin, read.size, read.root, read.at) == read.text


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n\n", "\n"), ("\n3\n", "\n03\n"), ("\n3\n", "\n-3\n"), ("\n3\n", "\n٣\n"), ("— ", "- "),
     ("time ", "tide "), ("=\ntime", "\ntime"), ("AAAAAAA=", "AAAAAA!="), ("portal\n3", "3"),
     ("AAAAAAA=\n", "AAAAAAA="), ("\n3\n", "\n" + "9" * 40 + "\n")],
)  # fmt: skip
def test_a_damaged_note_is_refused(old: str, new: str) -> None:
    with pytest.raises(chain.Malformed):
        tree.read_note(NOTE.replace(old, new, 1))


@given(st.text(max_size=80))
def test_reading_a_note_raises_nothing_else(text: str) -> None:
    for note in (text, NOTE.replace("3", text, 1), NOTE + text):
        with contextlib.suppress(chain.Malformed):
            tree.read_note(note)


def test_every_tree_is_proved_to_go_on_from_every_smaller_one() -> None:
    _, nodes = grow(40)
    for new in range(1, 41):
        for old in range(1, new + 1):
            roots = tree.root(old, lambda *p: nodes[p]), tree.root(new, lambda *p: nodes[p])
            path = tree.consistency(old, new, lambda *p: nodes[p])
            assert tree.extends(old, new, roots, path), (old, new)
            assert not tree.extends(old, new, (b"x" * 32, roots[1]), path)
            assert not tree.extends(old, new, (roots[0], b"x" * 32), path)
            for at in range(len(path)):
                bent = [*path[:at], b"x" * 32, *path[at + 1 :]]
                assert not tree.extends(old, new, roots, bent), (old, new, at)
            assert not tree.extends(old, new, roots, [*path, b"x" * 32])
            assert not path or not tree.extends(old, new, roots, path[:-1])


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 1), (1, 0)])
def test_no_tree_goes_on_from_none_or_a_larger_one(old: int, new: int) -> None:
    assert not tree.extends(old, new, (b"x" * 32, b"x" * 32), [])


@pytest.mark.parametrize(
    "bad",
    [
        NOTE.replace("portal\n3", "\n3"),
        NOTE.replace("A" * 43 + "=", "AAAA"),
        NOTE.replace("\ntime", "\n\ntime"),
    ],
)
def test_a_note_that_c2sp_would_refuse_is_refused(bad: str) -> None:
    with pytest.raises(chain.Malformed):
        tree.read_note(bad)
