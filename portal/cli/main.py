"""The command ``portal``: what it can do, and how a fault is told in a terminal.

Commands are imported when they are called, so that ``--help`` costs little. Every fault is one
sentence on standard error and a non-zero exit: 1 refused, 2 settings, 64 wrong use, which is
none of the verdicts of ``portal verify``.
"""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from portal.kin import end_with_named_parent

WRONG_USE = 64


class Entry(NamedTuple):
    """Where a command lies (``module:attribute``) and what it does, in a line."""

    place: str
    summary: str
    hidden: bool = False


COMMANDS: dict[str, Entry] = {
    "up": Entry("portal.cli.up:up", "Run everything in one process tree."),
    "web": Entry("portal.cli.web:web", "Run the web role alone."),
    "check": Entry("portal.cli.definitions:check", "Tell every fault of process definitions."),
    "define": Entry("portal.cli.definitions:define", "Load process definitions."),
    "simulate": Entry("portal.cli.simulate:simulate", "Walk a definition through weeks."),
    "bpmn": Entry("portal.cli.charts:bpmn", "Print a definition as BPMN 2.0."),
    "diagram": Entry("portal.cli.charts:diagram", "Print a definition as a diagram."),
    "start": Entry("portal.cli.processes:start", "Start a process and print its id."),
    "pack": Entry("portal.cli.packs:pack", "Make an evidence pack of many processes."),
    "user": Entry("portal.cli.people:user", "Add or update staff."),
    "token": Entry("portal.cli.people:token", "Make API tokens."),
    "rotate-key": Entry("portal.cli.keys:rotate_key", "Sign with a new key from now on."),
    "verify": Entry("portal.cli.verify:verify", "Check an audit trail offline."),
    "retention": Entry("portal.cli.privacy:retention", "Erase what was kept long enough."),
    "erasures": Entry("portal.cli.privacy:erasures", "List erasures, or do them again."),
    "person": Entry("portal.cli.privacy:person", "Write all that is held of one person."),
    "doctor": Entry("portal.cli.doctor:doctor", "Check this installation, with remedies."),
    "migrate": Entry("portal.cli.up:migrate", "Bring the database to the current schema."),
    "catcher": Entry("portal.cli.up:catcher", "Run the mail catcher.", hidden=True),
}


class Outside(NamedTuple):
    """What commands need of rooms that this package does not know; handed in by ``app.py``.

    ``ask_redis`` takes the settings and raises where Redis does not answer; ``carry_out`` does
    every waiting effect (mail, PDF) in this process, with the settings it is given.
    """

    ask_redis: Callable[[Any], object]
    carry_out: Callable[[Any], object]


class Commands(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    entries: dict[str, Entry] = COMMANDS

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which a newcomer needs them."""
        return [name for name, entry in self.entries.items() if not entry.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported now; None where there is none."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.entries[name].summary) for name in self.list_commands(ctx)]
            )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def portal() -> None:
    """Portico: work that crosses a company's border."""


def run(more: dict[str, Entry], outside: Outside, arguments: list[str] | None = None) -> NoReturn:
    """Run the command line with the commands handed in beside those of this package."""
    end_with_named_parent()
    Commands.entries = {**COMMANDS, **more}
    arguments = sys.argv[1:] if arguments is None else arguments
    options: dict[str, Any] = {"prog_name": "portal", "standalone_mode": False, "obj": outside}
    sys.exit(answer(lambda: portal.main(_readable(arguments), **options)))


def _readable(arguments: list[str]) -> list[str]:
    """The arguments, if all are text: what is not could neither be stored nor be shown."""
    for text in arguments:
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode(errors="surrogateescape").decode(errors="replace")
            raise click.UsageError(f"“{shown}” is not text in UTF-8.") from None
    return arguments


def answer(work: Callable[[], Any]) -> int:
    """Do the work of a command and tell its faults; the exit status."""
    try:
        status = work()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        return _tell(help_.format_message(), WRONG_USE)
    except click.ClickException as fault:
        status = WRONG_USE if isinstance(fault, click.UsageError) else fault.exit_code
        return _tell(_line_of(fault), status)
    except (KeyboardInterrupt, click.Abort):
        return _tell("Stopped.", 130)
    except BrokenPipeError:
        # The reader of our output has gone; leave nothing for the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as fault:  # noqa: BLE001, RUF100 - the last place to make a sentence of it
        return _refusal(fault)
    return status if isinstance(status, int) else 0


def _refusal(fault: Exception) -> int:
    from portal.errors import PortalError
    from portal.settings import SettingsError

    if isinstance(fault, SettingsError):
        return _tell("\n".join(fault.faults), 2)
    if isinstance(fault, PortalError):
        return _tell(str(fault), 1)
    return _tell(sentence_of(fault), 1)


def _line_of(fault: click.ClickException) -> str:
    """What click says of it in three lines, in one: what is wrong, and where help is."""
    told = " ".join(fault.format_message().split())
    context = getattr(fault, "ctx", None)
    where = f" `{context.command_path} --help` tells more." if context else ""
    return f"{told}{'' if told.endswith(('.', '?')) else '.'}{where}"


def sentence_of(fault: Exception) -> str:
    """What an outside fault means to whoever sits at the terminal."""
    from portal.logs import scrub

    name = type(fault).__name__
    module = type(fault).__module__.partition(".")[0]
    told = scrub(" ".join(str(fault).split()))[:300]
    if module in ("sqlalchemy", "psycopg", "sqlite3"):
        return f"The database can't do this: {told}. `portal doctor` tells what it needs."
    if module == "redis":
        return f"Redis does not answer: {told}. `portal doctor` tells what it needs."
    if isinstance(fault, OSError):
        return f"{fault.strerror or told}{f': {fault.filename}' if fault.filename else ''}."
    return f"This went wrong inside the portal ({name}: {told})."


def _tell(sentence: str, status: int) -> int:
    click.echo(sentence, err=True)
    return status
