"""Fills an empty database with the demo, eight weeks of it in some seconds."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from portal import clock, db
from portal.actions import definitions, people
from portal.cli.demo import onboarding, renewals, taxes
from portal.cli.demo.cast import PASSWORD, STAFF, Company, guest
from portal.cli.demo.history import ZONE, History, Moments
from portal.cli.hand import at_the_terminal
from portal.delivery.catcher import Catcher
from portal.delivery.storage import Store
from portal.readings import house, lists
from portal.settings import Settings

WEEKS = 8
_HERE = Path(__file__).parent


def load(settings: Settings, carry_out: Callable[[Settings], object]) -> None:
    """Fill an empty database with the demo; one that holds anything is left alone.

    ``carry_out`` does every effect that is due (mail, PDF) in this process; the pictures of files
    are left to the workers. Mails go to the catcher even where a mail server is set: nobody in
    the demo exists.
    """
    if not _is_empty():
        return
    caught = replace(settings, smtp_url=None)
    until = clock.now()
    today = until.astimezone(ZONE).date()
    click.echo(f"Loading the demo, {WEEKS} weeks of work: ", nl=False)
    with (
        clock.stopped_at(until - timedelta(weeks=WEEKS, days=2)) as time,
        Catcher(settings.data_dir) as catcher,
    ):
        _open_shop()
        history = History(
            time,
            today,
            catcher.mailbox,
            Store(settings.storage_dir),
            lambda: carry_out(caught),
            _Dots(clock.now()),
            until,
        )
        history.sign_in()
        history.live([*_stories(history), _newcomers(history, until)])
    click.echo(" done.")
    click.echo(f"Everybody signs in with {PASSWORD}:")
    for one in STAFF:
        click.echo(f"  {one.email:<22}{one.name}, {', '.join((one.role, *one.teams))}")


def _is_empty() -> bool:
    with db.reading() as conn:
        return not house.colleagues(conn) and not lists.definitions(conn)


def _open_shop() -> None:
    """Staff and definitions."""
    for one in STAFF:
        people.add_user(one.email, one.name, one.role, PASSWORD, one.teams, actor=at_the_terminal())
    for file in sorted(_HERE.glob("*.yaml")):
        definitions.publish(
            file.read_text(encoding="utf-8"), filename=file.name, actor=at_the_terminal()
        )


def _stories(history: History) -> Iterator[Moments]:
    for part in (onboarding, renewals, taxes):
        yield from part.stories(history)


def _newcomers(history: History, until: datetime) -> Moments:
    """The last minutes: invitations that whoever tries the portal can answer.

    The newest mail in the inbox is a supplier's.
    """
    yield until - timedelta(minutes=47, seconds=12)
    client = taxes.Return(history, guest("Noah Lindgren", "noah.lindgren@mail.example"))
    yield from _now(client.begin(0, "12:00"))
    yield until - timedelta(minutes=18, seconds=39)
    yield from _ask(history, "Sea Breeze Interiors", "Tess Moreau", "tess@seabreeze.example")
    yield until - timedelta(seconds=20)
    yield from _ask(history, "Newcomer & Daughters", "Nell Newcomer", "hello@newcomer.example")


def _ask(history: History, company: str, name: str, email: str) -> Moments:
    contact = guest(name, email)
    new = Company(company, "Partnership", "GB", "Hove", contact, "12000", "GBP")
    yield from _now(onboarding.Onboarding(history, new).begin(0, "12:00"))


def _now(beginning: Moments) -> Moments:
    """A beginning at the present moment, whatever hour it was written for."""
    next(beginning)
    yield from beginning


class _Dots:
    """A dot for each week that went by."""

    def __init__(self, since: datetime) -> None:
        self._next = since + timedelta(weeks=1)

    def __call__(self, moment: datetime) -> None:
        while moment >= self._next:
            click.echo(".", nl=False)
            self._next += timedelta(weeks=1)
