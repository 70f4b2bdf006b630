"""``portal bpmn`` and ``portal diagram``: the document alone on standard output."""

from pathlib import Path

import pytest

from tests.cli.test_definitions import SOUND, run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sound.yaml").write_text(SOUND)
    Path("wrong.yaml").write_text(SOUND + "colour: red\n")


@pytest.mark.parametrize(("command", "begins"), [("bpmn", "<?xml"), ("diagram", "<svg")])
def test_it_prints_the_document(
    capsys: pytest.CaptureFixture[str], command: str, begins: str
) -> None:
    assert run(command, "sound.yaml") == 0
    assert capsys.readouterr().out.startswith(begins)


@pytest.mark.parametrize("command", ["bpmn", "diagram"])
def test_faults_are_told_and_nothing_is_printed(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(command, "wrong.yaml") == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "colour: is not a known key" in told.err


def test_what_is_filled_in_on_the_way_is_called_by_its_name_in_the_picture(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = SOUND.replace(
        "steps:", 'steps:\n  - {id: hi, name: "For {{ now }}", assign: vendor, task: {}}', 1
    )
    Path("filled.yaml").write_text(text)
    assert run("diagram", "filled.yaml") == 0
    picture = capsys.readouterr().out
    assert "For [now]" in picture
    assert "{{" not in picture
