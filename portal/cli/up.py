"""``portal up``: every role as a child of one process, which starts, watches and ends them."""

import fcntl
import http.client
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import click

from portal import kin
from portal.cli.main import Outside
from portal.errors import PortalError
from portal.settings import Settings

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
# A child that lived this long was well; its next death is waited for as if it were the first.
WELL_AFTER = 30.0
GRACE = 12.0
READY_WITHIN = 60.0
_REVISIONS = Path(__file__).parents[1] / "migrations" / "versions"
# The command itself, beside the interpreter that runs it.
PORTAL = Path(sys.executable).with_name("portal")


class CannotStart(PortalError):
    """Something outside keeps the portal from starting."""

    code = "cannot-start"


@click.command
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here instead of PORTAL_PORT.")
@click.option("--demo", is_flag=True, hidden=True, help="Load the demo into an empty database.")
@click.option("--quiet", is_flag=True, hidden=True, help="Write the logs to a file.")
def up(port: int | None, demo: bool, quiet: bool) -> None:
    """Run web, workers, scheduler, embedded Redis and mail catcher in one process tree."""
    settings = Settings.load()
    settings = settings if port is None else settings.on_port(port)
    run = settings.data_dir / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    os.environ["PORTAL_PORT"] = str(settings.port)
    with _alone(run / "up.lock"):
        _require_port(settings)
        (settings.data_dir / "catcher.json").unlink(missing_ok=True)
        log = (settings.data_dir / "portal.log").open("ab") if quiet else None
        Tree(settings, log=log).run(demo=demo)


@click.command
@click.option("--demo", is_flag=True, hidden=True, help="Load the demo into an empty database.")
@click.pass_obj
def migrate(outside: Outside, demo: bool) -> None:
    """Bring the database to the current schema."""
    from portal import db
    from portal.cli.house import open_house
    from portal.migrations import upgrade

    settings = open_house("warning")
    upgrade(db.current())
    if demo:
        from portal.cli.demo.loading import load

        load(settings, outside.carry_out)


@click.command
def catcher() -> None:
    """Run the mail catcher."""
    from portal.delivery.catcher import run
    from portal.logs import configure

    settings = Settings.load()
    configure(settings.log_level)
    run(settings, port=8025)


@dataclass
class Child:
    """One role: how it is started, and how its last lives went."""

    name: str
    arguments: tuple[str, ...]
    last: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    wait: float = FIRST_WAIT
    next_start: float = 0.0

    def start(self, log: IO[bytes] | None) -> None:
        """Start it in a process group of its own, tied to this process's life."""
        environment = {**os.environ, kin.PARENT: str(os.getpid())}
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, str(PORTAL), *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            process_group=0,
        )

    def has_ended(self) -> bool:
        """Whether it was started and has ended since."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> None:
        """Note when to start it again: later each time, soon where it had been well."""
        now = time.monotonic()
        if now - self.started_at >= WELL_AFTER:
            self.wait = FIRST_WAIT
        self.next_start = now + self.wait
        self.wait = min(self.wait * 2, LONGEST_WAIT)
        self.sweep()
        self.process = None

    def tell(self, what: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(what)

    def sweep(self) -> None:
        """Kill what is left of its process group."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


