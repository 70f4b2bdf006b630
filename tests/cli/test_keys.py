"""``portal rotate-key``, as an installer types it."""

from pathlib import Path

from portal.delivery.seal import KEY_FILE, Seal
from tests.cli.test_people import home, run  # noqa: F401 - a fixture


def test_the_new_key_stands_alone_on_stdout_and_signs_from_now_on(home: Path) -> None:  # noqa: F811
    old = str(Seal.of(home).public_key)
    refused = run(home, "rotate-key", typed="n\n")
    assert (refused.returncode, refused.stdout) == (130, "")
    assert str(Seal.of(home).public_key) == old
    done = run(home, "rotate-key", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{Seal.of(home).public_key}\n" != f"{old}\n"
    assert "/.well-known/portal-ledger/keys" in done.stderr
    assert (home / KEY_FILE).stat().st_mode & 0o077 == 0
