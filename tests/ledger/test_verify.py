"""The verifier against its own ledgers: sound ones pass, and every tampering is caught."""

import copy
import json
import os
import subprocess
import sys
import time as wall
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import db
from portal.actor import Actor
from portal.clock import Clock
from portal.delivery.seal import Seal
from portal.ledger import bundle, chain, checkpoints, ed25519, record
from portal.ledger import catalogue as c
from portal.ledger.findings import ALTERED, INCOMPLETE, OTHER_KEY, SOUND, Report
from portal.ledger.pack import PackReport
from portal.ledger.verify import verify
from tests.ledger import stories
from tests.servers import ROOT

LOG = "0197a1b2-0000-7000-8000-000000000001"
OTHER = "0197a1b2-0000-7000-8000-000000000002"
Lines = list[dict[str, Any]]


@pytest.fixture
def sound(sqlite: db.Database, vera: Actor, seal: Seal) -> Lines:
    """An anchored export of a whole process, in a tree with others."""
    for number in range(3):
        stories.tell(f"{number}", vera)
        stories.anchored(f"{number}", seal)
    stories.tell(LOG, vera)
    stories.tell(OTHER, vera)
    with db.transaction() as tx:
        assert checkpoints.publish(tx, seal) == 5
    return stories.exported(LOG)


@pytest.fixture
def key(seal: Seal) -> bytes:
    return ed25519.public_key(str(seal.public_key))


def judge(lines: Lines, **known: Any) -> Report:
    return verify(stories.as_bytes(lines), **known)


def checks(report: Report) -> set[int]:
    return {found.check for found in report.findings}


def test_e05_a_sound_ledger_with_the_key(sound: Lines, key: bytes) -> None:
    report = judge(sound, key=key)
    assert (report.verdict, report.findings, report.anchored) == (SOUND, [], 15)
    assert report.sentence().startswith("SOUND: signed by the key given")
    assert report.done == {1, 2, 3, 4, 5, 6, 8, 9, 11}


def test_e05_without_a_key_it_is_sound_but_not_anchored(sound: Lines) -> None:
    report = judge(sound)
    assert report.verdict == SOUND
    assert report.sentence().startswith("sound, not anchored")


def test_e05_another_key(sound: Lines, tmp_path: Path) -> None:
    other = ed25519.public_key(str(Seal.of(tmp_path / "other").public_key))
    assert judge(sound, key=other).verdict == OTHER_KEY


def test_e05_a_key_but_no_checkpoint_is_incomplete(sound: Lines, key: bytes) -> None:
    report = judge(sound[:-1], key=key)
    assert (report.verdict, checks(report)) == (INCOMPLETE, {8})


# --- E02: eleven classes of tampering, at every position ----------------------------------------


def _body(line: dict[str, Any], old: str, new: str) -> None:
    assert old in line["body"]
    line["body"] = line["body"].replace(old, new, 1)


def _rehash(line: dict[str, Any]) -> None:
    line["hash"] = chain.event_hash(line["body"].encode())


def edit(lines: Lines, at: int, other: Lines) -> None:
    _body(lines[at], '"auth":"', '"auth":"x')


def edit_and_rehash(lines: Lines, at: int, other: Lines) -> None:
    _body(lines[at], '"auth":"', '"auth":"x')
    _rehash(lines[at])


def delete(lines: Lines, at: int, other: Lines) -> None:
    del lines[at]


def insert(lines: Lines, at: int, other: Lines) -> None:
    forged = copy.deepcopy(lines[at])
    _body(forged, '"type":"', '"type":"x')
    _rehash(forged)
    lines.insert(at, forged)


def swap(lines: Lines, at: int, other: Lines) -> None:
    later = (at + 1) % 15
    lines[at], lines[later] = lines[later], lines[at]


def duplicate(lines: Lines, at: int, other: Lines) -> None:
    lines.insert(at, copy.deepcopy(lines[at]))


def splice(lines: Lines, at: int, other: Lines) -> None:
    lines[at] = other[at]


def whitespace(lines: Lines, at: int, other: Lines) -> None:
    _body(lines[at], ":", ": ")
    _rehash(lines[at])


