"""``python -m tests.ledger.vectors``: writes the test vectors that stand beside LEDGER.md.

All is made from fixed inputs, so that the files never change; ``test_vectors.py`` holds the code
to them, and them to the code.
"""

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.ledger import chain, tree
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, SOUND

FOLDER = Path(chain.__file__).with_name("vectors")
LOG, OTHER = (f"0197a1b2-0000-7000-8000-00000000000{n}" for n in (1, 2))
DIGEST = hashlib.sha256(b"a definition").hexdigest()
FILE = b"%PDF-1.4 not really\n"
Lines = list[dict[str, Any]]


class Key:
    """A signing key made of a seed, with its name."""

    def __init__(self, seed: bytes, name: str) -> None:
        self.private, self.seed, self.name = Ed25519PrivateKey.from_private_bytes(seed), seed, name
        self.raw = self.private.public_key().public_bytes_raw()
        self.id = tree.key_id(name, self.raw)
        packed = base64.b64encode(tree.KEY_TYPE + self.raw).decode()
        self.text = f"{name}+{self.id.hex()}+{packed}"

    def line(self, text: str) -> str:
        """The signature line of a note."""
        packed = self.id + self.private.sign(text.encode())
        return f"— {self.name} {base64.b64encode(packed).decode()}\n"


KEY = Key(bytes(range(32)), "portal-ledger/example")
NEXT = Key(bytes(range(32, 64)), "portal-ledger/next")
STRANGER = Key(bytes(range(64, 96)), "portal-ledger/example")


def at(second: int) -> str:
    """A moment of that day."""
    return f"2026-11-21T05:07:{second:02d}.123456Z"


def salt(seq: int, name: str) -> bytes:
    """32 bytes that look like chance."""
    return hashlib.sha256(f"salt of {name} of event {seq}".encode()).digest()


SYSTEM = {"kind": "system", "ref": "engine", "auth": "none", "via": "worker"}
STAFF = {"kind": "staff", "ref": "u1", "auth": "password", "via": "page"}
GUEST = {"kind": "participant", "ref": "p3", "auth": "link", "via": "page", "link": "9f2b11aa"}
_OPENED = {"round": 1, "kind": "upload", "name": "Papers", "assignee": "p3"}
STORY: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("process.started", STAFF, {"definition": "vendor", "version": 1, "digest": DIGEST},
     {"title": "Onboard Müller & Söhne", "actor.name": "Dana"}),
    ("task.opened", SYSTEM, {"task": "t1", "step": "papers", **_OPENED}, {}),
    ("link.entered", GUEST, {"task": "t1", "link": "9f2b11aa"},
     {"actor.name": "Vera \"V\" Vendor", "actor.ip": "192.0.2.7"}),
    ("file.received", GUEST, {"task": "t1", "file": "f1", "document": "w9", "scan": "not scanned"},
     {"sha256": hashlib.sha256(FILE).hexdigest(), "file_name": "w9 (1).pdf", "size": len(FILE)}),
    ("upload.submitted", GUEST, {"task": "t1", "step": "papers", "round": 1, "files": ["f1"]}, {}),
    ("task.opened", SYSTEM, {"task": "t2", "step": "check", **_OPENED, "kind": "approval"}, {}),
    ("approval.approved", STAFF, {"task": "t2", "step": "check", "round": 1},
     {"comment": "Fine — thank you \U0001f600\u2028\t",
      "amount": {"amount": "10.50", "currency": "EUR"}}),
    ("process.completed", SYSTEM, {}, {}),
]  # fmt: skip
ERASED = ("disclosure.erased", STAFF, {"seq": 6, "fields": ["comment"], "basis": "request"}, {})


def events(log: str, story: list[Any]) -> Lines:
    """The event lines of an export that tells a story."""
    prev, lines = chain.genesis(log, DIGEST), []
    for seq, (kind, actor, data, values) in enumerate(story):
        body = chain.canonical({
            "v": 1, "log": log, "seq": seq, "prev": prev, "at": at(10 + seq), "type": kind,
            "actor": actor, "cause": None, "data": data,
            "priv": {name: chain.commit(salt(seq, name), name, it) for name, it in values.items()},
        })  # fmt: skip
        prev = chain.event_hash(body)
        shown = {
            name: {"salt": salt(seq, name).hex(), "value": one} for name, one in values.items()
        }
        lines.append({"seq": seq, "hash": prev, "body": body.decode(), "disclosed": shown})
    return lines


