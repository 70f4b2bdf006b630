"""``portal retention``, ``erasures`` and ``person``: what goes, what went, what is held."""

import json
import os
from pathlib import Path

import click

from portal.cli.house import open_house


@click.command
@click.option("--dry-run", is_flag=True, help="Only say what would be erased, and what stays.")
def retention(*, dry_run: bool) -> int:
    """Erase what has been kept long enough, as the night shift does.

    One line a process: its id, when it ended, and what becomes of it.
    """
    open_house(log_level="warning")
    from portal import clock, db
    from portal.actions import retention as actions

    with db.reading() as conn:
        due = list(actions.due(conn, clock.now()))
        silent = [rule for rule in actions.rules(conn, clock.now()) if rule.keep is None]
    for one in due:
        becomes = f"stays, a legal hold stands on it: {one.hold}" if one.hold else "goes"
        click.echo(f"{one.process_id}  {one.ended_at:%Y-%m-%d}  {one.key}  {becomes}")
    for rule in silent:
        click.echo(f"{rule.key}: no rule, {rule.closed} ended stay until somebody asks.", err=True)
    n = sum(one.hold is None for one in due)
    if dry_run:
        click.echo(f"{n} would be erased. Nothing was changed.", err=True)
        return 0
    actions.run()
    click.echo(f"{n} are being erased by the workers.", err=True)
    return 0


@click.command
@click.option("--replay", is_flag=True, help="Erase again what this database brought back.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def erasures(file: Path | None, *, replay: bool) -> int:
    """Print the list of erasures: ids and words alone, one JSON a line.

    After a restore from an older backup ``--replay`` does again what it undid, by the list in
    FILE (else that of the data directory). Safe to repeat.
    """
    settings = open_house(log_level="warning")
    from portal.actions import erasures as actions
    from portal.delivery import erased

    path = file or settings.data_dir / erased.FILE
    if file is not None and not file.exists():
        raise click.UsageError(f"There is no file {file}.")
    lines = list(erased.lines(path))
    if not replay:
        for line in lines:
            click.echo(json.dumps(line, sort_keys=True))
        return 0
    n = actions.replay(lines)
    click.echo(f"{n} of {len(lines)} had come back, and are being erased by the workers.")
    return 0


@click.command
@click.argument("email")
@click.argument("file", type=click.Path(path_type=Path))
def person(email: str, file: Path) -> int:
    """Write all that is held of the outside person EMAIL into the ZIP archive FILE.

    It holds nothing of anybody else: JSON, the same in words, and their files.
    """
    settings = open_house(log_level="warning")
    from portal import clock, db
    from portal.delivery.storage import Store
    from portal.readings import subject

    if file.exists():
        raise click.UsageError(f"{file} is there already.")
    with db.reading() as conn:
        told, files = subject.told(conn, email, clock.now())
    with open(file, "xb", opener=_private) as archive:
        packed = [(one.path, one.storage_id) for one in files]
        Store(settings.storage_dir).pack(archive, subject.texts(told), packed)
    n = len(told["processes"])
    click.echo(
        f"{file}: from {n} process{'' if n == 1 else 'es'}, with {len(files)} of their files."
    )
    return 0


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
