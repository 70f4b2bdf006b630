"""``portal user add`` and ``portal token create``, as an installer types them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import PORTAL, ROOT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data directory with the current schema."""
    assert run(tmp_path, "migrate").returncode == 0
    return tmp_path


def run(home: Path, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
    return subprocess.run(
        [sys.executable, str(PORTAL), *words], cwd=ROOT, input=typed, check=False, text=True,
        env=clean | {"PORTAL_DATA_DIR": str(home)}, capture_output=True, timeout=60,
    )  # fmt: skip


def add(home: Path, *more: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    return run(home, "user", "add", "dana@example.com", "--name", "Dana", *more, typed=typed)


def test_a_user_is_added_and_a_token_stands_alone_on_stdout(home: Path) -> None:
    done = add(home, "--role", "admin", "--team", "ops", "--password-stdin", typed="long enough\n")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    made = run(home, "token", "create", "till", "--user", "dana@example.com")
    assert made.returncode == 0
    assert made.stdout.strip().startswith("portal_")
    assert len(made.stdout.split()) == 1
    again = run(home, "token", "create", "till", "--user", "dana@example.com", "--system")
    assert again.stdout != made.stdout


@pytest.mark.parametrize(
    ("more", "typed", "told"),
    [
        (("--role", "king"), "", "king"),
        (("--role", "member", "--password-stdin"), "short\n", "password: "),
        (("--role", "member", "--password-stdin"), "", "nothing was typed"),
    ],
)
def test_a_fault_is_one_sentence(home: Path, more: tuple[str, ...], typed: str, told: str) -> None:
    done = add(home, *more, typed=typed)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_token_for_nobody_is_refused(home: Path) -> None:
    done = run(home, "token", "create", "till", "--user", "nobody@example.com")
    assert done.returncode == 1
    assert "nobody@example.com" in done.stderr
    assert done.stdout == ""