class Site:
    """A site tree that grows, and the notes over it."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.nodes: dict[tuple[int, int], bytes] = {}

    def add(self, log: str, seq: int, head: str) -> int:
        """Its place."""
        place, leaf = len(self.leaves), tree.leaf(log, seq, head)
        for level, position, digest in tree.grown(place, leaf, self.stored):
            self.nodes[level, position] = digest
        self.leaves.append(leaf)
        return place

    def stored(self, level: int, position: int) -> bytes:
        """The hash of a complete subtree."""
        return self.nodes[level, position]

    def note(self, second: int, size: int | None = None, key: Key = KEY) -> str:
        """The signed note over the first leaves."""
        size = size or len(self.leaves)
        text = tree.note_text(KEY.name, size, tree.root(size, self.stored), at(second)).decode()
        return f"{text}\n{key.line(text)}"

    def line(self, place: int, seq: int, second: int, key: Key = KEY) -> dict[str, Any]:
        """The checkpoint line for a leaf."""
        size = len(self.leaves)
        path = [part.hex() for part in tree.proof(place, size, self.stored)]
        told = {"note": self.note(second, key=key), "key": key.text, "seq": seq, "index": place}
        return {"checkpoint": {**told, "proof": path}}


class World:
    """Two processes in a site of eight leaves: what all files are made of."""

    def __init__(self) -> None:
        self.site, self.whole, self.other = Site(), events(LOG, STORY), events(OTHER, STORY)
        for number in range(3):
            self.site.add(f"0197a1b2-0000-7000-8000-0000000000a{number}", number, f"{number:064x}")
        self.note_of_3 = self.site.note(5)
        self.site.add(LOG, 7, self.whole[7]["hash"])
        self.site.add(OTHER, 7, self.other[7]["hash"])
        self.sound = [*self.whole, self.site.line(3, 7, 40)]
        self.note_of_5 = self.site.note(40)
        self.resigned_line = self.site.line(3, 7, 40, STRANGER)
        erased = events(LOG, [*STORY, ERASED])
        del erased[6]["disclosed"]["comment"]
        self.site.add(LOG, 8, erased[8]["hash"])
        self.erased = [*erased, self.site.line(5, 8, 50)]
        self.note_of_6 = self.site.note(50)

    def consistency(self, old: int, new: int, notes: tuple[str, str]) -> dict[str, Any]:
        """A proof as the portal gives it."""
        path = [part.hex() for part in tree.consistency(old, new, self.site.stored)]
        return {"consistency": {"old": notes[0], "new": notes[1], "proof": path}}


def rehash(line: dict[str, Any], old: str, new: str) -> None:
    """Change a body, and the hash beside it."""
    assert old in line["body"]
    line["body"] = line["body"].replace(old, new, 1)
    line["hash"] = chain.event_hash(line["body"].encode())


def _edit(lines: Lines, _: World) -> None:
    lines[6]["body"] = lines[6]["body"].replace("approval.approved", "approval.rejected")


def _delete(lines: Lines, _: World) -> None:
    del lines[3]


def _insert(lines: Lines, _: World) -> None:
    forged = copy.deepcopy(lines[2])
    rehash(forged, '"type":"link.', '"type":"lunk.')
    lines.insert(3, forged)


def _swap(lines: Lines, _: World) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def _duplicate(lines: Lines, _: World) -> None:
    lines.insert(4, copy.deepcopy(lines[4]))


def _splice(lines: Lines, world: World) -> None:
    lines[4] = world.other[4]


def _whitespace(lines: Lines, _: World) -> None:
    rehash(lines[4], ":", ": ")


def _disclosure(lines: Lines, _: World) -> None:
    lines[6]["disclosed"]["comment"]["value"] = "Not fine"


def _retimed(lines: Lines, _: World) -> None:
    rehash(lines[5], at(15), at(11))


def _foreign_key(lines: Lines, world: World) -> None:
    lines[-1] = world.resigned_line


def _resigned(lines: Lines, world: World) -> None:
    """All rewritten from the approval on, in a tree of the forger's own, signed by their key."""
    forged = _rewritten_events(world)
    lines[:] = forged
    site = Site()
    place = site.add(LOG, 7, forged[7]["hash"])
    lines.append(site.line(place, 7, 40, STRANGER))


def _rewritten_events(world: World) -> Lines:
    story = [*STORY[:6], ("approval.rejected", *STORY[6][1:]), STORY[7]]
    return events(LOG, story)


def _rewritten(lines: Lines, world: World) -> None:
    lines[:] = [*_rewritten_events(world), lines[-1]]


def _cut(lines: Lines, _: World) -> None:
    del lines[6:8]


def _withheld(lines: Lines, _: World) -> None:
    del lines[6]["disclosed"]["comment"]


def _added(lines: Lines, _: World) -> None:
    lines[6]["remark"] = "approved by the board"


def _key_twice(lines: Lines, _: World) -> None:
    rehash(lines[4], '"v":1', '"v":1,"v":1')


def _done_twice(lines: Lines, _: World) -> None:
    lines[:] = events(LOG, [*STORY[:5], STORY[4], *STORY[5:]])


