"""Secrets by name: where they are looked for, and what is none."""

from pathlib import Path

import pytest

from portal.delivery import secrets
from portal.delivery.secrets import NoSecret
from portal.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings.load({"PORTAL_DATA_DIR": str(tmp_path / "data")})


def keep(settings: Settings, name: str, value: str) -> None:
    folder = settings.data_dir / "secrets"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(value)


def test_the_environment_has_it_in_capitals_and_a_file_by_its_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(settings, "erp", "from a file\n")
    assert secrets.find(settings, "erp") == "from a file"
    monkeypatch.setenv("PORTAL_SECRET_ERP", "from outside")
    assert secrets.find(settings, "erp") == "from outside"


def test_a_file_of_settings_has_it_too(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORTAL_SECRET_ERP=kept\n")
    assert secrets.find(settings, "erp") == "kept"


@pytest.mark.parametrize("name", ["erp", "keys", "KEYS", "Keys", "../secret_keys", ""])
def test_what_is_not_there_or_nobodys_to_send_is_unknown(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEYS", "k" * 40)
    keep(settings, "keys", "k" * 40)
    with pytest.raises(NoSecret, match="is not known") as refused:
        secrets.find(settings, name)
    assert refused.value.is_final


@pytest.mark.parametrize("value", ["a\nb", "ä", "a\x7f"])
def test_what_no_header_can_carry_is_refused_without_being_told(
    value: str, settings: Settings
) -> None:
    keep(settings, "erp", value)
    with pytest.raises(NoSecret) as refused:
        secrets.find(settings, "erp")
    assert value not in str(refused.value)


def test_a_secret_that_comes_back_is_hidden() -> None:
    said = secrets.hide('{"you sent": "Bearer a\\"b12"}', 'a"b12')
    assert said == '{"you sent": "Bearer (secret)"}'
    assert secrets.hide("nothing", None) == "nothing"
