"""Settings: the environment and a file ``.env``, read once into a frozen ``Settings``.

Names and defaults are those of the outside contract. Every bad value is found at once and told
in one line that names it: ``PORTAL_X: what is wrong, what was expected``.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal import installation, language
from portal.brand import Brand, Palette, palette, read_logo
from portal.errors import PortalError

NAMES = (
    "PORTAL_DATA_DIR",
    "PORTAL_DATABASE_URL",
    "PORTAL_REDIS_URL",
    "PORTAL_STORAGE_URL",
    "PORTAL_SMTP_URL",
    "PORTAL_MAIL_FROM",
    "PORTAL_BASE_URL",
    "PORTAL_SECRET_KEYS",
    "PORTAL_HOST",
    "PORTAL_PORT",
    "PORTAL_PROXIES",
    "PORTAL_BRAND_NAME",
    "PORTAL_BRAND_COLOUR",
    "PORTAL_BRAND_LOGO",
    "PORTAL_LOG_LEVEL",
    "PORTAL_OUTBOUND_ALLOW",
    "PORTAL_TIMEZONE",
    "PORTAL_LANGUAGE",
    "PORTAL_LINK_DAYS",
    "PORTAL_SEAL_CERT",
    "PORTAL_SEAL_KEY",
    "PORTAL_SEAL_LEVEL",
    "PORTAL_TSA_URL",
    "PORTAL_TSA_CERT",
    "PORTAL_CLAMD_URL",
    "PORTAL_OIDC_ISSUER",
    "PORTAL_OIDC_CLIENT_ID",
    "PORTAL_OIDC_CLIENT_SECRET",
    "PORTAL_OIDC_NAME",
    "PORTAL_S3_ENDPOINT",
)
LOG_LEVELS = ("debug", "info", "warning", "error")
SEAL_LEVELS = ("b-b", "b-t", "b-lt")
SHORTEST_KEY = 32
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
_HOST_PORT = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


class SettingsError(Exception):
    """One or more settings are wrong; ``faults`` has a line for each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Oidc:
    """A sign-in provider (OpenID Connect), and what its button is called."""

    issuer: str
    client_id: str
    client_secret: str
    name: str


@dataclass(frozen=True)
class Sealing:
    """How audit trails are sealed: with which certificate, how far, and who stamps the time.

    ``files`` are those of the certificate and its key, None where the portal's own serves.
    ``level`` is that of PAdES. ``tsa_roots`` is a file of certificates that a time stamp must
    lead back to; without it a stamp is taken at its word.
    """

    files: tuple[Path, Path] | None = None
    level: str = "b-b"
    tsa_url: str | None = None
    tsa_roots: Path | None = None