def _dead_link(lines: Lines, _: World) -> None:
    revoked = ("link.revoked", STAFF, {"task": "t1"}, {})
    lines[:] = events(LOG, [*STORY[:3], revoked, *STORY[3:]])


BROKEN: dict[str, tuple[Callable[[Lines, World], None], int, list[int]]] = {
    # The eleven kinds of tampering: the file, the verdict with the key, the checks that find it.
    "edit": (_edit, ALTERED, [2]),
    "delete": (_delete, ALTERED, [3, 4, 8]),
    "insert": (_insert, ALTERED, [3, 4]),
    "swap": (_swap, ALTERED, [3, 4]),
    "duplicate": (_duplicate, ALTERED, [3, 4]),
    "splice": (_splice, ALTERED, [3, 4]),
    "whitespace": (_whitespace, ALTERED, [1]),
    "disclosure": (_disclosure, ALTERED, [6]),
    "retimed": (_retimed, ALTERED, [5]),
    "foreign-key": (_foreign_key, OTHER_KEY, [9]),
    "resigned": (_resigned, OTHER_KEY, [9]),
    # And what else there is.
    "rewritten": (_rewritten, ALTERED, [8]),
    "cut": (_cut, INCOMPLETE, [8]),
    "withheld": (_withheld, INCOMPLETE, [6]),
    "added": (_added, ALTERED, [1]),
    "key-twice": (_key_twice, ALTERED, [1]),
    "done-twice": (_done_twice, ALTERED, [11]),
    "dead-link": (_dead_link, ALTERED, [11]),
}


def receipt(lines: Lines) -> str:
    """A receipt as a mail has it."""
    last = lines[4]
    facts = f"  process: {LOG}\n  seq: {last['seq']}\n  hash: {last['hash']}\n"
    return f"Thank you.\n\nIt stands in the portal’s ledger as:\n\n{facts}"


def handover() -> str:
    """The change of keys."""
    text = f"portal-ledger/v1/key-change\nold {KEY.text}\nnew {NEXT.text}\ntime {at(45)}\n"
    return f"{text}\n{KEY.line(text)}{NEXT.line(text)}"


def arithmetic(world: World) -> dict[str, Any]:
    """The small things first: canonical bytes, hashes, commitments, trees, proofs, signatures."""
    values: list[Any] = [
        None, True, 0, -1, 2**53 - 1, "", "Grüße, € 10", "\"\\/\b\f\n\r\t\x01\x1f\x7f\u2028",
        "\U0001f600", [], {}, {"b": [1, {"d": 2, "c": 3}], "a": "", "B": 0, "aa": 1, "a.b": 2},
    ]  # fmt: skip
    refused = ["1.0", "1e3", "-0.0", "NaN", "9007199254740992", "-9007199254740992", '"\\ud800"',
               '{"a":1,"a":2}', '{"ä":1}', '{"b":1,"a":2}', "[1, 2]", '"\\u0041"', '"\\/"', "01",
               "-0", "[" * 65 + "]" * 65]  # fmt: skip
    site, sizes = world.site, range(1, 7)
    return {
        "canonical": [
            {"utf8_hex": chain.canonical(one).hex(), "text": chain.canonical(one).decode()}
            for one in values
        ],
        "not_canonical": refused,
        "genesis": {"log": LOG, "digest": DIGEST, "prev": chain.genesis(LOG, DIGEST)},
        "commitments": [
            {"salt": salt(seq, name).hex(), "name": name, "value": value,
             "canonical": chain.canonical(value).decode(),
             "commitment": chain.commit(salt(seq, name), name, value)}
            for seq, (*_, held) in enumerate(STORY) for name, value in held.items()
        ],
        "hashes": [{"body": line["body"], "hash": line["hash"]} for line in world.whole],
        "leaf": {"log": LOG, "seq": 7, "hash": world.whole[7]["hash"],
                 "leaf": site.leaves[3].hex()},
        "node": {"left": site.leaves[0].hex(), "right": site.leaves[1].hex(),
                 "node": tree.node(site.leaves[0], site.leaves[1]).hex()},
        "tree": {
            "leaves": [leaf.hex() for leaf in site.leaves],
            "roots": {str(size): tree.root(size, site.stored).hex() for size in sizes},
            "inclusion": [
                {"index": index, "size": size,
                 "proof": [part.hex() for part in tree.proof(index, size, site.stored)]}
                for size in sizes for index in range(size)
            ],
            "consistency": [
                {"old": old, "new": new,
                 "proof": [part.hex() for part in tree.consistency(old, new, site.stored)]}
                for new in sizes for old in range(1, new + 1)
            ],
        },
        "keys": [
            {"seed": key.seed.hex(), "name": key.name, "public": key.raw.hex(),
             "id": key.id.hex(), "text": key.text} for key in (KEY, NEXT, STRANGER)
        ],
    }  # fmt: skip