def changed_disclosure(lines: Lines, at: int, other: Lines) -> None:
    held = lines[at]["disclosed"]
    if not held:  # an event of the portal's own may have nothing private: give it something
        held["comment"] = {"salt": "00" * 32, "value": "forged"}
        return
    name = sorted(held)[0]
    held[name]["value"] = "forged"


def changed_salt(lines: Lines, at: int, other: Lines) -> None:
    held = lines[at]["disclosed"] or {"x": {"salt": "", "value": 1}}
    lines[at]["disclosed"] = held
    held[sorted(held)[0]]["salt"] = "11" * 32


def retime(lines: Lines, at: int, other: Lines) -> None:
    _body(lines[at], '"at":"2026', '"at":"2025')
    _rehash(lines[at])


def renumber(lines: Lines, at: int, other: Lines) -> None:
    lines[at]["seq"] += 1


def key_twice(lines: Lines, at: int, other: Lines) -> None:
    _body(lines[at], '"v":1', '"v":1,"v":1')
    _rehash(lines[at])


TAMPERINGS: list[Callable[[Lines, int, Lines], None]] = [
    edit, edit_and_rehash, delete, insert, swap, duplicate, splice, whitespace,
    changed_disclosure, changed_salt, retime, renumber, key_twice,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_e02_every_tampering_is_caught_at_every_position(
    sound: Lines, tamper: Callable[[Lines, int, Lines], None]
) -> None:
    other = stories.exported(OTHER)
    for at in range(15):
        for kept in (16, 15):  # with the checkpoint, and by the chain alone
            lines = copy.deepcopy(sound[:kept])
            tamper(lines, at, other)
            is_tail = tamper is delete and at == 14
            expected = ALTERED if not is_tail else INCOMPLETE if kept == 16 else SOUND
            if tamper is edit_and_rehash and at == 14 and kept == 15:
                expected = SOUND  # the last event of an unanchored chain: nothing holds it
            elif tamper is retime and at == 0 and kept == 15:
                expected = ALTERED
            assert judge(lines).verdict == expected, (tamper.__name__, at, kept)


def test_e02_every_byte_of_every_event_counts(sound: Lines) -> None:
    """Whatever character of an event's bytes is changed, it is caught."""
    for line in (0, 4, 9, 14):
        for place in range(0, len(sound[line]["body"]), 7):
            lines = copy.deepcopy(sound)
            body = lines[line]["body"]
            lines[line]["body"] = body[:place] + chr(ord(body[place]) ^ 1) + body[place + 1 :]
            assert judge(lines).verdict == ALTERED, (line, place)


def _noted(lines: Lines, **changes: Any) -> Lines:
    changed = copy.deepcopy(lines)
    changed[-1]["checkpoint"].update(changes)
    return changed


def test_e02_a_checkpoint_can_not_be_bent(sound: Lines, key: bytes) -> None:
    point = sound[-1]["checkpoint"]
    earlier = point["note"].replace("time 2026", "time 2025")
    cases: list[tuple[dict[str, Any], int]] = [
        ({"seq": 3}, ALTERED), ({"seq": 99}, INCOMPLETE), ({"index": 0}, ALTERED),
        ({"proof": point["proof"][:-1]}, ALTERED), ({"proof": ["00" * 32]}, ALTERED),
        ({"note": earlier}, ALTERED), ({"note": point["note"][:-9] + "AAAAAAA=\n"}, ALTERED),
        ({"note": ""}, ALTERED), ({"seq": True}, ALTERED), ({"index": -1}, ALTERED),
        ({"proof": "x"}, ALTERED), ({"proof": None}, ALTERED), ({"note": 1}, ALTERED),
    ]  # fmt: skip
    for changes, verdict in cases:
        assert judge(_noted(sound, **changes), key=key).verdict == verdict, changes


def _recomputed(lines: Lines, start: int, log: str = LOG) -> Lines:
    """What an owner of the database can do: change an event and rebuild all that follows."""
    lines = copy.deepcopy(lines)
    _body(lines[start], '"auth":"', '"auth":"x')
    for at in range(start, 15):
        body = json.loads(lines[at]["body"])
        if at:
            body["prev"] = lines[at - 1]["hash"]
        lines[at]["body"] = chain.canonical(body).decode()
        _rehash(lines[at])
    return lines


FOREIGN = [
    (lambda lines: lines[4], "the line of event 4"),
    (lambda lines: lines[4]["disclosed"]["answers"], "the value answers of event 4"),
    (lambda lines: lines[-1], "the checkpoint's line"),
    (lambda lines: lines[-1]["checkpoint"], "the checkpoint"),
]


@pytest.mark.parametrize(("part", "where"), FOREIGN)
def test_e02_nothing_may_be_added_beside_what_is_vouched_for(
    sound: Lines, key: bytes, part: Callable[[Lines], dict[str, Any]], where: str
) -> None:
    part(sound)["remark"] = "approved by the board"
    report = judge(sound, key=key)
    assert report.verdict == ALTERED
    told = f"{where} holds what does not belong there: remark"
    assert [found.text for found in report.findings] == [told]


def test_e03_a_rewrite_passes_the_chain_but_not_checkpoint_or_receipt(
    sound: Lines, key: bytes
) -> None:
    for start in range(15):
        forged = _recomputed(sound, start)
        assert judge(forged[:-1]).verdict == SOUND  # said so: "not anchored"
        assert checks(judge(forged, key=key)) == {8}
        assert judge(forged, key=key).verdict == ALTERED
        report = judge(forged[:-1], receipts=[(14, sound[14]["hash"])])
        assert (report.verdict, checks(report)) == (ALTERED, {10})


def test_e03_a_cut_tail_passes_the_chain_but_not_checkpoint_or_receipt(sound: Lines) -> None:
    for end in range(1, 15):
        cut = sound[:end]
        assert judge(cut).verdict == SOUND
        assert judge([*cut, sound[-1]]).verdict == INCOMPLETE
        assert judge(cut, receipts=[(14, sound[14]["hash"])]).verdict == INCOMPLETE


def test_e03_an_old_checkpoint_does_not_cover_a_newer_tail(
    sound: Lines, key: bytes, vera: Actor
) -> None:
    with db.transaction() as tx:
        record.open_chain(tx, LOG).add(c.CommentAdded(text="later"), actor=vera)
    assert judge(stories.exported(LOG)).verdict == SOUND
    assert judge(stories.exported(LOG), key=key).verdict == INCOMPLETE


def test_resigned_with_a_foreign_key(sound: Lines, key: bytes, tmp_path: Path) -> None:
    thief = Seal.of(tmp_path / "thief")
    forged = _recomputed(sound, 4)
    db.bind(db.Database(f"sqlite:///{tmp_path / 'thief.sqlite3'}"))
    note = thief.sign_note(sound[-1]["checkpoint"]["note"].split("\n\n")[0] + "\n")
    forged = _noted(forged, note=note, key=str(thief.public_key))
    assert judge(forged, key=key).verdict == ALTERED
    honest = _noted(sound, note=note, key=str(thief.public_key))
    assert judge(honest, key=key).verdict == OTHER_KEY


# --- values, files, erasure ---------------------------------------------------------------------


def test_a_missing_value_is_told_as_withheld(sound: Lines) -> None:
    del sound[4]["disclosed"]["answers"]
    report = judge(sound)
    assert (report.verdict, checks(report)) == (INCOMPLETE, {6})
    assert "WITHHELD" in report.findings[0].text


def test_an_erased_value_is_sound(sound: Lines, vera: Actor, seal: Seal, key: bytes) -> None:
    with db.transaction() as tx:
        gone = record.erase(tx, LOG, 4, ["answers", "actor.name"])
        opened = record.open_chain(tx, LOG)
        opened.add(c.DisclosureErased(seq=4, fields=gone, basis="request"), actor=vera)
    stories.anchored(LOG, seal)
    report = judge(stories.exported(LOG), key=key)
    assert (report.verdict, report.erased, report.findings) == (SOUND, 2, [])


def test_files_are_compared(sound: Lines) -> None:
    assert 7 in judge(sound, digests={"ab" * 32}).done
    assert judge(sound, digests={"ab" * 32}).verdict == SOUND
    assert checks(judge(sound, digests={"cd" * 32})) == {7}


# --- replay -------------------------------------------------------------------------------------


def _story(vera: Actor, *events: c.Event) -> Report:
    with db.transaction() as tx:
        opened = record.begin_chain(tx, LOG, stories.DIGEST)
        started = c.ProcessStarted(
            definition="d", version=1, digest=stories.DIGEST, participants={}
        )
        for event in (started, *events):
            opened.add(event, actor=vera)
    return judge(stories.exported(LOG))


OPENED = c.TaskOpened(task="t", round=1, kind="task", name="n", assignee="p")
ENTERED = c.LinkEntered(task="t", link=stories.LINK)
DONE = c.TaskDone(task="t")
IMPOSSIBLE: list[tuple[str, list[c.Event]]] = [
    ("unknown", [DONE]),
    ("open", [OPENED, OPENED]),
    ("done", [OPENED, ENTERED, DONE, DONE]),
    ("done", [OPENED, ENTERED, DONE, c.TaskWithdrawn(task="t", why="decided")]),
    ("withdrawn", [OPENED, ENTERED, c.TaskWithdrawn(task="t", why="decided"), DONE]),
    ("link that was withdrawn", [OPENED, ENTERED, c.LinkRevoked(task="t"), DONE]),
]


@pytest.mark.parametrize(("said", "events"), IMPOSSIBLE)
def test_what_can_not_have_happened_is_found(
    sqlite: db.Database, vera: Actor, said: str, events: list[c.Event]
) -> None:
    report = _story(vera, *events)
    assert (report.verdict, checks(report)) == (ALTERED, {11})
    assert said in report.findings[0].text


def test_a_link_entered_again_after_a_revoke_may_act(sqlite: db.Database, vera: Actor) -> None:
    events = [OPENED, ENTERED, c.LinkRevoked(task="t"), ENTERED, DONE]
    assert _story(vera, *events).verdict == SOUND


# --- hostile and damaged files ------------------------------------------------------------------


def test_nothing_is_no_ledger() -> None:
    for raw in (b"", b"\n\n", b"\0" * 100, b"{}", b"[1]\n", b"hello\nworld\n", b"\xff\xfe{}"):
        report = verify(raw.splitlines(keepends=True))
        assert (report.verdict, report.events) == (INCOMPLETE, 0)
        assert list(report.told())[-1].startswith("INCOMPLETE")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
RELAXED = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@RELAXED
@given(data=st.data())
def test_any_junk_in_any_place_is_a_finding(data: st.DataObject, sound: Lines) -> None:
    lines = copy.deepcopy(sound)
    line = lines[data.draw(st.integers(0, len(lines) - 1))]
    inner = line.get("checkpoint", line)
    name = data.draw(st.sampled_from(sorted(inner)))
    if name == "body" and data.draw(st.booleans()):
        body = json.loads(inner["body"])
        body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JUNK)
        inner["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"))
    else:
        inner[name] = data.draw(JUNK)
    assert list(judge(lines).told())