@dataclass(frozen=True)
class Settings:
    """Everything the portal is told from outside. Paths are absolute.

    ``redis_url`` and ``smtp_url`` are None where the embedded Redis and the mail catcher serve.
    ``secret_keys`` has the newest key first. ``outbound_allow`` holds networks in CIDR form and
    ``host:port`` pairs. ``link_days`` is 1 to 90. ``proxies`` counts the trusted reverse proxies
    in front of the web role.
    """

    data_dir: Path
    database_url: str
    redis_url: str | None
    storage_dir: Path
    smtp_url: str | None
    mail_from: str
    base_url: str
    secret_keys: tuple[str, ...]
    host: str
    port: int
    proxies: int
    brand: Brand
    log_level: str
    outbound_allow: tuple[str, ...]
    timezone: str
    language: str
    link_days: int
    clamd_url: str | None
    oidc: Oidc | None
    sealing: Sealing = Sealing()

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None) -> "Settings":
        """Read and judge the settings; makes the data directory and, where unset, the keys.

        ``env`` is the whole environment to read; without it the process environment over the
        file ``.env`` of the working directory. Raises ``SettingsError`` with every fault.
        """
        return _Reader(environment() if env is None else env).settings()

    def on_port(self, port: int) -> "Settings":
        """The same settings with ``--port`` in force, in the default address too."""
        default = self.base_url == _default_base(self.port)
        base_url = _default_base(port) if default else self.base_url
        return replace(self, port=port, base_url=base_url)

    def install(self) -> None:
        """Have what they say of the house hold in this process; what admins decided lies over."""
        installation.configure(
            timezone=self.timezone,
            link_days=self.link_days,
            language=self.language,
            scans=self.clamd_url is not None,
            brand=self.brand,
            provider=(self.oidc.issuer, self.oidc.name) if self.oidc else None,
        )

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone of the house."""
        return ZoneInfo(self.timezone)


def environment() -> dict[str, str]:
    """The process environment over the file ``.env`` of the working directory."""
    from dotenv import dotenv_values

    try:
        lines = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f".env: can't be read ({error}), expected a text file"]) from None
    return {**lines, **os.environ}


def _default_base(port: int) -> str:
    return f"http://127.0.0.1:{port}"  # by number: a bare machine knows no localhost


class _Reader:
    """Takes one value after the other from the environment, gathering faults."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def settings(self) -> Settings:
        data_dir = self.data_dir()
        port = self.number("PORT", 8000, 1, 65535)
        self.refuse_what_is_not_there_yet()
        found = Settings(
            data_dir=data_dir,
            database_url=self.database_url(data_dir),
            redis_url=self.redis_url(),
            storage_dir=self.storage_dir(data_dir),
            smtp_url=self.smtp_url(),
            mail_from=self.mail_from(),
            base_url=self.base_url(port),
            secret_keys=self.secret_keys(),
            host=self.value("HOST") or "127.0.0.1",
            port=port,
            proxies=self.number("PROXIES", 0, 0, 9),
            brand=self.brand(),
            log_level=self.log_level(),
            outbound_allow=self.outbound_allow(),
            timezone=self.timezone(),
            language=self.language(),
            link_days=self.number("LINK_DAYS", 30, 1, 90),
            clamd_url=self.clamd_url(),
            oidc=self.oidc(),
            sealing=self.sealing(),
        )
        self.make(data_dir)
        if self.faults:
            raise SettingsError(self.faults)
        return found if found.secret_keys else replace(found, secret_keys=_kept_keys(data_dir))

    def value(self, name: str) -> str:
        return self.env.get(f"PORTAL_{name}", "").strip()

    def fault(self, name: str, wrong: str, expected: str) -> None:
        self.faults.append(f"PORTAL_{name}: {wrong}, expected {expected}")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.value(name)
        if not text:
            return default
        if text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high:
            return int(text)
        self.fault(name, f"{_short(text)} is not in range", f"a whole number from {low} to {high}")
        return default

    def data_dir(self) -> Path:
        return Path(self.value("DATA_DIR") or "var").expanduser().absolute()

    def make(self, data_dir: Path) -> None:
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.fault("DATA_DIR", f"{data_dir} can't be made ({error.strerror})", "a folder")
            return
        if not os.access(data_dir, os.W_OK | os.X_OK):
            self.fault("DATA_DIR", f"{data_dir} can't be written to", "a folder of our own")

    def database_url(self, data_dir: Path) -> str:
        text = self.value("DATABASE_URL")
        if not text:
            return f"sqlite:///{data_dir / 'portal.sqlite3'}"
        expected = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        parts = self.split("DATABASE_URL", text, expected)
        if parts is None:
            return text
        if parts.scheme not in ("sqlite", "postgresql", "postgresql+psycopg"):
            self.fault("DATABASE_URL", f"{_short(parts.scheme)} is not a database we use", expected)
        elif len(parts.path.strip("/")) == 0:
            self.fault("DATABASE_URL", "the name of the database is missing", expected)
        return text

    def redis_url(self) -> str | None:
        text = self.value("REDIS_URL")
        if not text:
            return None
        expected = "redis://HOST:PORT/0, rediss://… or unix:///SOCKET"
        parts = self.split("REDIS_URL", text, expected)
        if parts is not None and parts.scheme not in ("redis", "rediss", "unix"):
            self.fault("REDIS_URL", f"{_short(parts.scheme)} is not a way to Redis", expected)
        elif parts is not None and not (parts.path if parts.scheme == "unix" else parts.hostname):
            self.fault("REDIS_URL", "it names no host", expected)
        return text

    def storage_dir(self, data_dir: Path) -> Path:
        text = self.value("STORAGE_URL")
        if not text:
            return data_dir / "files"
        if text.startswith("s3://"):
            self.fault("STORAGE_URL", "S3 is not supported by this version", "file:///FOLDER")
            return data_dir
        parts = self.split("STORAGE_URL", text, "file:///FOLDER")
        if parts is None or parts.scheme != "file" or parts.netloc or len(parts.path) < 2:
            if parts is not None:
                self.fault("STORAGE_URL", f"{_short(text)} is not a folder", "file:///FOLDER")
            return data_dir
        return Path(unquote(parts.path))

    def smtp_url(self) -> str | None:
        text = self.value("SMTP_URL")
        if not text:
            return None
        expected = "smtp://USER:PASSWORD@HOST:PORT?tls=starttls, implicit or none"
        parts = self.split("SMTP_URL", text, expected)
        if parts is None:
            return text
        query = parse_qs(parts.query, keep_blank_values=True)
        tls = query.pop("tls", ["starttls"])
        if parts.scheme != "smtp":
            self.fault("SMTP_URL", f"{_short(parts.scheme)} is not a way to send mail", expected)
        elif not parts.hostname:
            self.fault("SMTP_URL", "it names no host", expected)
        elif query or len(tls) != 1 or tls[0] not in ("starttls", "implicit", "none"):
            self.fault("SMTP_URL", f"{_short(parts.query)} is not understood", expected)
        return text

    def mail_from(self) -> str:
        text = self.value("MAIL_FROM") or "portal@localhost"
        inner = text[text.find("<") + 1 : -1] if text.endswith(">") else text
        if not _ADDRESS.fullmatch(inner) or not text.isprintable():
            self.fault("MAIL_FROM", f"{_short(text)} is not an address", "desk@example.org")
        return text

    def base_url(self, port: int) -> str:
        text = self.value("BASE_URL").rstrip("/")
        if not text:
            return _default_base(port)
        expected = "https://portal.example.org"
        parts = self.split("BASE_URL", text, expected)
        if parts is None:
            return text
        if parts.scheme not in ("http", "https") or not parts.hostname:
            self.fault("BASE_URL", f"{_short(text)} is not a web address", expected)
        elif parts.query or parts.fragment or parts.username or parts.path:
            self.fault("BASE_URL", f"{_short(text)} has more than scheme, host and port", expected)
        return text

    def secret_keys(self) -> tuple[str, ...]:
        text = self.value("SECRET_KEYS")
        if not text:
            return ()
        keys = tuple(key.strip() for key in text.split(","))
        expected = f"keys of at least {SHORTEST_KEY} characters, newest first, with commas between"
        if any(len(key) < SHORTEST_KEY for key in keys):
            self.fault("SECRET_KEYS", "a key is too short", expected)
        elif len(set(keys)) < len(keys):
            self.fault("SECRET_KEYS", "a key is there twice", expected)
        return keys

    def brand(self) -> Brand:
        colours, logo = Palette(), None
        try:
            if colour := self.value("BRAND_COLOUR"):
                colours = palette(colour)
        except ValueError as wrong:
            self.faults.append(f"PORTAL_BRAND_COLOUR: {wrong}")
        try:
            if path := self.value("BRAND_LOGO"):
                logo = read_logo(Path(path).expanduser().absolute())
        except ValueError as wrong:
            self.faults.append(f"PORTAL_BRAND_LOGO: {wrong}")
        return Brand(self.brand_name(), colours, logo)

    def brand_name(self) -> str:
        text = self.value("BRAND_NAME") or "Portico"
        if len(text) > 80 or not text.isprintable():
            self.fault("BRAND_NAME", "it is too long or has control signs", "80 letters at most")
        return text

    def log_level(self) -> str:
        text = self.value("LOG_LEVEL").lower() or "info"
        if text not in LOG_LEVELS:
            self.fault("LOG_LEVEL", f"{_short(text)} is unknown", " or ".join(LOG_LEVELS))
        return text

    def outbound_allow(self) -> tuple[str, ...]:
        entries = tuple(e.strip() for e in self.value("OUTBOUND_ALLOW").split(",") if e.strip())
        for entry in entries:
            if not (_is_network(entry) or _is_host_port(entry)):
                expected = "networks such as 10.1.0.0/16 or HOST:PORT, with commas between"
                self.fault("OUTBOUND_ALLOW", f"{_short(entry)} is neither", expected)
        return entries

    def timezone(self) -> str:
        text = self.value("TIMEZONE") or "UTC"
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fault("TIMEZONE", f"{_short(text)} is unknown", "a name such as Europe/Berlin")
        return text

    def language(self) -> str:
        text = self.value("LANGUAGE") or language.SOURCE
        if text not in language.known():
            self.fault(
                "LANGUAGE", f"{_short(text)} is not spoken here", ", ".join(language.known())
            )
        return text

    def clamd_url(self) -> str | None:
        text = self.value("CLAMD_URL")
        if not text:
            return None
        expected = "tcp://HOST:3310 or unix:///SOCKET"
        parts = self.split("CLAMD_URL", text, expected)
        if parts is not None and parts.scheme not in ("tcp", "unix"):
            self.fault("CLAMD_URL", f"{_short(parts.scheme)} is not a way to clamd", expected)
        elif parts is not None and not (parts.path if parts.scheme == "unix" else parts.hostname):
            self.fault("CLAMD_URL", "it names no scanner", expected)
        return text

    def oidc(self) -> Oidc | None:
        names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
        told = [self.value(name) for name in names]
        if not any(told):
            return None
        for name, text in zip(names, told, strict=True):
            if not text:
                self.fault(name, "it is missing", "issuer, client id and client secret together")
        issuer, expected = told[0], "https://login.example.org, as the provider names itself"
        parts = self.split("OIDC_ISSUER", issuer, expected) if issuer else None
        if parts is not None:
            is_ours = parts.scheme == "http" and parts.netloc in self.outbound_allow()
            if not parts.hostname or not (parts.scheme == "https" or is_ours):
                self.fault("OIDC_ISSUER", f"{_short(issuer)} is not a safe address", expected)
        name = self.value("OIDC_NAME") or (parts and parts.hostname) or issuer
        return Oidc(told[0], told[1], told[2], name[:60])

    def sealing(self) -> Sealing:
        tsa_url = self.tsa_url()
        level = self.value("SEAL_LEVEL").lower() or ("b-t" if tsa_url else "b-b")
        if level not in SEAL_LEVELS:
            self.fault("SEAL_LEVEL", f"{_short(level)} is unknown", " or ".join(SEAL_LEVELS))
        elif level != "b-b" and tsa_url is None:
            self.fault("SEAL_LEVEL", f"{level} takes time stamps", "PORTAL_TSA_URL beside it")
        elif level == "b-lt" and not self.value("TSA_CERT"):
            expected = "PORTAL_TSA_CERT beside it"
            self.fault("SEAL_LEVEL", "b-lt needs to know whom to believe the time", expected)
        return Sealing(self.seal_files(), level, tsa_url, self.tsa_roots())

    def tsa_url(self) -> str | None:
        text = self.value("TSA_URL")
        if not text:
            return None
        expected = "the address of a time-stamp service (RFC 3161), http:// or https://"
        parts = self.split("TSA_URL", text, expected)
        if parts is not None and (parts.scheme not in ("http", "https") or not parts.hostname):
            self.fault("TSA_URL", f"{_short(text)} is not a web address", expected)
        elif parts is not None and (parts.username or parts.password):
            self.fault("TSA_URL", "it holds a name or a password", expected)
        return text

    def seal_files(self) -> tuple[Path, Path] | None:
        certificate, key = self.file("SEAL_CERT"), self.file("SEAL_KEY")
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            missing = "SEAL_CERT" if certificate is None else "SEAL_KEY"
            self.fault(missing, "it is missing", "certificate and key together, each a PEM file")
            return None
        from portal import certificates

        self.judged("SEAL_CERT", certificates.read, certificate, key)
        return certificate, key

    def tsa_roots(self) -> Path | None:
        path = self.file("TSA_CERT")
        if path is not None:
            from portal import certificates  # costs a start that needs none 40 ms

            self.judged("TSA_CERT", certificates.read_roots, path)
        return path

    def file(self, name: str) -> Path | None:
        text = self.value(name)
        return Path(text).expanduser().absolute() if text else None

    def judged(self, name: str, read: Callable[..., object], *paths: Path) -> None:
        """A fault in the file's own words where no certificate can be read."""
        try:
            read(*paths)
        except PortalError as wrong:
            expected = "certificates in PEM form, and an RSA key that belongs to the first"
            self.fault(name, wrong.sentence.rstrip("."), expected)

    def refuse_what_is_not_there_yet(self) -> None:
        if self.value("S3_ENDPOINT"):
            self.fault("S3_ENDPOINT", "it is not supported by this version", "no value")

    def split(self, name: str, text: str, expected: str) -> SplitResult | None:
        """The parts of an address, or None and a fault where it has no sound parts.

        The value is not repeated in the fault: it may hold a password.
        """
        try:
            parts = urlsplit(text)
            _ = parts.port
        except ValueError:
            self.fault(name, "it is not a sound address", expected)
            return None
        if not parts.scheme or not text.isprintable() or " " in text:
            self.fault(name, "it is not an address", expected)
            return None
        return parts


def _short(text: str) -> str:
    text = "".join(sign if sign.isprintable() else "?" for sign in text)
    shown = text if len(text) <= 60 else text[:57] + "…"
    return f"'{shown}'"


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_host_port(text: str) -> bool:
    match = _HOST_PORT.fullmatch(text)
    return match is not None and 0 < int(match[2]) < 65536


def _kept_keys(data_dir: Path) -> tuple[str, ...]:
    """The keys kept in the data directory, made on first use.

    Several processes may start at once: whoever links its file first wins, all read the winner.
    """
    path = data_dir / "secret_keys"
    if not path.exists():
        draft = data_dir / f".secret_keys.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    try:
        keys = tuple(line.strip() for line in path.read_text().splitlines() if line.strip())
    except OSError as error:
        raise SettingsError(
            [
                (
                    f"PORTAL_SECRET_KEYS: {path} can't be read ({error.strerror}), "
                    "expected a file of our own"
                )
            ]
        ) from None
    if not keys or any(len(key) < SHORTEST_KEY for key in keys):
        raise SettingsError(
            [
                (
                    f"PORTAL_SECRET_KEYS: {path} has no sound key, expected one of at "
                    f"least {SHORTEST_KEY} characters on each line"
                )
            ]
        )
    return keys
