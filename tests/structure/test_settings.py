"""Every setting is in the README's table and in nobody's code but the settings' own."""

import re

from portal.settings import NAMES
from tests.servers import ROOT

# Read by single files for tests and for the process tree; no settings of an installation.
INNER = {"PORTAL_FAULT", "PORTAL_CLOCK_SHIFT_FILE", "PORTAL_PARENT", "PORTAL_WEB_SERVER"}
# Any name may follow: what a definition calls its secret.
SECRETS = {"PORTAL_SECRET_", "PORTAL_SECRET_NAME"}
NAME = re.compile(r"\bPORTAL_[A-Z0-9_]+\b")


def test_every_setting_is_documented():
    readme = (ROOT / "README.md").read_text()
    assert not [name for name in NAMES if f"`{name}`" not in readme]


def test_the_readme_names_no_setting_that_is_not_there():
    found = set(NAME.findall((ROOT / "README.md").read_text()))
    assert found <= {*NAMES, *INNER, *SECRETS}


def test_the_code_names_no_setting_that_is_not_there():
    for path in [*(ROOT / "portal").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]:
        assert set(NAME.findall(path.read_text())) <= {*NAMES, *INNER, *SECRETS, "PORTAL_X"}, path