@dataclass
class Tree:
    """The children, from start to end."""

    settings: Settings
    log: IO[bytes] | None = None
    stopping: bool = False
    children: list[Child] = field(default_factory=list)

    def run(self, *, demo: bool) -> None:
        """Start everything, keep it running, and end it all at SIGTERM or SIGINT."""
        with _signals(self) as wake:
            try:
                # The demo has a mail catcher of its own while it is loaded.
                self._prepare(wake, demo=demo)
                self._start(_leaned_on(self.settings))
                self._start([Child(n, (n,)) for n in ("web", "worker", "scheduler")])
                self._greet(wake, demo=demo)
                while not self.stopping:
                    self._mend()
                    _wait(wake, self._until_next_start())
            finally:
                self._end(wake)

    def stop(self) -> None:
        """Ask the tree to end; asked again, it ends at once."""
        if self.stopping:
            for child in self.children:
                child.sweep()
        self.stopping = True

    def _start(self, children: list[Child]) -> None:
        if self.stopping:
            return
        for child in children:
            self.children.append(child)
            child.start(self.log)

    def _prepare(self, wake: socket.socket, *, demo: bool) -> None:
        """Bring the database up to date in a child, so that this process stays small."""
        if is_prepared(self.settings, demo=demo):
            return
        arguments = ("migrate", "--demo") if demo else ("migrate",)
        prepare = Child("migrate", arguments)
        prepare.start(None)
        while not prepare.has_ended():
            _wait(wake, 1.0)
            if self.stopping:
                prepare.tell(signal.SIGTERM)
        assert prepare.process is not None
        if prepare.process.returncode and not self.stopping:
            raise CannotStart("The portal did not start: the database could not be prepared.")

    def _greet(self, wake: socket.socket, *, demo: bool) -> None:
        """Say where everything is, once it answers."""
        deadline = time.monotonic() + READY_WITHIN
        while not self.stopping and time.monotonic() < deadline:
            if _is_up(self.settings) and (self.settings.smtp_url or _inbox(self.settings)):
                lines = _greeting(self.settings, demo=demo, quiet=self.log is not None)
                click.echo("\n".join(lines))
                return
            self._mend()
            _wait(wake, 0.1)
        if not self.stopping:
            where = self.log.name if self.log else "the lines above"
            click.echo(f"The web role does not answer yet; {where} may say why.", err=True)

    def _mend(self) -> None:
        """Start again whatever has ended, when its time has come."""
        for child in self.children:
            if child.has_ended():
                assert child.process is not None
                status = child.process.returncode
                child.plan_restart()
                told = {"level": "warning", "event": "role ended", "role": child.name}
                click.echo(json.dumps({**told, "status": status}), err=True)
            if child.process is None and time.monotonic() >= child.next_start:
                child.start(self.log)

    def _until_next_start(self) -> float:
        waiting = [c.next_start for c in self.children if c.process is None]
        return max(0.05, min(waiting) - time.monotonic()) if waiting else 60.0

    def _end(self, wake: socket.socket) -> None:
        """End the roles first, then what they lean on; whatever stays is killed."""
        for last in (False, True):
            group = [child for child in self.children if child.last is last]
            for child in group:
                child.tell(signal.SIGTERM)
            deadline = time.monotonic() + GRACE
            while any(c.process and c.process.poll() is None for c in group):
                if time.monotonic() > deadline:
                    break
                _wait(wake, 0.1)
            for child in group:
                child.sweep()
                if child.process is not None:
                    child.process.wait()


def is_prepared(settings: Settings, *, demo: bool) -> bool:
    """Whether the child would find nothing to do; asked without its seconds of imports.

    Only of SQLite, whose file can be looked into with the standard library. A revision is named
    as its file, and the newest file is the last revision.
    """
    if not settings.is_sqlite:
        return False
    newest = max(path.stem for path in _REVISIONS.glob("[0-9]*.py"))
    file = Path(settings.database_url.removeprefix("sqlite:///")).absolute()
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as conn:
            applied = conn.execute("SELECT version_num FROM alembic_version").fetchall()
            used = conn.execute("SELECT 1 FROM users UNION SELECT 1 FROM definitions").fetchall()
    except sqlite3.Error:
        return False
    return applied == [(newest,)] and (bool(used) or not demo)


def _leaned_on(settings: Settings) -> list[Child]:
    """What the roles lean on, where no server of one's own is named."""
    children = [] if settings.redis_url else [Child("redis", ("redis",), last=True)]
    if settings.smtp_url is None:
        children.append(Child("catcher", ("catcher",), last=True))
    return children


@contextmanager
def _signals(tree: Tree) -> Iterator[socket.socket]:
    """Wake the tree at a child's end, and stop it at the signals that ask for it."""
    ear, mouth = socket.socketpair()
    ear.setblocking(False)
    mouth.setblocking(False)

    def stop(*_: Any) -> None:
        tree.stop()

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
    old = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    try:
        yield ear
    finally:
        signal.set_wakeup_fd(old)
        for what, handler in before.items():
            signal.signal(what, handler)
        ear.close()
        mouth.close()


def _wait(wake: socket.socket, seconds: float) -> None:
    if select.select([wake], [], [], seconds)[0]:
        wake.recv(4096)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the data directory for one tree; the lock ends with this process."""
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"The portal already runs on {lock.parent.parent}.",
                "Stop it first, or set PORTAL_DATA_DIR for a second one.",
            ) from None
        yield


def _require_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise CannotStart(
                f"Port {settings.port} on {settings.host} can't be used ({error.strerror}).",
                "Stop what uses it, or choose another: portal up --port N.",
            ) from None


def _is_up(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "") else settings.host  # noqa: S104
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _inbox(settings: Settings) -> str:
    """The address of the mail catcher's page; empty before it is there."""
    try:
        found = json.loads((settings.data_dir / "catcher.json").read_text())
        return str(found["inbox"])
    except (OSError, ValueError, KeyError):
        return ""


def _greeting(settings: Settings, *, demo: bool, quiet: bool) -> Iterator[str]:
    yield ""
    yield f"  {settings.brand.name} is running."
    yield ""
    yield f"  Desk          {settings.base_url}/"
    if demo:
        from portal.cli.demo import SIGN_IN

        yield f"  Sign in as    {SIGN_IN[0]}"
        yield f"  Password      {SIGN_IN[1]}"
    if settings.smtp_url is None:
        yield f"  Mail catcher  {_inbox(settings)}"
    if quiet:
        yield f"  Logs          {settings.data_dir / 'portal.log'}"
    yield ""
    yield "  Ctrl-C ends it all."
    yield ""
