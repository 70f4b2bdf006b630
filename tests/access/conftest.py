"""Who is asking, on both databases, at a stopped clock, with the cast in place."""

from collections.abc import Iterator

import pytest

from portal import db
from portal.access import links
from portal.clock import Clock
from tests import people

OLD, NEW = "an older key, long enough to be one", "a newer key, long enough to be one"


@pytest.fixture
def keys() -> Iterator[None]:
    """Two keys, the newer first."""
    links.configure((NEW, OLD), "https://portal.example/")
    yield
    links.configure((NEW, OLD), "https://portal.example/")


@pytest.fixture
def house(database: db.Database, clock: Clock, keys: None) -> None:
    """A database with the staff in it, and keys to make links with."""
    people.settle()
