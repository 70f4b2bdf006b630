"""How moments, sizes and hashes are written wherever a person reads them."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=512)
def zone(name: str | None) -> ZoneInfo:
    """The time zone of an IANA name; UTC where there is none or it is unknown."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def city(name: str | None) -> str:
    """The last part of a zone's name, as people say it: ``Berlin``, ``New York``, ``UTC``."""
    return str(zone(name)).rsplit("/", 1)[-1].replace("_", " ")


def moment(at: datetime, tz: str | None = None, *, seconds: bool = False) -> str:
    """``Fri 27 Nov 2026, 17:00 (Berlin)``."""
    local = at.astimezone(zone(tz))
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{day(local.date())}, {clock} ({city(tz)})"


def day(on: date) -> str:
    """``Fri 27 Nov 2026``."""
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year}"


def short_day(at: datetime, tz: str | None = None) -> str:
    """``Fri 27 Nov``, for subjects and dense rows."""
    return short_date(at.astimezone(zone(tz)).date())


def short_date(on: date) -> str:
    """``Fri 27 Nov``."""
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit: ``3 days``, ``1 hour``, ``a moment``."""
    seconds = int(abs(length.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return count(seconds // size, unit)
    return "a moment"


def ago(at: datetime, now: datetime) -> str:
    """``3 days ago``, ``in 2 hours``, ``just now``."""
    if abs((at - now).total_seconds()) < 60:
        return "just now"
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def size(n: int) -> str:
    """A number of bytes in decimal units: ``3.1 MB``."""
    amount = float(n)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    if unit == "bytes":
        return count(n, "byte")
    return f"{amount:.1f} {unit}".replace(".0 ", " ")


def short_hash(digest: str) -> str:
    """The first sixteen digits of a hash in two groups, enough to compare by eye."""
    return f"{digest[:8]} {digest[8:16]}"


def grouped_hash(digest: str) -> str:
    """A whole hash in groups of eight."""
    return " ".join(digest[i : i + 8] for i in range(0, len(digest), 8))


def iso(at: datetime) -> str:
    """A moment for programs: RFC 3339 in UTC with microseconds and ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_iso(text: str) -> datetime:
    """The moment that ``iso`` wrote."""
    return datetime.fromisoformat(text)


def count(n: int, thing: str) -> str:
    """``1 file``, ``3 files``."""
    return f"{n} {thing}{'' if n == 1 else 's'}"


def listed(things: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} and {things[-1]}"


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "a Python program"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(agent: str | None) -> str:
    """What a browser says of itself, in words: ``Chrome on Android``; ``not recorded``."""
    if not agent:
        return "not recorded"
    browser = next((told for mark, told in _BROWSERS if mark.lower() in agent.lower()), "")
    system = next((told for mark, told in _SYSTEMS if mark in agent), "")
    return " on ".join(part for part in (browser, system) if part) or agent[:60]


_OUTCOMES = {
    "approved": "Approved",
    "rejected": "Rejected",
    "changes_requested": "Changes asked for",
}


def outcome(kind: str, said: str | None) -> str:
    """How a task ended, as a stamp says it: ``Approved``, ``Received``, ``Done``."""
    if kind == "sign":
        return "Declined" if said == "rejected" else "Signed"
    ended = "Received" if kind in ("form", "upload") else "Done"
    return _OUTCOMES.get(said or "", ended)


_WITHDRAWN = {
    "decided": "others have decided it already",
    "cancelled": "the process was cancelled",
    "rejected": "the process has ended",
    "completed": "the process has ended",
    "returned": "work went back to an earlier step",
    "expired": "its time is over",
    "skipped": "it was skipped",
    "finished": "enough was done without it",
}


def withdrawn(why: str) -> str:
    """Why a task is no longer needed, to go on a sentence with: ``the process was cancelled``."""
    return _WITHDRAWN.get(why, "it was taken back")


_RECEIVED = {
    "form": "Your answers were received",
    "upload": "Your files were received",
    "approval": "Your decision was received",
    "sign": "Your signature was received",
    "task": "You ticked it off",
}


def received(kind: str, said: str | None) -> str:
    """What a receipt begins with: ``Your files were received``."""
    if kind == "sign" and said == "rejected":
        return "That you declined to sign was received"
    return _RECEIVED.get(kind, "It was received")


_ORDINALS = ("First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth")


def nth_reminder(nth: int) -> str:
    """``First reminder``, ``Second reminder``; past the ninth by figure."""
    return f"{_ORDINALS[nth - 1]} reminder" if nth <= len(_ORDINALS) else f"Reminder no. {nth}"


_ALARMS = {
    "worker": "no worker is running",
    "scheduler": "no scheduler is running",
    "ledger": "a ledger was altered",
}


def alarm(about: str) -> str:
    """What admins are told of the house itself: ``no worker is running``."""
    return _ALARMS.get(about, "something needs an admin")
