from datetime import UTC, datetime, timedelta

import pytest

from portal import db
from portal.cli import doctor
from portal.delivery import certificate
from portal.migrations import upgrade
from portal.models import Heartbeat
from portal.settings import Settings
from tests import seals
from tests.timestamps import Service, refusing, running

ALL = [
    "settings", "database", "worker", "scheduler", "redis", "mail", "storage", "scanner", "pdf",
    "seal", "address",
]  # fmt: skip


@pytest.fixture
def env(tmp_path, monkeypatch):
    """The environment of an installation that has never run."""
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path / "var"))
    return monkeypatch


@pytest.fixture
def house(env, tmp_path):
    """The same with its database made."""
    (tmp_path / "var").mkdir()
    upgrade(db.Database(f"sqlite:///{tmp_path}/var/portal.sqlite3"))
    return env


def away(_settings):
    raise ConnectionError("no answer from redis://desk:hunter2@host")


def findings(ask_redis=lambda _settings: True):
    return {finding.part: finding for finding in doctor.examine(ask_redis)}


def beat(role, seconds_ago):
    from datetime import timedelta

    from portal import clock

    values = {"name": role, "beat_at": clock.now() - timedelta(seconds=seconds_ago)}
    with db.transaction() as tx:
        tx.execute(Heartbeat.__table__.insert().values(values))


def test_every_part_has_its_line(house):
    found = findings()
    assert list(found) == ALL
    assert {found[p].verdict for p in ("settings", "database", "redis", "storage")} == {"ok"}
    assert all(finding.remedy for finding in found.values() if finding.verdict != "ok")


def test_bad_settings_are_told_alone(env):
    env.setenv("PORTAL_PORT", "x")
    env.setenv("PORTAL_TIMEZONE", "x")
    told = list(doctor.examine(lambda _settings: True))
    assert [finding.verdict for finding in told] == ["bad", "bad"]


def test_a_database_without_schema_is_bad_and_the_remedy_is_named(env):
    found = findings()["database"]
    assert found.verdict == "bad"
    assert "portal migrate" in found.remedy


def test_a_database_that_is_away_hides_its_password(env):
    env.setenv("PORTAL_DATABASE_URL", "postgresql://desk:hunter2@127.0.0.1:1/portal")
    found = findings()["database"]
    assert found.verdict == "bad"
    assert "hunter2" not in found.told


def test_a_role_is_well_or_silent(house):
    findings()
    beat("worker", 5)
    beat("scheduler", 600)
    found = findings()
    assert found["worker"].verdict == "ok"
    assert found["scheduler"].verdict == "bad"
    assert "10 minutes ago" in found["scheduler"].told


def test_a_redis_of_ones_own_that_is_away_is_bad_the_embedded_one_is_not(house):
    assert findings(away)["redis"].verdict == "note"
    house.setenv("PORTAL_REDIS_URL", "redis://desk:hunter2@host")
    found = findings(away)["redis"]
    assert found.verdict == "bad"
    assert "hunter2" not in found.told


def test_a_mail_server_is_asked(house, smtp):
    house.setenv("PORTAL_SMTP_URL", smtp.url)
    assert findings()["mail"].verdict == "ok"
    smtp.stop()
    assert findings()["mail"].verdict == "bad"


def test_a_misspelt_setting_is_noticed(house):
    house.setenv("PORTAL_TIMEZNOE", "UTC")
    assert "PORTAL_TIMEZNOE" in findings()["settings"].told


def test_https_is_well_and_http_is_noted(house):
    assert findings()["address"].verdict == "note"
    house.setenv("PORTAL_BASE_URL", "https://desk.example.org")
    assert findings()["address"].verdict == "ok"


CALLING = """\
key: demo
name: Demo
owner: dana@example.com
steps:
  - {id: book, call: {url: "https://erp.example/", secret: ERP}}
"""


def test_a_secret_that_a_definition_names_and_nobody_has_is_told(house, tmp_path):
    from portal.actions import definitions
    from tests import people

    db.bind(db.Database(f"sqlite:///{tmp_path}/var/portal.sqlite3"))
    people.settle()
    definitions.publish(CALLING, actor=people.staff("dana"))
    told = findings()["secrets"]
    assert told.verdict == "note"
    assert "ERP, which demo needs" in told.told
    house.setenv("PORTAL_SECRET_ERP", "x")
    found = findings()
    assert "secrets" not in found
    assert found["settings"].verdict == "ok"


def test_a_scanner_that_is_away_is_bad(house):
    assert findings()["scanner"].verdict == "note"
    house.setenv("PORTAL_CLAMD_URL", "unix:///nowhere/clamd.sock")
    found = findings()["scanner"]
    assert found.verdict == "bad"
    assert "does not answer: No such file or directory" in found.told


def test_the_seal_is_told_with_its_end(house, tmp_path):
    key = tmp_path / "var" / "keys" / "seal.pem"
    assert findings()["seal"].verdict == "ok"
    assert not key.exists(), "looking makes nothing"
    certificate.of(Settings.load())
    told = findings()["seal"]
    assert told.verdict == "ok"
    assert "which vouches for itself, seals trails for 3649 days more" in told.told
    key.chmod(0o644)
    assert findings()["seal"].verdict == "bad"
    file = tmp_path / "own.pem"
    file.touch(mode=0o600)
    for ends, verdict, said in (
        (datetime.now(UTC) + timedelta(days=20), "note", "for 19 days more"),
        (datetime(2026, 1, 1, tzinfo=UTC), "bad", "ended on 01 January 2026"),
    ):
        file.write_bytes(seals.pem(seals.own("Sea Ltd", ends=ends)))
        house.setenv("PORTAL_SEAL_CERT", str(file))
        house.setenv("PORTAL_SEAL_KEY", str(file))
        told = findings()["seal"]
        assert (told.verdict, said in told.told) == (verdict, True)
        assert "PORTAL_SEAL_CERT" in told.remedy


def test_a_time_stamp_service_is_asked(house, tmp_path):
    house.setenv("PORTAL_OUTBOUND_ALLOW", "127.0.0.0/8")
    with running(Service()) as service:
        house.setenv("PORTAL_TSA_URL", service.url)
        told = findings()["stamps"]
        assert (told.verdict, "“Sea Time” stamps the time" in told.told) == ("ok", True)
        service.behave = refusing
        told = findings()["stamps"]
        assert (told.verdict, "refused: not today" in told.told) == ("bad", True)
