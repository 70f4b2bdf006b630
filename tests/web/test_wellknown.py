"""What anyone may fetch and keep: the keys, the checkpoints, and the proofs between them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.actions import upkeep
from portal.delivery import handover
from portal.delivery.seal import KEY_FILE, Seal, SealBroken
from portal.ledger import ed25519, keepsakes, tree
from portal.ledger.findings import OTHER_KEY, SOUND, Report
from portal.ledger.verify import verify
from portal.readings import export
from portal.settings import Settings
from tests import makers, people

PLACE = "/.well-known/portal-ledger"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def client(sqlite: db.Database, clock: house_clock.Clock, data: Path) -> Iterator[FlaskClient]:
    """Nobody in particular, before a portal with three checkpoints over one, two, three leaves."""
    url = sqlite.url.render_as_string(hide_password=False)
    made: Flask = create_app(
        Settings.load({"PORTAL_DATA_DIR": str(data), "PORTAL_DATABASE_URL": url})
    )
    people.settle()
    makers.publish(makers.FORM)
    for _ in range(3):
        makers.start_again()
        upkeep.checkpoint(Seal.of(data))
        clock.advance(minutes=1)
    yield made.test_client()
    db.current().close()


def judged(process: str, key: object, *kept: str) -> Report:
    """A fresh export of a process, held against what was fetched."""
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, process)]
    held = sum(map(keepsakes.of_text, kept), keepsakes.NOTHING)
    return verify(lines, key=ed25519.public_key(str(key)), kept=held)


def ids() -> list[str]:
    with db.reading() as conn:
        return list(
            conn.execute(db.sa.text("SELECT log FROM ledger_leaves ORDER BY place")).scalars()
        )


def test_checkpoints_are_there_for_anyone_to_fetch(client: FlaskClient, data: Path) -> None:
    newest = client.get(f"{PLACE}/checkpoint")
    assert newest.content_type == "text/plain; charset=utf-8"
    assert tree.read_note(newest.text).size == 3
    assert client.get(f"{PLACE}/checkpoint/3").text == newest.text
    assert client.get(PLACE).text == f"{Seal.of(data).public_key}\n\n{newest.text}"
    for size in (1, 2):
        assert tree.read_note(client.get(f"{PLACE}/checkpoint/{size}").text).size == size
    for size in ("0", "4", "99999999999999999999", "-1", "x"):
        assert client.get(f"{PLACE}/checkpoint/{size}").status_code == 404


def test_what_was_fetched_once_is_proved_by_what_is_fetched_later(
    client: FlaskClient, data: Path
) -> None:
    key, last = Seal.of(data).public_key, ids()[-1]
    first = client.get(f"{PLACE}/checkpoint/1").text
    assert "consistency/1/3" in " ".join(judged(last, key, first).told())
    proof = client.get(f"{PLACE}/consistency/1/3")
    assert proof.is_json
    report = judged(last, key, first, proof.text)
    assert report.verdict == SOUND, list(report.told())
    assert 10 in report.done
    for sizes in ("3/1", "1/4", "0/3", "1/x"):
        assert client.get(f"{PLACE}/consistency/{sizes}").status_code == 404


def test_an_older_key_and_a_newer_one_vouch_for_each_other(
    client: FlaskClient, data: Path, clock: house_clock.Clock
) -> None:
    old, process = Seal.of(data), ids()[0]
    with db.reading() as conn:
        before = [line.encode() for line in export.lines(conn, process)]
    new = handover.hand_over(data)
    assert str(new) == str(Seal.of(data).public_key) != str(old.public_key)
    page = client.get(f"{PLACE}/keys").text
    assert page.splitlines()[0] == str(new)

    def kept_one(key: object, *kept: str) -> Report:
        held = sum(map(keepsakes.of_text, kept), keepsakes.NOTHING)
        return verify(before, key=ed25519.public_key(str(key)), kept=held)

    # What was exported then is proof by the old key as ever, and by the new one with the change.
    assert kept_one(old.public_key).verdict == SOUND
    assert kept_one(new).verdict == OTHER_KEY
    assert kept_one(new, page).verdict == SOUND
    assert "a key that the key given vouches for" in kept_one(new, page).sentence()
    # What is exported now stands on a checkpoint by the new key, as soon as there is one.
    clock.advance(minutes=10)
    makers.start_again()
    upkeep.checkpoint(Seal.of(data))
    assert judged(process, new).verdict == SOUND
    assert judged(process, old.public_key).verdict == OTHER_KEY
    assert judged(process, old.public_key, page).verdict == SOUND
    # And the tree goes on under it.
    proof = client.get(f"{PLACE}/consistency/1/4").text
    first = client.get(f"{PLACE}/checkpoint/1").text
    assert judged(ids()[-1], new, page, first, proof).verdict == SOUND


def test_a_key_that_was_given_up_signs_nothing_any_more(
    client: FlaskClient, data: Path, clock: house_clock.Clock
) -> None:
    stolen = Seal.of(data)
    new = handover.hand_over(data)
    page = client.get(f"{PLACE}/keys").text
    clock.advance(minutes=10)
    process = makers.start_again()
    upkeep.checkpoint(stolen)
    report = judged(process, new, page)
    assert report.verdict == OTHER_KEY
    assert any("given up before" in found.text for found in report.findings)


def test_a_change_of_keys_that_one_of_them_did_not_sign_is_none(
    client: FlaskClient, data: Path, tmp_path: Path
) -> None:
    handover.hand_over(data)
    page = handover.notes(data)
    thief = Seal.of(tmp_path / "thief").public_key
    lines = page.splitlines(keepends=True)
    new = next(line for line in lines if line.startswith("new "))
    for forged in (page.replace(new, f"new {thief}\n"), "".join(lines[:-1]),
                   page.replace("time 2", "time 3")):  # fmt: skip
        with pytest.raises(ValueError, match="not signed by both"):
            keepsakes.of_text(forged)


def test_a_change_that_was_cut_off_goes_on_where_it_stood(
    client: FlaskClient, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Seal.of(data).public_key
    really = Path.replace

    def dies(source: Path, to: Path) -> Path:
        if to.name == KEY_FILE.name:
            raise OSError("killed here")
        return really(source, to)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(OSError, match="killed here"):
        handover.hand_over(data)
    assert str(Seal.of(data).public_key) == str(old)
    monkeypatch.undo()
    new = handover.hand_over(data)
    [change] = keepsakes.of_text(handover.notes(data)).successions
    assert (change.old, change.new) == (old.raw, new.raw)


def test_each_change_is_told_and_leads_on_to_the_next(client: FlaskClient, data: Path) -> None:
    first = Seal.of(data).public_key
    for _ in range(3):
        last = handover.hand_over(data)
    found = keepsakes.of_text(client.get(f"{PLACE}/keys").text).successions
    assert len(found) == 3
    for key in (first, last):
        assert len(keepsakes.trusted(key.raw, found)) == 4


def test_a_data_directory_that_can_not_be_written_is_a_sentence(
    client: FlaskClient, data: Path
) -> None:
    (data / "keys" / ".ledger.next").mkdir()
    with pytest.raises(SealBroken, match=r"can.t be written"):
        handover.hand_over(data)


def test_the_proof_is_told_as_the_page_of_the_ledger_says(client: FlaskClient) -> None:
    said = json.loads(client.get(f"{PLACE}/consistency/2/3").text)
    assert set(said) == {"consistency"}
    assert set(said["consistency"]) == {"old", "new", "proof"}
