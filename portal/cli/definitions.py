"""``portal check`` tells every fault of definitions, ``portal define`` publishes them."""

import json
from pathlib import Path

import click

from portal.cli.house import open_house

_FILES = click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
_UNREADABLE: dict[type[OSError], str] = {
    FileNotFoundError: "there is no such file",
    IsADirectoryError: "this is a folder; name the files in it",
    PermissionError: "you may not read this file",
}


@click.command
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, wanted: _print_schema(context) if wanted else None,
    help="Print the JSON Schema of the language, for editors, and do nothing else.",
)
@_FILES
def check(files: tuple[str, ...]) -> int:
    """Tell every fault of process definitions, one a line.

    Exit 0 where there is none, 1 where there are. What would hurt in use, such as a step that
    may stay undone for ever, is a warning on standard error; so is a safeguard that the published
    version has and the file has not, where the settings lead to a database.
    """
    faults = [line for name in files for line in faults_of(name)]
    for line in faults:
        click.echo(line)
    for warning in [] if faults else _warnings(files):
        click.echo(warning, err=True)
    if not faults:
        sound = "1 definition is" if len(files) == 1 else f"{len(files)} definitions are"
        click.echo(f"{sound} sound.", err=True)
    return 1 if faults else 0


@click.command
@click.option("--dry-run", is_flag=True, help="Say what would be published, and publish nothing.")
@_FILES
def define(files: tuple[str, ...], dry_run: bool) -> int:
    """Load process definitions; nothing is loaded while any of them has a fault.

    A version that does away with a safeguard says so first.
    """
    faults = [line for name in files for line in faults_of(name)]
    if not faults:
        open_house(log_level="warning")
        faults = [line for name in files for line in _publish(name, dry_run)]
    for line in faults:
        click.echo(line, err=True)
    return 1 if faults else 0


def _print_schema(context: click.Context) -> None:
    from portal.definition.schema import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
    context.exit()


def faults_of(name: str) -> list[str]:
    """Every fault of one file, each as the line that tells it."""
    from portal.definition.load import DefinitionFaults, load

    try:
        load(text_of(name), name)
    except DefinitionFaults as refusal:
        return [str(fault) for fault in refusal.faults]
    except UnicodeDecodeError:
        return [f"{name}: this is not a text in UTF-8."]
    except OSError as fault:
        return [f"{name}: {_UNREADABLE.get(type(fault), fault.strerror or 'it cannot be read')}."]
    return []


def _warnings(names: tuple[str, ...]) -> list[str]:
    from portal.cli import safeguards
    from portal.definition import warnings
    from portal.definition.load import load

    sound = [(name, load(text_of(name), name)) for name in names]
    told = [str(one) for name, tree in sound for one in warnings.of(tree, name)]
    return told + safeguards.dropped(sound)


def _publish(name: str, dry_run: bool) -> list[str]:
    from portal.actions import definitions
    from portal.cli.hand import at_the_terminal
    from portal.errors import Faulty

    text, actor = text_of(name), at_the_terminal()
    try:
        told = definitions.publish(text, filename=name, dry_run=True, actor=actor)
        for remark in told.remarks:
            click.echo(f"{name}: {remark}", err=True)
        if not dry_run:
            told = definitions.publish(text, filename=name, actor=actor)
    except Faulty as refusal:
        return [f"{name}:{fault.at}: {fault.message}" for fault in refusal.faults]
    news = "would be published" if dry_run else "published"
    news = news if told.is_new else "known already"
    click.echo(f"{told.key} version {told.version}: {news}")
    return []


def text_of(name: str) -> str:
    """The text of a file in UTF-8. Raises OSError and UnicodeDecodeError."""
    return Path(name).read_text(encoding="utf-8-sig")
