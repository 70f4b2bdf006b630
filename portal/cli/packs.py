"""``portal pack``: an evidence pack of many processes, and how one is checked in a terminal."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click

from portal.cli.house import open_house
from portal.ledger.findings import Report
from portal.ledger.keepsakes import Kept
from portal.ledger.pack import PackReport, verify

_FOLDER_OF = click.Path(dir_okay=False, path_type=Path)


@click.command
@click.argument("file", type=_FOLDER_OF)
@click.option("--process", "ids", multiple=True, metavar="ID", help="A process that is to be in.")
@click.option("--definition", metavar="KEY", default="", help="Processes of this definition.")
@click.option("--state", "states", multiple=True, help="running, completed, cancelled, rejected.")
@click.option("--from", "since", metavar="DAY", default="", help="Started on this day or later.")
@click.option("--until", metavar="DAY", default="", help="Started on this day or earlier.")
@click.option("--language", "spoken", default="en", help="In which the audit trails are told.")
@click.option("--without-files", is_flag=True, help="Without the files that people sent.")
@click.pass_obj
def pack(
    outside: Any, /, file: Path, ids: tuple[str, ...], without_files: bool, **asked: Any
) -> int:
    """Make an evidence pack of many processes and write it to FILE.

    Built by this command itself, beside whatever workers there are.
    """
    settings = open_house(log_level="warning")
    from portal import db, installation
    from portal.actions import packs as verbs
    from portal.cli.hand import at_the_terminal
    from portal.delivery.storage import Store
    from portal.readings import packs

    actor, store = at_the_terminal(), Store(settings.storage_dir)
    name, wanted = f"{len(ids)} chosen processes", list(ids)
    if not ids:
        told = {"definition": asked["definition"], "since": asked["since"], "until": asked["until"]}
        zone = installation.current.timezone
        choice, name = packs.choice(told, asked["states"], zone, actor)
        with db.reading() as conn:
            wanted = list(packs.chosen(conn, choice, verbs.MOST + 1))
    plan = verbs.Plan(name, not without_files, asked["spoken"])
    pack_id = verbs.draft(plan, wanted, actor=actor)
    with db.reading() as conn:
        size = packs.size(conn, pack_id, files=plan.files)
    click.echo(f"{len(wanted):,} processes, about {size / 10**6:,.0f} MB.", err=True)
    verbs.begin(pack_id, size=size, room=store.room(), actor=actor)
    _wait(pack_id, len(wanted), lambda: outside.carry_out(settings))
    return _written(pack_id, store, file)


def _wait(pack_id: str, total: int, carry_out: Callable[[], object]) -> None:
    """Build, and tell how far it is, until it has ended one way or another."""
    from portal import clock, db
    from portal.readings import packs

    with click.progressbar(length=total, label="Building", file=sys.stderr) as bar:
        while True:
            carry_out()
            with db.reading() as conn:
                tally, found = packs.tally(conn, pack_id), packs.pack(conn, pack_id, None)
            bar.update(tally.through - bar.pos)
            if found.state != "running":
                return
            clock.sleep(0.5)


def _written(pack_id: str, store: Any, file: Path) -> int:
    from portal import db
    from portal.errors import Conflict
    from portal.readings import packs

    with db.reading() as conn:
        found = packs.pack(conn, pack_id, None)
        failed = packs.parts(conn, pack_id, "failed", limit=10_000)
    if found.storage_id is None:
        raise Conflict(f"The pack could not be made: {found.why or found.state}.")
    with store.open(found.storage_id) as stream, file.open("wb") as target:
        shutil.copyfileobj(stream, target, 1024 * 1024)
    for one in failed:
        click.echo(f"Not in it: {one.process_id}: {one.fault}", err=True)
    click.echo(f"{file}: SHA-256 {found.sha256}")
    return 1 if failed else 0


def judged(
    file: Path, key: bytes | None, kept: Kept, judge: Callable[[Path, Kept], Report]
) -> PackReport:
    """Check a pack, its PDFs included, with a sign of life in the terminal."""
    with tempfile.TemporaryDirectory() as folder:

        def of_pdf(stream: BinaryIO, changes: Kept) -> Report:
            path = Path(folder) / "trail.pdf"
            with path.open("wb") as copy:
                shutil.copyfileobj(stream, copy, 1024 * 1024)
            return judge(path, changes)

        with click.progressbar(length=1, label="Checking", file=sys.stderr) as bar:

            def step(total: int) -> None:
                bar.length = total
                bar.update(1)

            return verify(file, key=key, judge=of_pdf, step=step, kept=kept)
