"""The certificate of the seal: made once, kept apart, refused where it can't seal."""

import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal import clock, installation
from portal.brand import Brand
from portal.certificates import Expired, Unusable, read
from portal.delivery import certificate
from portal.settings import Settings
from tests import seals
from tests.servers import ROOT

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def settings(folder: Path, **more: object) -> Settings:
    env = {"PORTAL_DATA_DIR": str(folder), **more}
    return Settings.load({name: str(value) for name, value in env.items()})


def test_the_portal_makes_its_own_once_beside_the_ledgers_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = settings(tmp_path)
    named = replace(installation.current, brand=Brand("Sea Works"))  # as an admin called it
    monkeypatch.setattr(installation, "current", named)
    assert certificate.known(house) is None
    with clock.stopped_at(NOW):
        made = certificate.of(house)
    assert stat.S_IMODE((tmp_path / certificate.FILE).stat().st_mode) == 0o600
    assert certificate.FILE.parent == Path("keys")
    assert certificate.of(house).fingerprint == made.fingerprint
    known = certificate.known(house)
    assert known is not None
    assert known.fingerprint == made.fingerprint
    assert (made.is_own, made.name, made.key.key_size) == (True, "Sea Works: audit trails", 3072)
    made.require_valid(NOW)
    assert made.ends_at - NOW > timedelta(days=3600)


def test_ones_own_is_taken_with_its_issuers(tmp_path: Path) -> None:
    given = seals.under("Sea CA", "Sea Ltd")
    (tmp_path / "seal.pem").write_bytes(seals.pem(given))
    file = tmp_path / "seal.pem"
    house = settings(tmp_path / "var", PORTAL_SEAL_CERT=file, PORTAL_SEAL_KEY=file)
    found = certificate.of(house)
    assert (found.name, found.issuer, found.is_own) == ("Sea Ltd", "Sea CA", False)
    assert [one.subject for one in found.chain] == [seals.named("Sea CA")]
    assert not (tmp_path / "var" / certificate.FILE).exists()


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    house = settings(tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / certificate.FILE).write_text("nothing")
    with pytest.raises(Unusable, match=r"seal\.pem holds no certificate"):
        certificate.of(house)
    with pytest.raises(Unusable, match="can't be read"):
        read(tmp_path / "none.pem", tmp_path / "none.pem")


def test_nothing_is_sealed_before_its_time_or_after() -> None:
    ended = seals.own("Ended", ends=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(Expired, match="ended on 01 January 2026"):
        ended.require_valid(NOW)
    with pytest.raises(Expired, match="is not valid yet"):
        ended.require_valid(datetime(2019, 1, 1, tzinfo=UTC))


def test_whoever_seals_nothing_loads_none_of_it() -> None:
    """P17: neither the web's start, nor the relay's, nor the verifier of exports needs pyHanko."""
    program = (
        "import sys, app, portal.web, tasks.relay, tasks.trails, portal.cli.verify\n"
        "import portal.ledger.verify, portal.delivery.sealed, portal.delivery.certificate\n"
        "print([one for one in ('pyhanko', 'asn1crypto', 'aiohttp') if one in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == "[]\n", run.stderr
