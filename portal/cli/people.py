"""``portal user add`` and ``portal token create``: staff and programs, from the terminal."""

import sys

import click

from portal.cli.house import open_house
from portal.errors import Faulty


@click.group
def user() -> None:
    """Add or update staff."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="How they are called.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["admin", "member", "auditor"]),
    help="What they may do.",
)
@click.option("--team", "teams", multiple=True, help="A team they belong to; may be repeated.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str, role: str, teams: tuple[str, ...], password_stdin: bool) -> int:
    """Add a member of staff, or change the one with that address."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    open_house(log_level="warning")
    from portal.actions import people
    from portal.cli.hand import at_the_terminal

    if password == "":
        click.echo("--password-stdin: nothing was typed, so nothing was changed.", err=True)
        return 1
    try:
        people.add_user(email, name, role, password, teams, actor=at_the_terminal())
    except Faulty as refusal:
        return _tell(refusal)
    click.echo(f"{email} is {'an' if role[0] == 'a' else 'a'} {role}.", err=True)
    return 0


@user.command("forget-second-factor")
@click.argument("email")
def forget_second_factor(email: str) -> int:
    """Take a lost authenticator app away; the password stays."""
    open_house(log_level="warning")
    from portal import db
    from portal.actions import second_factor
    from portal.cli.hand import at_the_terminal
    from portal.errors import Unknown
    from portal.readings import house

    with db.reading() as conn:
        known = [one for one in house.colleagues(conn) if one.email == email.strip().lower()]
    if not known:
        click.echo(f"Nobody here has the address {email}.", err=True)
        return 1
    try:
        second_factor.remove_of(known[0].id, None, actor=at_the_terminal())
    except Unknown as refusal:
        click.echo(refusal.sentence, err=True)
        return 1
    click.echo(f"{email} signs in by password alone now.", err=True)
    return 0


@click.group
def token() -> None:
    """Make API tokens."""


@token.command("create")
@click.argument("name")
@click.option("--user", "email", required=True, help="The address of the user it acts for.")
@click.option("--system", is_flag=True, help="Starts and completes tasks, decides nothing.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(["read", "start", "act", "admin"]),
    help="What it is good for; may be repeated. Without it: all of them.",
)
@click.option("--days", type=int, help="End it after so many days.")
def create(name: str, email: str, system: bool, scopes: tuple[str, ...], days: int | None) -> int:
    """Print a new API token, this once; it is not kept."""
    open_house(log_level="warning")
    from portal.actions import people
    from portal.cli.hand import at_the_terminal

    try:
        made = people.make_token(name, email, system, scopes or None, days, actor=at_the_terminal())
    except Faulty as refusal:
        return _tell(refusal)
    click.echo(made)
    return 0


def _tell(refusal: Faulty) -> int:
    for fault in refusal.faults:
        click.echo(f"{fault.at}: {fault.message}", err=True)
    return 1
