"""``portal simulate``: walks a definition through weeks, and tells what would happen when."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from portal.cli.definitions import faults_of, text_of
from portal.cli.main import Outside


@click.command
@click.argument("file", type=click.Path())
@click.argument("others", nargs=-1, type=click.Path(), metavar="[OTHER]...")
@click.option(
    "--answers",
    "answers_file",
    type=click.Path(),
    metavar="FILE",
    help="What is answered, and when: YAML with inputs, steps, signals, calls.",
)
@click.option(
    "--after",
    default="1 day",
    show_default=True,
    help="How long everybody takes for whom the file says nothing.",
)
@click.option("--nobody-answers", is_flag=True, help="Nobody does anything: what happens then?")
@click.option(
    "--start",
    "begins",
    metavar="YYYY-MM-DDTHH:MM",
    help="When it starts, in the definition's zone; else the next working morning.",
)
@click.option(
    "--weeks",
    type=click.IntRange(1, 520),
    default=26,
    show_default=True,
    help="How long it is watched at the most.",
)
@click.option("--timezone", default="UTC", show_default=True, help="The installation's zone.")
@click.option("--json", "as_json", is_flag=True, help="One event a line, for programs.")
@click.pass_obj
def simulate(outside: Outside, /, file: str, others: tuple[str, ...], **options: Any) -> int:
    """Walk the definition in FILE through weeks with a clock that jumps.

    Prints every message, reminder, escalation and deadline with its local time. The engine is
    the real one, over a database that is thrown away; nothing is sent, no system is called. OTHER
    are definitions that it runs. A file of answers says for steps `{after: 2 days, values: {…}}`,
    `{decision: reject, comment: …}`, `never`, or a list of these, one for each round; where
    several are asked, `by: {ROLE: …}` says it for one of them. For signals it says
    `{after: 3 days, data: …}`; for calls `{status: 200, json: {…}}`. With --json the last line
    is a `simulation.ended`: the state, and who and what is still waited for.
    """
    faults = [line for name in (file, *others) for line in faults_of(name)]
    if faults:
        for line in faults:
            click.echo(line)
        return 1
    from portal.logs import configure

    configure("error")
    return _simulate(outside, file, others, options)


def _simulate(outside: Outside, file: str, others: Sequence[str], options: dict[str, Any]) -> int:
    from portal.cli.simulation import house
    from portal.cli.simulation.life import WrongAnswer
    from portal.cli.simulation.printed import Printed

    sources = [(text_of(name), name) for name in (file, *others)]
    tree = house.definitions_tree(*sources[0])
    answers, wrong = _answers(options["answers_file"], tree)
    for fault in wrong:
        click.echo(str(fault))
    if wrong:
        return 1
    zone = _zone(options["timezone"])
    after = None if options["nobody_answers"] else _duration(options["after"])
    at = _begins(options["begins"], tree, zone)
    printed = Printed(tree, at, as_json=options["as_json"])
    with house.opened(
        tree, sources, answers, after, at, outside.carry_out, printed.tell, printed.unfit, zone
    ) as life:
        printed.begin(life)
        try:
            today = at.astimezone(life.calendar.timezone).date()
            life.start(
                house.inputs(tree, answers, today),
                house.participants(tree),
                life.sign_in(house.starter(tree)),
            )
            life.live(at + timedelta(weeks=options["weeks"]))
        except WrongAnswer as refused:
            name = options["answers_file"]
            click.echo(f"{name}:{refused.line}: {refused.key}: {refused.sentence}")
            return 1
        printed.end(life, at + timedelta(weeks=options["weeks"]))
    return 0


def _answers(name: str | None, tree: Any) -> tuple[Any, list[Any]]:
    from portal.cli.simulation import answers

    if name is None:
        return answers.Answers(), []
    try:
        return answers.read(text_of(name), name, tree)
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"{name}: there is no such file, or it is not text.") from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise click.UsageError(f"--timezone: {name!r} is not a time zone.") from None
    return name


def _duration(text: str) -> Any:
    from portal.definition.durations import Duration

    try:
        return Duration.parse(text)
    except ValueError as unfit:
        raise click.UsageError(f"--after: {unfit}") from None


def _begins(text: str | None, tree: Any, zone: str) -> datetime:
    """The start that was given, or nine o'clock on the next weekday."""
    from portal.definition.functions import FIRST_YEAR, LAST_YEAR

    own = ZoneInfo((tree.calendar.timezone if tree.calendar else None) or zone)
    if text is not None:
        try:
            at = datetime.fromisoformat(text).replace(tzinfo=own)
        except ValueError:
            raise click.UsageError("--start: give a moment such as 2026-11-30T09:00.") from None
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise click.UsageError(f"--start: give a year from {FIRST_YEAR} to {LAST_YEAR}.")
        return at
    from portal import clock

    day = clock.now().astimezone(own).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, 9, tzinfo=own)
