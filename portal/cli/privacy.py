"""``portal retention`` and ``portal erasures``: what goes by the clock, and what went."""

import json
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