def verdicts() -> list[dict[str, Any]]:
    """What a verifier must say of which file, given what."""
    sound = {"file": "sound.jsonl", "key": KEY.text}
    cases: list[dict[str, Any]] = [
        {**sound, "verdict": SOUND, "checks": []},
        {"file": "sound.jsonl", "key": None, "verdict": SOUND, "checks": [], "not_anchored": True},
        {"file": "erased.jsonl", "key": KEY.text, "verdict": SOUND, "checks": [], "erased": 1},
        {**sound, "files": ["w9.pdf"], "verdict": SOUND, "checks": []},
        {**sound, "files": ["receipt.txt"], "verdict": INCOMPLETE, "checks": [7]},
        {**sound, "older": ["receipt.txt"], "verdict": SOUND, "checks": []},
        {"file": "erased.jsonl", "key": KEY.text, "older": ["sound.jsonl"], "verdict": SOUND,
         "checks": []},
        {**sound, "older": ["erased.jsonl"], "verdict": INCOMPLETE, "checks": [10]},
        {**sound, "older": ["consistency-3-5.json"], "verdict": SOUND, "checks": []},
        {**sound, "older": ["note-3.txt"], "verdict": INCOMPLETE, "checks": [10]},
        {"file": "erased.jsonl", "key": KEY.text, "older": ["consistency-3-5.json"],
         "verdict": INCOMPLETE, "checks": [10]},
        {**sound, "older": ["consistency-bent.json"], "verdict": ALTERED, "checks": [10]},
        {**sound, "older": ["note-set-back.txt"], "verdict": ALTERED, "checks": [10]},
        {**sound, "key": NEXT.text, "verdict": OTHER_KEY, "checks": [9]},
        {**sound, "key": NEXT.text, "older": ["key-change.txt"], "verdict": SOUND, "checks": []},
        {"file": "erased.jsonl", "key": NEXT.text, "older": ["key-change.txt"],
         "verdict": OTHER_KEY, "checks": [9]},
        {"file": "broken/rewritten-alone.jsonl", "key": None, "verdict": SOUND, "checks": [],
         "not_anchored": True},
        {"file": "broken/cut-alone.jsonl", "key": None, "verdict": SOUND, "checks": [],
         "not_anchored": True},
        {"file": "broken/cut-alone.jsonl", "key": KEY.text, "verdict": INCOMPLETE, "checks": [8]},
        {"file": "broken/rewritten-alone.jsonl", "key": None, "older": ["sound.jsonl"],
         "verdict": ALTERED, "checks": [10]},
    ]  # fmt: skip
    return cases + [
        {"file": f"broken/{name}.jsonl", "key": KEY.text, "verdict": verdict, "checks": checks}
        for name, (_, verdict, checks) in BROKEN.items()
    ]


def as_lines(lines: Lines) -> bytes:
    """A file of an export."""
    told = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in lines)
    return "".join(f"{line}\n" for line in told).encode()


def as_json(value: object) -> bytes:
    """A file that people read, too."""
    return (json.dumps(value, ensure_ascii=True, indent=1) + "\n").encode()


def make() -> dict[str, bytes]:
    """Every file, by its name in the folder."""
    world = World()
    notes = {3: world.note_of_3, 5: world.note_of_5, 6: world.note_of_6}
    proof = world.consistency(3, 5, (notes[3], notes[5]))
    bent = copy.deepcopy(proof)
    bent["consistency"]["proof"][0] = "0" * 64
    rewritten = _rewritten_events(world)
    found = {
        "arithmetic.json": as_json(arithmetic(world)),
        "verdicts.json": as_json(verdicts()),
        "sound.jsonl": as_lines(world.sound),
        "erased.jsonl": as_lines(world.erased),
        "w9.pdf": FILE,
        "receipt.txt": receipt(world.whole).encode(),
        "note-3.txt": notes[3].encode(),
        "note-set-back.txt": world.site.note(30, 6).encode(),
        "consistency-3-5.json": json.dumps(proof, ensure_ascii=False).encode() + b"\n",
        "consistency-bent.json": json.dumps(bent, ensure_ascii=False).encode() + b"\n",
        "key-change.txt": handover().encode(),
        "broken/cut-alone.jsonl": as_lines(world.whole[:6]),
        "broken/rewritten-alone.jsonl": as_lines(rewritten),
    }
    for name, (tamper, _, _) in BROKEN.items():
        lines = copy.deepcopy(world.sound)
        tamper(lines, world)
        found[f"broken/{name}.jsonl"] = as_lines(lines)
    return found


def main() -> None:
    """Write them where they stand."""
    for name, content in make().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
