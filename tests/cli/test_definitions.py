"""``portal check`` and ``portal define``: a line for each fault, and what became of each file."""

import json
from pathlib import Path

import pytest

from portal import db
from portal.cli import main
from tests import makers, people

SOUND = f"{makers.HEAD}steps:\n{makers.FORM}\n"


def run(*words: str) -> int:
    return main.answer(lambda: main.portal.main(list(words), "portal", standalone_mode=False))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sound.yaml").write_text(SOUND)
    Path("wrong.yaml").write_text(SOUND.replace("kind: staff", "kind: stuff") + "colour: red\n")
    return tmp_path


@pytest.fixture
def house(database: db.Database, here: Path, monkeypatch: pytest.MonkeyPatch) -> db.Database:
    people.settle()
    monkeypatch.setenv("PORTAL_DATA_DIR", str(here / "data"))
    monkeypatch.setenv("PORTAL_DATABASE_URL", database.url.render_as_string(hide_password=False))
    return database


def test_a_sound_file_passes(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "sound.yaml") == 0
    assert capsys.readouterr().out == ""


def test_every_fault_is_one_line_with_file_and_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", "sound.yaml", "wrong.yaml") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("wrong.yaml:7: kind: ")
    assert "expected one of external, staff" in lines[0]
    assert lines[2].startswith("wrong.yaml:")
    assert "colour" in lines[2]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.yaml", None, "there is no such file"),
        (".", None, "this is a folder"),
        ("bytes.yaml", b"\xff\xfe\x00", "not a text in UTF-8"),
    ],
)
def test_what_can_not_be_read_is_said_beside_the_others(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        Path(name).write_bytes(content)
    assert run("check", name, "wrong.yaml") == 1
    lines = capsys.readouterr().out.splitlines()
    assert told in lines[0]
    assert len(lines) == 4


def test_define_says_what_is_new(house: db.Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("define", "sound.yaml", "sound.yaml") == 0
    assert capsys.readouterr().out.splitlines() == [
        "demo version 1: published", "demo version 1: known already",
    ]  # fmt: skip


def test_define_says_first_what_a_version_does_away_with(
    house: db.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("guarded.yaml").write_text(SOUND.replace("assign:", "control: true, assign:"))
    assert run("define", "guarded.yaml") == 0
    capsys.readouterr()
    assert run("define", "--dry-run", "sound.yaml") == 0
    told = capsys.readouterr()
    assert told.out == "demo version 2: would be published\n"
    assert "sound.yaml: This version no longer calls a safeguard “Details” (details)." in told.err
    assert run("define", "sound.yaml") == 0
    told = capsys.readouterr()
    assert told.out == "demo version 2: published\n"
    assert "safeguard" in told.err


def test_define_takes_nothing_while_one_file_has_a_fault(
    house: db.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("define", "sound.yaml", "wrong.yaml") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("wrong.yaml:") == 3
    Path("stranger.yaml").write_text(SOUND.replace("dana@", "nobody@"))
    assert run("define", "stranger.yaml") == 1
    assert "stranger.yaml:3: owner: " in capsys.readouterr().err


def test_the_schema_is_printed_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    assert not run("check", "--schema")
    told = json.loads(capsys.readouterr().out)
    assert told["$schema"].startswith("https://json-schema.org/")
    assert {"key", "name", "owner", "steps"} <= set(told["required"])


def test_check_warns_of_a_safeguard_that_the_published_version_has(
    house: db.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("guarded.yaml").write_text(SOUND.replace("assign:", "control: true, assign:"))
    assert run("define", "guarded.yaml") == 0
    capsys.readouterr()
    assert run("check", "sound.yaml") == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "control: warning: This version no longer calls a safeguard “Details”" in told.err
    db.bind(house)
