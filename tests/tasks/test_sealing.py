"""Trails with and without a time stamp: marked where it lacks, asked again, never made up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.actions import messages, trails
from portal.clock import Clock
from portal.delivery import pades_reading, pdf_reading
from portal.delivery.storage import Store
from portal.models import Trail
from portal.settings import Sealing, Settings
from tasks import job
from tasks import trails as building
from tests import makers, people, seals, timestamps
from tests.timestamps import Service, running

DANA = people.staff("dana")


@pytest.fixture
def service(clock: Clock) -> Iterator[Service]:
    with running(Service()) as started:
        yield started


@pytest.fixture
def stamping(house: Settings, service: Service, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The house with a time-stamp service, whose stamps need not lead back to anybody."""
    settings = replace(house, sealing=Sealing(level="b-t", tsa_url=service.url))
    monkeypatch.setattr(job, "_settings", settings)
    return settings


def build(kind: str = "trail.build") -> None:
    building.carry_out(messages.take(10, 600, (kind,)))


def newest(process: str) -> Trail:
    [row] = [row for row in makers.rows(Trail) if row.process_id == process]
    return row


def content(row: Trail, settings: Settings) -> bytes:
    assert row.storage_id is not None
    with Store(settings.storage_dir).open(row.storage_id) as file:
        return file.read()


def pages(raw: bytes, folder: Path) -> str:
    (folder / "read.pdf").write_bytes(raw)
    return " ".join(pdf_reading.text(folder / "read.pdf").split())


def test_a_trail_is_stamped_and_says_so(stamping: Settings, tmp_path: Path) -> None:
    process = makers.start(makers.FORM)
    trails.ask(process, actor=DANA)
    build()
    row = newest(process)
    assert (row.level, row.lacks) == ("b-t", None)
    raw = content(row, stamping)
    assert "proved by a time stamp of Sea Time" in pages(raw, tmp_path)
    found = pades_reading.read(raw)
    assert (found.faults, found.level) == ((), "PAdES B-T")
    assert makers.owed(process, "trail.stamp") == []


@pytest.mark.parametrize(
    "behave", [timestamps.refusing, timestamps.wrong_nonce, timestamps.wrong_imprint]
)
def test_e10_without_a_stamp_it_is_marked_and_asked_again_until_there_is_one(
    stamping: Settings, service: Service, clock: Clock, tmp_path: Path, behave: timestamps.Bad
) -> None:
    service.behave = behave
    process = makers.start(makers.FORM)
    asked = trails.ask(process, actor=DANA)
    build()
    row = newest(process)
    assert (row.level, row.lacks) == ("b-b", "stamp")
    first = content(row, stamping)
    assert "NOT PROVED: 127.0.0.1 gave no time stamp" in pages(first, tmp_path)
    assert pades_reading.read(first).stamper is None
    # Asked again without news it is the same file, and the service away it stays that.
    assert trails.ask(process, actor=DANA) == asked
    clock.advance(minutes=1)
    build("trail.stamp")
    assert content(newest(process), stamping) == first
    # When the service is back, a stamped one takes its place, and the ledger tells of both.
    service.behave = None
    clock.advance(minutes=1)
    build("trail.stamp")
    row = newest(process)
    assert (row.level, row.lacks) == ("b-t", None)
    second = content(row, stamping)
    assert "proved by a time stamp of Sea Time" in pages(second, tmp_path)
    assert pades_reading.read(second).faults == ()
    built = [one["data"] for one in makers.events(process) if one["type"] == "trail.built"]
    assert [(one.get("seal"), one.get("lacks")) for one in built] == [
        ("b-b", "stamp"), ("b-t", None),
    ]  # fmt: skip
    assert built[1]["sha256"] == row.sha256
    assert len(list(Store(stamping.storage_dir).strays([]))) <= 1
    assert [one.state for one in makers.owed(process, "trail.stamp")] == ["done"]


def test_e10_a_service_that_dies_in_between_leaves_no_claim_of_a_stamp(
    stamping: Settings, service: Service, tmp_path: Path
) -> None:
    """It answered when it was asked for the first time, and not for the signature itself."""

    def once(service: Service, request: object) -> bytes:
        service.behave = timestamps.refusing if service.asked >= 1 else None
        return service.stamped(request)  # type: ignore[arg-type]

    service.behave = once
    process = makers.start(makers.FORM)
    trails.ask(process, actor=DANA)
    build()
    row = newest(process)
    assert (row.level, row.lacks) == ("b-b", "stamp")
    shown = pages(content(row, stamping), tmp_path)
    assert "NOT PROVED" in shown
    assert "proved by a time stamp of" not in shown


def test_a_stamp_that_never_comes_is_an_exception(
    stamping: Settings, service: Service, clock: Clock
) -> None:
    service.behave = timestamps.nonsense
    process = makers.start(makers.FORM)
    trails.ask(process, actor=DANA)
    build()
    for _ in range(messages.MOST_ATTEMPTS):
        clock.advance(hours=1, minutes=1)
        build("trail.stamp")
    [trouble] = makers.troubles(process, state="open")
    assert "seal still lacks" in trouble.message
    assert "no sound time stamp" in trouble.message


def test_with_an_ended_certificate_nothing_is_sealed_and_somebody_is_told(
    house: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ended.pem"
    file.write_bytes(seals.pem(seals.own("Ended", ends=datetime(2026, 1, 1, tzinfo=UTC))))
    monkeypatch.setattr(job, "_settings", replace(house, sealing=Sealing(files=(file, file))))
    process = makers.start(makers.FORM)
    trails.ask(process, actor=DANA)
    build()
    assert newest(process).storage_id is None
    [trouble] = makers.troubles(process, state="open")
    assert "ended on 01 January 2026" in trouble.message
