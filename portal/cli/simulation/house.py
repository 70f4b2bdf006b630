"""A house that is thrown away: a database in a temporary folder, and everybody who is needed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal import clock, db, installation
from portal.access import links
from portal.actions import definitions, people
from portal.cli.hand import at_the_terminal
from portal.cli.simulation import makeup
from portal.cli.simulation.answers import Answers
from portal.cli.simulation.life import Life
from portal.definition.durations import Duration
from portal.definition.hours import work_calendar
from portal.definition.tree import Definition
from portal.delivery.catcher import Catcher
from portal.migrations import upgrade
from portal.settings import Settings

_OUTSIDE, _INSIDE = "example.org", "example.com"
_ADMIN = f"admin@{_INSIDE}"


@contextmanager
def opened(
    tree: Definition,
    sources: Sequence[tuple[str, str]],
    answers: Answers,
    after: Duration | None,
    at: datetime,
    carry_out: Callable[[Settings], object],
    tell: Callable[..., None],
    unfit: Callable[..., None],
    timezone: str,
) -> Iterator[Life]:
    """A house at a moment, with these definitions (text and name) and all the staff they name."""
    with (
        TemporaryDirectory(prefix="portal-simulation-") as folder,
        clock.stopped_at(at) as time,
    ):
        settings = _settings(Path(folder), timezone)
        db.bind(db.Database(settings.database_url))
        links.configure(settings.secret_keys, settings.base_url)
        installation.configure(
            timezone=settings.timezone, link_days=settings.link_days, language=settings.language
        )
        upgrade(db.current())
        with Catcher(settings.data_dir) as catcher:
            people.add_user(_ADMIN, "Admin", "admin", None, actor=at_the_terminal())
            teams: dict[str, str] = {}
            for text, name in sources:
                _settle(definitions_tree(text, name), teams)
            for text, name in sources:
                definitions.publish(text, filename=name, actor=at_the_terminal())
            hours = work_calendar(tree, installation.current)
            life = Life(
                time, tree, hours, answers, after, catcher.mailbox,
                lambda: carry_out(settings), tell, unfit, teams, _roles(tree),
            )  # fmt: skip
            yield life
        db.current().close()


def definitions_tree(text: str, name: str) -> Definition:
    """The tree of a text that was checked before."""
    from portal.definition.load import load

    return load(text, name)


def inputs(tree: Definition, answers: Answers, today: date) -> dict[str, Any]:
    """What is known at the start: as the file says, and made up where it doesn't."""
    return {**makeup.values(tree.inputs, today), **answers.inputs}


def participants(tree: Definition) -> dict[str, dict[str, str]]:
    """Somebody for every role that a start names."""
    found = {}
    for role in tree.roles.values():
        if role.kind == "external":
            found[role.id] = {"email": f"{role.id}@{_OUTSIDE}", "name": role.name}
        elif role.team is None:
            found[role.id] = {"email": f"{role.id}@{_INSIDE}"}
    return found


def _roles(tree: Definition) -> dict[str, str]:
    """The role of each address, and of each team that nobody of it stands for by name."""
    named = {person["email"]: role for role, person in participants(tree).items()}
    return named | {role.team: role.id for role in tree.roles.values() if role.team}


def starter(tree: Definition) -> str:
    """The address of whoever starts it: its owner, or somebody of the owner's team."""
    return tree.owner.email or _member(str(tree.owner.team))


def _settings(folder: Path, timezone: str) -> Settings:
    return Settings.load(
        {
            "PORTAL_DATA_DIR": str(folder),
            "PORTAL_TIMEZONE": timezone,
            "PORTAL_BASE_URL": "http://portal.invalid",
            "PORTAL_LOG_LEVEL": "error",
        }
    )


def _settle(tree: Definition, teams: dict[str, str]) -> None:
    """Everybody of the house whom a definition names."""
    by = at_the_terminal()
    if tree.owner.email:
        people.add_user(tree.owner.email, "Owner", "member", None, actor=by)
    if tree.owner.team:
        _settle_team(tree.owner.team, teams)
    for role in tree.roles.values():
        if role.kind != "staff":
            continue
        if role.team is not None:
            _settle_team(role.team, teams)
        else:
            people.add_user(f"{role.id}@{_INSIDE}", role.name, "member", None, actor=by)


def _settle_team(team: str, teams: dict[str, str]) -> None:
    email = teams.setdefault(team, _member(team))
    people.add_user(email, f"Somebody of {team}", "member", None, [team], actor=at_the_terminal())


def _member(team: str) -> str:
    slug = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in team.lower())
    return f"{slug.strip('-') or 'team'}-team@{_INSIDE}"