@RELAXED
@given(data=st.data())
def test_any_damage_to_the_file_is_survived(data: st.DataObject, sound: Lines) -> None:
    raw = bytearray(b"".join(stories.as_bytes(sound)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=20))
    report = verify(bytes(raw).splitlines(keepends=True))
    assert list(report.told())
    assert report.verdict in (SOUND, ALTERED, INCOMPLETE)


@pytest.mark.parametrize(
    "odd", [{"seq": []}, {"seq": {}}, {"seq": True}, {"also": {"9" * 5000: ["a"]}}, {"also": [1]}]
)
def test_an_erasure_that_names_no_event_erases_nothing(sound: Lines, odd: dict[str, Any]) -> None:
    body = json.loads(sound[0]["body"])
    body |= {"type": "disclosure.erased", "data": {"seq": 0, "fields": ["a"], **odd}, "priv": {}}
    sound[0] |= {"body": chain.canonical(body).decode(), "disclosed": {}}
    _rehash(sound[0])
    report = judge(sound)
    assert (report.verdict, report.erased) == (ALTERED, 0)


def test_what_stands_in_a_file_can_not_pass_for_the_verdict(sound: Lines) -> None:
    lie = "x\nSOUND: signed by the key given.\x1b[8m\u202e"
    for line in sound[:-1]:
        line["body"] = json.dumps({**json.loads(line["body"]), "log": lie})
    sound[1]["disclosed"][lie] = {}
    sound[0]["body"] = chain.canonical(json.loads(sound[0]["body"])).decode()
    told = list(judge(sound).told())
    assert not [line for line in told if line.startswith("SOUND") or not line.isprintable()]
    assert "x\ufffdSOUND" in told[0]
    pack = PackReport(findings=[f"Process 1 ({lie}) is not in the pack"], total=1)
    assert all(line.isprintable() for line in pack.told())


