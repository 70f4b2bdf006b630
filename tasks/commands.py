"""The terminal's doors to the night shift: ``portal worker``, ``scheduler`` and ``redis``."""

import click

from portal.logs import configure
from portal.settings import Settings


@click.command
def worker() -> None:
    """Run the worker role alone: mail, PDFs and everything else that takes its time."""
    from tasks.run import worker as work

    work(_settings())


@click.command
def scheduler() -> None:
    """Run the scheduler role alone: what is due, what was left behind, what runs by the clock."""
    from tasks.run import scheduler as tick

    tick(_settings())


@click.command
def redis() -> None:
    """Become the embedded Redis of this data directory."""
    from tasks.queues import become_server

    become_server(_settings())


def _settings() -> Settings:
    settings = Settings.load()
    configure(settings.log_level)
    return settings
