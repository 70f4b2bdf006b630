"""The rules of this room share what they read of the sources."""

from collections.abc import Iterator

import pytest

from tests.structure import sources


@pytest.fixture(scope="package", autouse=True)
def _read_sources() -> Iterator[None]:
    """Half a million nodes are let go once nobody here asks any more."""
    yield
    sources.forget()
