"""LEDGER.md: its test vectors are made here from fixed inputs and may never drift."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.ledger import chain, ed25519, tree
from portal.ledger.findings import CHECKS, SOUND
from portal.ledger.verify import verify

PAGE = Path(chain.__file__).with_name("LEDGER.md")
LOG = "0197a1b2-0000-7000-8000-000000000001"
DIGEST = hashlib.sha256(b"a definition").hexdigest()
SALT = bytes(range(32))
NAME = "portal-ledger/example"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
AT = "2026-11-21T05:07:31.123456Z"


def events() -> list[dict[str, Any]]:
    """Three events; the second holds a value as commitment, the third erases it."""
    person = {"kind": "participant", "ref": "p3", "auth": "link", "via": "page"}
    parts: list[dict[str, Any]] = [
        {"type": "process.started", "data": {"digest": DIGEST, "definition": "d", "version": 1}},
        {"type": "comment.added", "data": {}},
        {"type": "disclosure.erased", "data": {"seq": 0, "fields": ["title"], "basis": "request"}},
    ]
    private: list[dict[str, Any]] = [{"title": "x"}, {"text": "Grüße, \u20ac 10"}, {}]
    prev, lines = chain.genesis(LOG, DIGEST), []
    for seq, (part, values) in enumerate(zip(parts, private, strict=True)):
        body = chain.canonical({
            "v": 1, "log": LOG, "seq": seq, "prev": prev, "at": AT, "actor": person,
            "cause": None, **part,
            "priv": {name: chain.commit(SALT, name, value) for name, value in values.items()},
        })  # fmt: skip
        prev = chain.event_hash(body)
        shown = {name: {"salt": SALT.hex(), "value": value} for name, value in values.items()}
        lines.append({"seq": seq, "hash": prev, "body": body.decode(),
                      "disclosed": shown if seq else {}})  # fmt: skip
    return lines


def checkpoint(head: str) -> tuple[dict[str, Any], bytes]:
    """The log as leaf 1 of a tree of three, and its own leaf."""
    leaves = [tree.leaf("a", 4, "00" * 32), tree.leaf(LOG, 2, head), tree.leaf("b", 9, "11" * 32)]
    root = tree.node(tree.node(leaves[0], leaves[1]), leaves[2])
    text = tree.note_text(NAME, 3, root, AT)
    packed = base64.b64encode(tree.key_id(NAME, PUBLIC) + KEY.sign(text)).decode()
    public = base64.b64encode(b"\x01" + PUBLIC).decode()
    item = {
        "note": f"{text.decode()}\n— {NAME} {packed}\n",
        "key": f"{NAME}+{tree.key_id(NAME, PUBLIC).hex()}+{public}",
        "seq": 2, "index": 1, "proof": [leaves[0].hex(), leaves[2].hex()],
    }  # fmt: skip
    return {"checkpoint": item}, leaves[1]


def export() -> list[bytes]:
    lines = events()
    point, _ = checkpoint(lines[-1]["hash"])
    return [json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            for line in (*lines, point)]  # fmt: skip


def vectors() -> str:
    """The section of the page, as it must stand there."""
    lines = events()
    _, leaf = checkpoint(lines[-1]["hash"])
    value = json.dumps(lines[1]["disclosed"]["text"]["value"], ensure_ascii=False)
    told = [
        ("definition digest", DIGEST), ("log", LOG), ("genesis prev", chain.genesis(LOG, DIGEST)),
        ("salt", SALT.hex()), ("canonical value of text", value),
        ("commitment of text", chain.commit(SALT, "text", lines[1]["disclosed"]["text"]["value"])),
        *((f"hash of event {line['seq']}", line["hash"]) for line in lines),
        ("leaf of (log, 2, hash of event 2)", leaf.hex()),
        ("public key", PUBLIC.hex()),
    ]  # fmt: skip
    listed = "\n".join(f"{name + ':':<36}{text}" for name, text in told)
    return f"```\n{listed}\n```\n\n```jsonl\n{b''.join(export()).decode()}```"


def test_the_example_is_sound() -> None:
    assert verify(export(), key=PUBLIC).verdict == SOUND
    assert ed25519.public_key(PUBLIC.hex()) == PUBLIC


def test_the_vectors_on_the_page_are_those_of_the_code() -> None:
    assert vectors() in PAGE.read_text()


def test_every_check_is_on_the_page() -> None:
    for number, text in CHECKS.items():
        assert f"| {number} | {text} |" in PAGE.read_text()
