"""``portal pack``: built by the command itself, and told as it stands."""

from pathlib import Path

import pytest

from portal import db
from portal.cli import main
from tasks import job, relay
from tests import makers, people


@pytest.fixture
def house(database: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> db.Database:
    people.settle()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PORTAL_DATABASE_URL", database.url.render_as_string(hide_password=False))
    return database


def run(*words: str) -> int:
    packs = [route for route in relay.ROUTES if "pack" in route.kinds[0]]

    def carry_out(settings: object) -> None:
        job.open_house(settings)  # type: ignore[arg-type]
        relay.carry_out_here(packs)

    outside = main.Outside(lambda _: None, carry_out)
    options = {"obj": outside, "standalone_mode": False}
    return main.answer(lambda: main.portal.main(list(words), "portal", **options))


def test_it_writes_a_pack_that_verifies(
    house: db.Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    makers.start(makers.FORM)
    makers.start_again()
    file = str(tmp_path / "pack.zip")
    assert run("pack", file, "--definition", "demo", "--state", "running") == 0
    told = capsys.readouterr()
    assert "SHA-256" in told.out
    assert "2 processes, about" in told.err
    assert run("verify", file) == 0
    assert "2 of 2 processes are whole" in capsys.readouterr().out
    assert run("verify", file, "--receipt", f"0:{'0' * 64}") == 64


def test_what_is_faulty_is_one_sentence(
    house: db.Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "pack.zip")
    assert run("pack", file, "--definition", "none") == 1
    assert "No process is chosen" in capsys.readouterr().err
    assert run("pack", file, "--from", "soon") == 1
    assert run("pack", file, "--process", "nothing") == 1
    assert not Path(file).exists()
