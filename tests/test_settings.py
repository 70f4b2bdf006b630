import stat
from pathlib import Path

import pytest

from portal.settings import NAMES, Settings, SettingsError
from tests import seals

KEY = "k" * 32


def load(tmp_path: Path, **values: str | Path) -> Settings:
    env = {f"PORTAL_{name.upper()}": str(value) for name, value in values.items()}
    return Settings.load({"PORTAL_DATA_DIR": str(tmp_path / "var"), **env})


def test_an_empty_environment_gives_a_working_portal(tmp_path):
    settings = load(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/var/portal.sqlite3"
    assert settings.storage_dir == tmp_path / "var" / "files"
    assert (settings.port, settings.base_url) == (8000, "http://127.0.0.1:8000")
    assert (settings.timezone, settings.link_days, settings.smtp_url) == ("UTC", 30, None)


def test_keys_are_made_once_and_kept_for_this_user_alone(tmp_path):
    first, second = load(tmp_path), load(tmp_path)
    assert first.secret_keys == second.secret_keys
    mode = (tmp_path / "var" / "secret_keys").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_given_keys_leave_no_file(tmp_path):
    assert load(tmp_path, secret_keys=f"{KEY},{KEY}2").secret_keys == (KEY, f"{KEY}2")
    assert not (tmp_path / "var" / "secret_keys").exists()


def test_the_port_given_wins_and_moves_the_default_address(tmp_path):
    assert load(tmp_path).on_port(9000).base_url == "http://127.0.0.1:9000"
    own = load(tmp_path, base_url="https://desk.example.org")
    assert own.on_port(9000).base_url == "https://desk.example.org"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", "0"),
        ("port", "http"),
        ("port", "٨٠"),
        ("link_days", "91"),
        ("link_days", "-1"),
        ("database_url", "mysql://x/y"),
        ("database_url", "postgresql://host"),
        ("database_url", "portal.sqlite3"),
        ("redis_url", "http://localhost"),
        ("redis_url", "unix://"),
        ("storage_url", "s3://bucket/prefix"),
        ("storage_url", "/srv/files"),
        ("storage_url", "file://host/files"),
        ("smtp_url", "smtp://mail.example.org?tls=maybe"),
        ("smtp_url", "smtps://mail.example.org"),
        ("smtp_url", "smtp://:25"),
        ("smtp_url", "smtp://mail:port"),
        ("mail_from", "desk"),
        ("mail_from", "a@b.c\nBcc: x@y.z"),
        ("base_url", "portal.example.org"),
        ("base_url", "https://portal.example.org/portal"),
        ("base_url", "http://[::1"),
        ("secret_keys", "short"),
        ("secret_keys", f"{KEY},"),
        ("secret_keys", f"{KEY},{KEY}"),
        ("log_level", "loud"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"),
        ("outbound_allow", "10.0.0.0/99"),
        ("outbound_allow", "host"),
        ("outbound_allow", "host:99999"),
        ("brand_name", "x" * 81),
        ("brand_colour", "red"),
        ("brand_logo", "/proc/nowhere.png"),
        ("brand_logo", __file__),
        ("language", "xx"),
        ("tsa_url", "ldap://tsa.example.org"),
        ("tsa_url", "http://me:secret@tsa.example.org"),
        ("tsa_cert", "/proc/nowhere.pem"),
        ("seal_level", "b-lta"),
        ("seal_level", "b-t"),
        ("clamd_url", "http://localhost:3310"),
        ("data_dir", "/proc/nowhere"),
    ],
)
def test_a_bad_value_is_one_line_that_names_it(tmp_path, name, value):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: value})
    (line,) = caught.value.faults
    assert line.startswith(f"PORTAL_{name.upper()}: ")
    assert ", expected " in line
    assert "\n" not in line


def test_every_fault_is_told_at_once(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, port="x", timezone="x", log_level="x")
    assert len(caught.value.faults) == 3


def test_a_password_is_not_repeated_in_a_fault(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, database_url="oracle://me:hunter2@host/db", smtp_url="smtp://u:hunter2@h:x")
    assert "hunter2" not in str(caught.value)


def test_a_file_of_settings_is_read_and_the_environment_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text('PORTAL_BRAND_NAME="Acme Desk"\nPORTAL_PORT=8100\n')
    monkeypatch.setenv("PORTAL_PORT", "8200")
    settings = Settings.load()
    assert (settings.brand.name, settings.port) == ("Acme Desk", 8200)
    assert settings.data_dir == tmp_path / "var"


def test_the_seal_is_stamped_where_there_is_a_service_unless_told_otherwise(tmp_path):
    assert load(tmp_path).sealing.level == "b-b"
    service = "http://tsa.example.org"
    assert load(tmp_path, tsa_url=service).sealing.level == "b-t"
    assert load(tmp_path, tsa_url=service, seal_level="B-B").sealing.level == "b-b"


def test_a_certificate_takes_its_key_beside_it_and_one_that_fits(tmp_path):
    ours, other = tmp_path / "ours.pem", tmp_path / "other.pem"
    for path, name in ((ours, "Sea Works"), (other, "Elsewhere")):
        path.write_bytes(seals.pem(seals.own(name)))
    found = load(tmp_path, seal_cert=ours, seal_key=ours).sealing.files
    assert found == (ours, ours)
    for given, said in (
        ({"seal_cert": ours}, "PORTAL_SEAL_KEY: it is missing"),
        ({"seal_key": ours}, "PORTAL_SEAL_CERT: it is missing"),
        ({"seal_cert": ours, "seal_key": other}, "is not that of the certificate"),
        ({"seal_cert": ours, "seal_key": Path(__file__)}, "holds no private key in PEM form"),
        ({"seal_cert": Path(__file__), "seal_key": ours}, "holds no certificate in PEM form"),
    ):
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, **given)
        [line] = caught.value.faults
        assert said in line
