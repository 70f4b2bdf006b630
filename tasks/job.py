"""What every job stands on: settings, database and keys bound once in a process, ids in the log."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import structlog

from portal import db
from portal.access import links
from portal.readings import rules
from portal.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

_settings: Settings | None = None


def open_house(settings: Settings) -> None:
    """Bind database, keys and installation for this process; a second time changes nothing."""
    global _settings
    if _settings is settings:
        return
    db.bind(db.Database(settings.database_url))
    links.configure(settings.secret_keys, settings.base_url)
    settings.install()
    _settings = settings
    rules.follow()


def house() -> Settings:
    """The settings of the house that was opened; read from the environment where none was."""
    if _settings is None:
        open_house(Settings.load())
    assert _settings is not None
    return _settings


def job(work: Callable[P, R]) -> Callable[P, R]:
    """Make a job of a function: the house is open, and every line it logs names the job.

    What admins decided a moment ago holds in it.
    """

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        house()
        rules.follow_now_and_then()
        with structlog.contextvars.bound_contextvars(job=f"{work.__module__}.{work.__name__}"):
            return work(*args, **kwargs)

    return run
