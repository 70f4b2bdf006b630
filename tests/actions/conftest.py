"""Every verb is tried on both databases, at a stopped clock, with the cast in place."""

from collections.abc import Iterator

import pytest

from portal import db, installation
from portal.clock import Clock
from tests import people


@pytest.fixture(autouse=True)
def house(database: db.Database, clock: Clock) -> Iterator[None]:
    """A database with the staff in it, in an installation whose zone is UTC."""
    people.settle()
    before = installation.current
    installation.configure(timezone="UTC", link_days=30)
    yield
    installation.current = before
