"""The set-up's own judgements; the whole of it is tried on a bare machine by hand and in CI."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from portal import bootstrap
from tests.servers import ROOT


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A set-up that would work in a folder of its own."""
    env = tmp_path / ".venv"
    for name, path in {
        "ROOT": tmp_path,
        "ENV": env,
        "PYTHON": env / "bin" / "python",
        "PORTAL": env / "bin" / "portal",
        "UNPACKED": env / "system",
        "LOG": env / "setup.log",
    }.items():
        monkeypatch.setattr(bootstrap, name, path)
    return env


def imported(path: Path) -> set[str]:
    """The modules a file imports at its top."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("name", ["app.py", "portal/__init__.py", "portal/bootstrap.py"])
def test_what_runs_on_a_bare_machine_needs_the_standard_library_alone(name):
    assert imported(ROOT / name) <= {*sys.stdlib_module_names, ""}


def test_an_unknown_verb_is_told_with_the_known_ones():
    done = subprocess.run(
        [sys.executable, "app.py", "fly"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "python3 app.py setup" in done.stderr


def test_the_locks_name_versions_and_hashes_and_no_addresses():
    for lock in [*bootstrap.LOCKS.values(), bootstrap.NODE_LOCK]:
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
    assert '"resolved"' not in (ROOT / "static" / "package-lock.json").read_text()


def test_the_test_lock_has_the_same_versions_as_the_other():
    run, test = (
        {line.split()[0] for line in lock.read_text().splitlines() if "==" in line}
        for lock in bootstrap.LOCKS.values()
    )
    assert run <= test


def test_what_is_missing_goes_by_debians_names(bare, monkeypatch):
    monkeypatch.setattr(bootstrap, "_loads", lambda _library: False)
    monkeypatch.setattr(bootstrap, "_has_pip", lambda: False)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    assert bootstrap._missing("run")[:2] == ["python3-venv", "libpango-1.0-0"]
    assert "chromium-headless-shell" in bootstrap._missing("test")


def test_without_any_way_one_sentence_says_what_to_install(bare, monkeypatch):
    monkeypatch.setattr(bootstrap, "_missing", lambda _kind: ["python3-venv"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap._system_packages("run")
    assert "python3-venv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_pango_the_set_up_goes_on_and_says_so(bare, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "_missing", lambda _kind: ["libpango-1.0-0"])
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    bootstrap._system_packages("run")
    assert "libpango-1.0-0" in capsys.readouterr().out


def test_the_command_runs_from_a_folder_with_an_odd_name(tmp_path, monkeypatch):
    root = tmp_path / 'it\'s a "place"'
    (root / "bin").mkdir(parents=True)
    (root / "lib" / "python3.x" / "site-packages").mkdir(parents=True)
    (root / "bin" / "python").symlink_to(sys.executable)
    monkeypatch.setattr(bootstrap, "ENV", root)
    monkeypatch.setattr(bootstrap, "PYTHON", root / "bin" / "python")
    monkeypatch.setattr(bootstrap, "PORTAL", root / "bin" / "portal")
    monkeypatch.setattr(bootstrap, "UNPACKED", root / "system")
    bootstrap._entry_point()
    (root / "bin" / "app.py").write_text("import sys\ndef command(): print(sys.argv[1:])\n")
    done = subprocess.run([root / "bin" / "portal", "a b", "c"], capture_output=True, text=True)
    assert done.stdout == "['a b', 'c']\n", done.stderr


def test_a_changed_lock_means_setting_up_again(bare, monkeypatch, tmp_path):
    lock = tmp_path / "lock"
    lock.write_text("a==1")
    monkeypatch.setitem(bootstrap.LOCKS, "run", lock)
    before = bootstrap._mark("run")
    lock.write_text("a==2")
    assert bootstrap._mark("run") != before