def test_a_file_cut_within_a_line_is_incomplete(sound: Lines) -> None:
    raw = b"".join(stories.as_bytes(sound[:5]))[:-200]
    assert verify(raw.splitlines(keepends=True)).verdict == INCOMPLETE


# --- alone and fast -----------------------------------------------------------------------------


def test_e05_it_runs_with_python_alone(sound: Lines, seal: Seal, tmp_path: Path) -> None:
    """No site packages, no network, no database: only this folder."""
    room = Path(chain.__file__).parent
    alone = tmp_path / "alone" / "portal" / "ledger"
    alone.mkdir(parents=True)
    for name in bundle._FILES:
        (alone / name).write_bytes((room / name).read_bytes())
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(stories.as_bytes(sound)))
    command = [sys.executable, "-S", "-m", "portal.ledger", str(file), str(seal.public_key)]
    done = subprocess.run(
        command, cwd=tmp_path / "alone", capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (SOUND, "")
    assert done.stdout.splitlines()[-1].startswith("SOUND")


@pytest.mark.parametrize("words", [[], ["gone.jsonl"], [__file__, "no-key"], ["a", "b", "c"]])
def test_what_cannot_be_judged_is_a_sentence_and_no_verdict(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal.ledger", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (64, "")
    assert "Traceback" not in done.stderr
    assert done.stderr


def _long(count: int) -> Iterator[bytes]:
    prev = chain.genesis(LOG, stories.DIGEST)
    salt = b"s" * 32
    private = {"actor.name": "Vera Vendor", "actor.ip": "192.0.2.7", "text": "A remark. " * 6}
    priv = {name: chain.commit(salt, name, value) for name, value in private.items()}
    disclosed = {name: {"salt": salt.hex(), "value": value} for name, value in private.items()}
    for seq in range(count):
        data = {"digest": stories.DIGEST} if not seq else {"task": "t", "step": "check"}
        body = chain.canonical(
            {"v": 1, "log": LOG, "seq": seq, "prev": prev, "at": "2026-11-21T05:07:31.123456Z",
             "type": "comment.added", "actor": {"kind": "staff", "ref": "u1", "auth": "password"},
             "cause": None, "data": data, "priv": priv}
        )  # fmt: skip
        prev = chain.event_hash(body)
        line = {"seq": seq, "hash": prev, "body": body.decode(), "disclosed": disclosed}
        yield json.dumps(line).encode() + b"\n"


def test_it_is_quick_and_its_memory_flat() -> None:
    lines = list(_long(5000))
    begun = wall.process_time()
    report = verify(lines)
    rate = 5000 / (wall.process_time() - begun)
    assert report.verdict == SOUND
    print(f"{rate:.0f} events/s")
    assert rate > 5000  # far below the goal, so that a busy machine does not fail it


@pytest.mark.slow
def test_g12_its_memory_is_the_same_for_a_file_fifty_times_as_long(tmp_path: Path) -> None:
    """Run alone, as an auditor would; what it holds at most, in MiB."""
    peaks = []
    told = "import resource, sys; from portal.ledger.__main__ import main; main(sys.argv[1:]); "
    told += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    for count in (2_000, 100_000):
        file = tmp_path / f"{count}.jsonl"
        with file.open("wb") as opened:
            opened.writelines(_long(count))
        done = subprocess.run(
            [sys.executable, "-c", told, str(file)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert f"{count} events" in done.stdout
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] - peaks[0] <= 16, peaks


def test_time_of_the_checkpoint_is_not_before_its_events(
    sqlite: db.Database, vera: Actor, seal: Seal, key: bytes, clock: Clock
) -> None:
    stories.tell(LOG, vera)
    clock.advance(hours=-1)
    stories.anchored(LOG, seal)
    assert judge(stories.exported(LOG), key=key).verdict == SOUND
