"""Whatever is sent as a definition is taken or refused in sentences at their lines."""

# ruff: noqa: E501 (definitions, one a line)

import gzip
import json
from typing import Any

import pytest

from portal.definition.load import DefinitionFaults, load
from tests.journeys.readers import Reader

HEAD = "key: d\nname: D\nowner: dana@example.com\nroles: {v: {kind: external}, b: {kind: staff}}\nsteps:\n"
STEP = "  - {id: a, assign: v, task: {}}\n"
GOOD = HEAD + STEP
FINE = [
    "\ufeff" + GOOD,
    GOOD.replace("\n", "\r\n"),
    GOOD.replace("\n", "\r"),
    "---\n" + GOOD + "...\n",
    GOOD.replace("name: D", "name:\t\U0001f600"),
    HEAD + STEP.replace("id: a", "id: a" + "b" * 62),
    HEAD + "".join(f"  - {{id: a{n}, assign: v, task: {{}}}}\n" for n in range(500)),
]
FAULTY = [
    # the step or the whole document, the line, the key
    (GOOD.replace("task", "ta\0sk"), 6, "document"),
    (GOOD.replace("name: D", 'name: "a\\0b"'), 2, "document"),
    (HEAD + "\t" + STEP, 6, "document"),
    (HEAD + "  - &x {id: a, assign: v, task: {}}\n  - *x\n", 7, "document"),
    (HEAD + "  - !!python/object:os.system {id: a, set: {x: 1}}\n", 6, "document"),
    (HEAD + "  - {id: !!str a, set: {x: 1}}\n", 6, "document"),
    (HEAD + "  - {[a]: b, id: a, set: {x: 1}}\n", 6, "document"),
    (GOOD + "---\n" + GOOD, 7, "document"),
    (HEAD + "  - {id: a, set: {x: " + "[" * 3000 + "]" * 3000 + "}}\n", 6, "document"),
    (GOOD.replace("id: a", "id: \u0430"), 6, "id"),
    (GOOD.replace("assign: v", "assign: v\u200b"), 6, "assign"),
    (GOOD.replace("assign: v", "assign:\u00a0v"), 6, "assign:\u00a0v"),
    (GOOD.replace("assign: v", "assign: v, assign: b"), 6, "assign"),
    ("key: x\n" + GOOD, 2, "key"),
    (HEAD + "  - {id: s, set: {x: 1e999}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: '1e999999999999'}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: .nan}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: 12345678901234567890123456789}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: '" + "!" * 3000 + "true'}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: '" + "1+" * 4000 + "1'}}\n", 6, "x"),
    (HEAD + "  - {id: s, set: {x: '" + "true ? 1 : " * 800 + "1'}}\n", 6, "x"),
    *(
        (HEAD + f"  - {{id: a, assign: v, due: {due}, task: {{}}}}\n", 6, "due")
        for due in ("0 days", "-1 days", "99999999 weeks", "1e3 days", "9" * 30 + " seconds", "1.5 days", "'1,5 hours'", "0.0000001 seconds")
    ),
    ("calendar: {timezone: ../../etc/passwd}\n" + GOOD, 1, "timezone"),
    ("calendar: {hours: Mon-Fri 09:00-25:00}\n" + GOOD, 1, "hours"),
    (GOOD.replace("dana@example.com", '"dana@example.com\\nBcc: x@y.example"'), 3, "owner"),
]  # fmt: skip


@pytest.mark.parametrize("text", FINE)
def test_what_is_only_written_oddly_is_taken(text: str) -> None:
    assert load(text).key == "d"


@pytest.mark.parametrize(("text", "line", "key"), FAULTY)
def test_nonsense_is_refused_at_its_line(text: str, line: int, key: str) -> None:
    with pytest.raises(DefinitionFaults) as refused:
        load(text)
    fault = next(one for one in refused.value.faults if one.key == key)
    assert fault.line == line, str(fault)
    assert "expected" in fault.message or "did you mean" in fault.message, str(fault)


def test_no_bytes_at_all_are_an_error_of_the_portal(reader: Reader) -> None:
    sent: list[bytes] = [
        b"", b"\0" * 1000, bytes(range(256)) * 20, gzip.compress(GOOD.encode()), b"[" * 100_000,
        GOOD.encode("utf-16"), "\u00e9".encode("latin-1"), b"# " + b"x" * 1_500_000,
        *(json.dumps(one).encode() for one in _documents()),
    ]  # fmt: skip
    for data in sent:
        for kind in ("application/yaml", "application/json"):
            answer = reader.ask("POST", "/definitions", data=data, content_type=kind)
            assert answer.status_code == 422, (data[:40], kind, answer.text)
            assert all(one["message"] for one in answer.json["errors"])
    assert reader.ask("POST", "/definitions", data=b"x" * 3_000_000).status_code == 413
    assert reader.ask("POST", "/definitions", data=FINE[0].encode()).status_code == 201


def _documents() -> list[Any]:
    return [
        None, 7, "x", [1], {"a": float("nan")}, {"key": "a"}, {"steps": [None]}, {"steps": [[[]]]},
        {"key": 1, "name": {}, "owner": [], "steps": {}}, {"roles": [1], "inputs": {"a": 1}},
    ]  # fmt: skip
