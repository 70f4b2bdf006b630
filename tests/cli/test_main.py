import subprocess
import sys
import time

import click
import pytest
import sqlalchemy.exc

from portal.cli import main
from portal.errors import Unknown
from portal.settings import SettingsError
from tests.servers import PORTAL, ROOT


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (Unknown("No definition is called x."), 1, "No definition is called x."),
        (SettingsError(["PORTAL_A: a", "PORTAL_B: b"]), 2, "PORTAL_A: a\nPORTAL_B: b"),
        (click.UsageError("No such option"), 64, "No such option."),
        (KeyboardInterrupt(), 130, "Stopped."),
        (FileNotFoundError(2, "No such file", "a.yaml"), 1, "No such file: a.yaml."),
        (sqlalchemy.exc.OperationalError("x", {}, Exception("no table")), 1, "The database"),
        (RuntimeError("odd"), 1, "This went wrong inside the portal (RuntimeError: odd)."),
        (RuntimeError("smtp://a:hunter2@b"), 1, "[hidden]"),
    ],
)
def test_a_fault_is_a_sentence_and_a_status(error, status, sentence, capsys):
    assert main.answer(raising(error)) == status
    told = capsys.readouterr().err
    assert sentence in told
    assert "Traceback" not in told
    assert "hunter2" not in told


def test_a_status_of_a_command_is_the_status():
    assert main.answer(lambda: 3) == 3
    assert main.answer(lambda: None) == 0


def test_every_command_can_be_imported_and_explains_itself():
    for name, entry in main.COMMANDS.items():
        command = main.Commands("x").get_command(click.Context(main.portal), name)
        assert command is not None
        assert command.help, name
        assert entry.summary.endswith(".")


def test_help_is_there_at_once_and_imports_no_library():
    code = (
        "import sys; sys.argv = ['portal', '--help']\n"
        "import atexit; atexit.register(lambda: print(sorted(set(sys.modules) & "
        "{'flask', 'sqlalchemy', 'rq', 'redis', 'weasyprint', 'celpy'})))\n"
        "from app import command; command()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "Run everything in one process tree." in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["start"], "Missing argument 'KEY'. `portal start --help` tells more.\n"),
        (["verify", "gone.pdf"], "Invalid value for 'FILE': File 'gone.pdf' does not exist."),
        (["verify", "."], "Invalid value for 'FILE': File '.' is a directory."),
        (["start", "ask", "--input", b"a=\xff"], "“a=\ufffd” is not text in UTF-8.\n"),
        (["user", "add", b"\xff@x.example"], "“\ufffd@x.example” is not text in UTF-8.\n"),
    ],
)
def test_wrong_use_is_one_sentence_and_no_verdict(words, sentence):
    done = subprocess.run([sys.executable, str(PORTAL), *words], capture_output=True)
    assert done.returncode == 64
    assert done.stderr.decode().startswith(sentence)
    assert done.stderr.count(b"\n") == 1


def test_an_unknown_command_is_one_sentence():
    began = time.monotonic()
    done = subprocess.run([sys.executable, str(PORTAL), "fly"], capture_output=True, text=True)
    assert done.returncode == 64
    assert done.stderr == "No such command 'fly'. `portal --help` tells more.\n"
    assert time.monotonic() - began < 5
