"""The process tree for real: it starts, mends itself, and leaves nothing behind."""

import contextlib
import signal
import subprocess
import time
import urllib.request

import psutil
import pytest

from portal import db
from portal.cli import up
from portal.db import Database
from portal.migrations import upgrade
from portal.settings import Settings
from tests import people
from tests.servers import Portal, portal_on, wait_for


@pytest.fixture
def own(tmp_path):
    """One that the test may end; those that leave it running share the module's ``portal``."""
    running = portal_on(tmp_path / "data").start()
    yield running
    running.stop()


def tree(portal: Portal) -> list[psutil.Process]:
    assert portal.process is not None
    return psutil.Process(portal.process.pid).children(recursive=True)


def role(portal: Portal, name: str) -> psutil.Process | None:
    """The child of a role: a ``portal NAME``, or the server that Redis became."""
    assert portal.process is not None
    children = psutil.Process(portal.process.pid).children()
    return next((c for c in children if name in command_of(c)), None)


def command_of(process: psutil.Process) -> str:
    """The last part of its command line; nothing where it has ended meanwhile."""
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline()).rpartition("/")[2]
    return ""


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=0)[1]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_children_and_all(own, how):
    processes = tree(own)
    assert len(processes) >= 7
    began = time.monotonic()
    assert own.process is not None
    own.process.send_signal(how)
    assert own.process.wait(30) == 0
    assert time.monotonic() - began < 30
    assert gone(processes)


def test_killed_outright_it_leaves_no_process_behind(own):
    processes = tree(own)
    own.stop(signal.SIGKILL)
    wait_for(lambda: gone(processes), 60, "the end of the children")
    assert own.start().is_ready()


def test_killed_outright_with_its_redis_and_after_a_respawn_it_leaves_none_either(own):
    for name in ("worker", "web"):
        first = role(own, name).children()
        for one in first:
            one.kill()
        wait_for(lambda n=name, f=first: len(again(own, n, f)) >= len(f), 60, name)
    processes = tree(own)
    role(own, "redis.sock").kill()
    own.stop(signal.SIGKILL)
    wait_for(lambda: gone(processes), 60, "the end of the children")


def again(portal: Portal, name: str, before: list[psutil.Process]) -> list[psutil.Process]:
    """The children of a role that were not among those before."""
    return [one for one in role(portal, name).children() if one not in before]


@pytest.mark.parametrize("name", ["web", "worker", "scheduler", "catcher", "redis.sock"])
def test_a_role_that_dies_is_started_again(portal, name):
    old = role(portal, name)
    assert old is not None
    old.kill()
    wait_for(lambda: role(portal, name) not in (None, old), 60, name)
    wait_for(portal.is_ready, 60, "the portal")


def test_a_database_that_is_up_to_date_is_not_prepared_again(tmp_path):
    settings = Settings.load({"PORTAL_DATA_DIR": str(tmp_path)})
    assert not up.is_prepared(settings, demo=False)
    upgrade(Database(settings.database_url))
    assert up.is_prepared(settings, demo=False)
    assert not up.is_prepared(settings, demo=True), "the demo is not in it yet"
    db.bind(Database(settings.database_url))
    people.settle()
    assert up.is_prepared(settings, demo=True)
    elsewhere = {"PORTAL_DATABASE_URL": "postgresql://nobody@nowhere.example/portal"}
    assert not up.is_prepared(Settings.load({**elsewhere, "PORTAL_DATA_DIR": str(tmp_path)}),
                              demo=False)  # fmt: skip


def test_a_second_one_on_the_same_data_is_refused(portal):
    second = Portal(portal.home, portal.port + 1, portal.env)
    done = refused(second)
    assert done.returncode == 1
    assert "already runs" in done.stderr


def test_a_port_that_is_taken_is_told(portal, tmp_path):
    second = portal_on(tmp_path / "second")
    second.port = portal.port
    done = refused(second)
    assert done.returncode == 1
    assert f"Port {portal.port}" in done.stderr
    assert "--port" in done.stderr


def test_bad_settings_stop_the_start_with_a_line_each(tmp_path):
    done = refused(portal_on(tmp_path / "data", timezone="Mars", link_days="900"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert not done.stdout


def test_metrics_gather_both_web_processes(portal):
    for _ in range(20):
        urllib.request.urlopen(f"{portal.base}/healthz").read()
    told = urllib.request.urlopen(f"{portal.base}/metrics").read().decode()
    line = 'portal_requests_total{endpoint="health.healthz",status="200"}'
    (count,) = [row.rpartition(" ")[2] for row in told.splitlines() if row.startswith(line)]
    assert float(count) >= 20


def test_the_doctor_finds_a_running_portal_well(portal):
    wait_for(lambda: "note  worker" not in portal.run("doctor"), 60, "a sign of life")
    told = portal.run("doctor")
    assert "BAD" not in told
    assert {"database", "redis", "storage", "pdf"} <= {
        line.split()[1] for line in told.splitlines()
    }


def refused(portal: Portal) -> "subprocess.CompletedProcess[str]":
    import sys

    from tests.servers import PORTAL

    return subprocess.run(
        [sys.executable, str(PORTAL), "up", "--port", str(portal.port)],
        env=portal.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
