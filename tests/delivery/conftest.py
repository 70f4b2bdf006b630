from pathlib import Path

import pytest

from portal.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A portal with nothing set but where its data lies and whom its mail is from."""
    return Settings.load(
        {"PORTAL_DATA_DIR": str(tmp_path / "var"), "PORTAL_MAIL_FROM": "Sea Ltd <desk@sea.example>"}
    )
