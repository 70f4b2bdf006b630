"""``portal web``: the web role, two processes of granian that share one socket."""

import os
import shutil
import signal
from pathlib import Path

import click

from portal.settings import Settings

PROCESSES = 2
# Of each process: many, for a slow sender holds one; how few of them work is the gate's business.
THREADS = 256
_SERVER = "PORTAL_WEB_SERVER"


@click.command
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here instead.")
def web(port: int | None) -> None:
    """Run the web role alone."""
    from granian.constants import Interfaces
    from granian.server import Server

    from portal.logs import configure

    settings = Settings.load()
    settings = settings if port is None else settings.on_port(port)
    configure(settings.log_level)
    os.environ["PORTAL_PORT"] = str(settings.port)
    os.environ[_SERVER] = str(os.getpid())
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_fresh(settings.data_dir / "run" / "metrics"))
    Server(
        "app:create_web",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=PROCESSES,
        blocking_threads=THREADS,
        factory=True,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        websockets=False,
    ).serve()


def tie_to_server() -> None:
    """End this granian process when the one that forked it is killed."""
    from portal.kin import end_with

    # Named, and not asked for: it may have been killed since it forked this one.
    end_with(int(os.environ.get(_SERVER) or os.getppid()), signal.SIGKILL)


def _fresh(folder: Path) -> Path:
    """An empty folder for the counters that the web processes share."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
