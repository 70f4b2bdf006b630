"""R24 in short: a seeded soak of a quarter of a minute, on both databases, before every release."""

from pathlib import Path

import pytest

from tests.servers import Postgres, Smtp
from tests.soak.run import Plan, soak


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_portal_under_fire_keeps_its_word(
    kind: str, tmp_path: Path, smtp: Smtp, postgres: Postgres
) -> None:
    url = postgres.create() if kind == "postgresql" else ""
    soak(Plan(seconds=15, processes=5, seed=20261121, database_url=url), tmp_path / "portal", smtp)
