"""What tests of the engine with a database need: the staff, and a stopped clock."""

from collections.abc import Iterator

import pytest

from portal import db, installation
from portal.clock import Clock
from tests import people


@pytest.fixture
def house(database: db.Database, clock: Clock) -> Iterator[None]:
    """A database with the staff in it, in an installation whose zone is UTC."""
    people.settle()
    before = installation.current
    installation.configure(timezone="UTC", link_days=30)
    yield
    installation.current = before
