"""Somebody to act and somebody to sign."""

from pathlib import Path

import pytest

from portal.actor import Actor
from portal.delivery.seal import Seal


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal.of(tmp_path)


@pytest.fixture
def vera() -> Actor:
    """The participant: entered by a link, sits somewhere, uses some browser."""
    return Actor(
        kind="participant", id="p3", name="Vera Vendor", via="page", auth="link",
        email="vera@vendor.example", link="9f2b11aa00000000", ip="192.0.2.7", agent="Browser/1",
    )  # fmt: skip
