"""``portal retention`` and ``portal erasures``, as somebody at a terminal uses them."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal import clock, db
from portal.actions import processes
from portal.cli.privacy import erasures, person, retention
from portal.delivery import erased
from portal.models import Erasure
from tests import makers, people


@pytest.fixture
def closed(sqlite: db.Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    url = sqlite.url.render_as_string(hide_password=False)
    monkeypatch.setenv("PORTAL_DATABASE_URL", url)
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "data"))
    people.settle()
    head = makers.HEAD.replace("name: Demo\n", "name: Demo\nretention: 30 days\n", 1)
    with clock.stopped_at(clock.now() - timedelta(days=40)):
        process = makers.start(makers.FORM, head=head)
        processes.cancel(process, "Not needed.", actor=people.staff("dana"))
    yield process
    db.current().close()


def test_the_dry_run_tells_what_would_go_and_changes_nothing(closed: str) -> None:
    told = CliRunner().invoke(retention, ["--dry-run"])
    assert told.exit_code == 0
    assert closed in told.output
    assert "goes" in told.output
    assert "1 would be erased. Nothing was changed." in told.output
    assert makers.rows(Erasure) == []


def test_the_run_has_the_same_erased(closed: str) -> None:
    told = CliRunner().invoke(retention, [])
    assert "1 are being erased" in told.output
    [row] = makers.rows(Erasure)
    assert (row.basis, row.asked_by) == ("retention", "retention")


def test_the_list_is_printed_and_done_again(closed: str, tmp_path: Path) -> None:
    line = {
        "erasure": "01e", "process": closed, "participants": [], "kind": "process",
        "basis": "request", "reference": None, "asked_by": "ada",
        "asked_at": "2026-11-23T09:00:00+00:00", "subjects": [],
    }  # fmt: skip
    (tmp_path / "data").mkdir(exist_ok=True)
    erased.note(tmp_path / "data", line)
    erased.note(tmp_path / "data", line)
    shown = CliRunner().invoke(erasures, [])
    assert [json.loads(one) for one in shown.output.splitlines()] == [line]
    again = CliRunner().invoke(erasures, ["--replay"])
    assert "1 of 1 had come back" in again.output
    again = CliRunner().invoke(erasures, ["--replay"])
    assert "0 of 1 had come back" in again.output


def test_a_damaged_line_stops_it_with_its_number(closed: str, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text('{"erasure": "x"\n')
    told = CliRunner().invoke(erasures, ["--replay", str(path)])
    assert told.exit_code != 0
    assert "Line 1" in str(told.exception)


def test_somebody_gets_their_copy_and_no_file_is_written_over(closed: str, tmp_path: Path) -> None:
    path = tmp_path / "copy.zip"
    told = CliRunner().invoke(person, ["vera@vendor.example", str(path)])
    assert "from 1 process, with 0 of their files" in told.output
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert set(zipfile.ZipFile(path).namelist()) == {"summary.txt", "data.json"}
    assert CliRunner().invoke(person, ["vera@vendor.example", str(path)]).exit_code != 0
