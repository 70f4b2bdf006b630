"""How moments, sizes and hashes are written wherever a person reads them, in their language."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import dates, lists, numbers, units

from portal import language
from portal.language import gettext as _
from portal.language import mark, ngettext

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_UNITS: tuple[tuple[Literal["day", "hour", "minute"], int], ...] = (
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
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
    clock = f"{local:%H:%M:%S}" if seconds else _clock(local)
    return _("%(day)s, %(clock)s (%(city)s)", day=day(local.date()), clock=clock, city=city(tz))


def _clock(local: datetime) -> str:
    if _is_english():
        return f"{local:%H:%M}"
    return dates.format_time(local.time(), "short", locale=language.current())


def _is_english() -> bool:
    return language.current() == language.SOURCE


def day(on: date) -> str:
    """``Fri 27 Nov 2026``."""
    if not _is_english():
        return dates.format_skeleton("yMMMEd", on, locale=language.current())
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year}"


def short_day(at: datetime, tz: str | None = None) -> str:
    """``Fri 27 Nov``, for subjects and dense rows."""
    return short_date(at.astimezone(zone(tz)).date())


def short_date(on: date) -> str:
    """``Fri 27 Nov``."""
    if not _is_english():
        return dates.format_skeleton("MMMEd", on, locale=language.current())
    return f"{_DAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]}"


def span(length: timedelta) -> str:
    """A length of time in its largest whole unit: ``3 days``, ``1 hour``, ``a moment``."""
    seconds = int(abs(length.total_seconds()))
    if seconds < 60:
        return _("a moment")
    if not _is_english():
        return _whole(length)
    unit, size = next((unit, size) for unit, size in _UNITS if seconds >= size)
    return count(seconds // size, unit)


def _whole(length: timedelta, *, is_told_from_now: bool = False) -> str:
    """The length in its largest whole unit up to days, as Unicode's CLDR has it."""
    seconds = int(abs(length.total_seconds()))
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    whole = timedelta(seconds=seconds - seconds % size)
    return dates.format_timedelta(
        whole if length >= timedelta(0) else -whole,
        unit,
        threshold=1_000_000,
        add_direction=is_told_from_now,
        locale=language.current(),
    )


def ago(at: datetime, now: datetime) -> str:
    """``3 days ago``, ``in 2 hours``, ``just now``."""
    if abs((at - now).total_seconds()) < 60:
        return _("just now")
    if not _is_english():
        return _whole(at - now, is_told_from_now=True)
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def size(n: int) -> str:
    """A number of bytes in decimal units: ``3.1 MB``."""
    amount = float(n)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    if unit == "bytes":
        return ngettext("%(n)s byte", "%(n)s bytes", n)
    if not _is_english():
        return f"{numbers.format_decimal(round(amount, 1), locale=language.current())} {unit}"
    return f"{amount:.1f} {unit}".replace(".0 ", " ")


_SCANS = {
    "not scanned": mark("not scanned for malware"),
    "being checked": mark("being checked for malware"),
    "passed": mark("no malware was found"),
    "refused": mark("refused by the malware scanner"),
}


def scan(state: str) -> str:
    """What a malware scanner made of a file, or that none looked at it."""
    return _(_SCANS.get(state, state))


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


def number(n: int) -> str:
    """A whole number, grouped as its reader is used to: ``12,000``."""
    return str(numbers.format_decimal(n, locale=language.current()))


def count(n: int, thing: str) -> str:
    """``1 file``, ``3 files``."""
    return f"{n} {thing}{'' if n == 1 else 's'}"


def capped(n: int) -> str:
    """A number that was counted up to a thousand and one: ``1000+`` tells as much."""
    return "1000+" if n > 1000 else str(n)


def listed(things: list[str], style: Literal["standard", "or"] = "standard") -> str:
    """``a``, ``a and b``, ``a, b and c``; with ``or`` instead where one of them is meant."""
    if not _is_english():
        return lists.format_list(things, style, locale=language.current())
    if len(things) < 2:
        return "".join(things)
    joint = "or" if style == "or" else "and"
    return f"{', '.join(things[:-1])} {joint} {things[-1]}"


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", mark("a Python program")),
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
        return _("not recorded")
    browser = next((told for sign, told in _BROWSERS if sign.lower() in agent.lower()), "")
    system = next((told for sign, told in _SYSTEMS if sign in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=_(browser), system=system)
    return _(browser) if browser else system or agent[:60]


_OUTCOMES = {
    "approved": mark("Approved"),
    "rejected": mark("Rejected"),
    "changes_requested": mark("Changes asked for"),
}


def outcome(kind: str, said: str | None) -> str:
    """How a task ended, as a stamp says it: ``Approved``, ``Received``, ``Done``."""
    if kind == "sign":
        return _("Declined") if said == "rejected" else _("Signed")
    ended = mark("Received") if kind in ("form", "upload") else mark("Done")
    return _(_OUTCOMES.get(said or "", ended))


_ENDINGS = {
    "completed": mark("completed"),
    "approved": mark("approved"),
    "changes_requested": mark("changes requested"),
    "rejected": mark("rejected"),
    "timed_out": mark("timed out"),
    "succeeded": mark("succeeded"),
    "cancelled": mark("cancelled"),
}


def ending(outcome: str) -> str:
    """What a step came to, as a sentence says it: ``changes requested``."""
    return _(_ENDINGS[outcome]) if outcome in _ENDINGS else outcome.replace("_", " ")


_WITHDRAWN = {
    "decided": mark("others have decided it already"),
    "cancelled": mark("the process was cancelled"),
    "rejected": mark("the process has ended"),
    "completed": mark("the process has ended"),
    "returned": mark("work went back to an earlier step"),
    "expired": mark("its time is over"),
    "skipped": mark("it was skipped"),
    "finished": mark("enough was done without it"),
}


_TAKEN_BACK = mark("it was taken back")


def withdrawn(why: str) -> str:
    """Why a task is no longer needed, to go on a sentence with: ``the process was cancelled``."""
    return _(_WITHDRAWN.get(why, _TAKEN_BACK))


_RECEIVED = {
    "form": mark("Your answers were received %(when)s."),
    "upload": mark("Your files were received %(when)s."),
    "approval": mark("Your decision was received %(when)s."),
    "sign": mark("Your signature was received %(when)s."),
    "task": mark("You ticked it off %(when)s."),
}


_ARRIVED = mark("It was received %(when)s.")


def received(kind: str, said: str | None, when: str) -> str:
    """What a receipt begins with: ``Your files were received Fri 27 Nov 2026, 17:00 (Berlin).``."""
    if kind == "sign" and said == "rejected":
        return _("That you declined to sign was received %(when)s.", when=when)
    return _(_RECEIVED.get(kind, _ARRIVED), when=when)


_REMINDERS = (
    mark("First reminder"), mark("Second reminder"), mark("Third reminder"),
    mark("Fourth reminder"), mark("Fifth reminder"), mark("Sixth reminder"),
    mark("Seventh reminder"), mark("Eighth reminder"), mark("Ninth reminder"),
)  # fmt: skip


def nth_reminder(nth: int) -> str:
    """``First reminder``, ``Second reminder``; past the ninth by figure."""
    if nth <= len(_REMINDERS):
        return _(_REMINDERS[nth - 1])
    return _("Reminder no. %(nth)s", nth=nth)


_RUNGS = {
    "on due": mark("on the day it is due"),
    "on the promised day": mark("on the promised day"),
    "asked for by staff": mark("asked for by staff"),
    "as asked": mark("as asked"),
}
_RUNG = re.compile(
    r"(?P<n>\d+)(?P<part>\.\d+)? (?P<unit>[a-z ]+?)s? (?P<when>before|after)"
    r"(?P<day> the promised day)?"
)


def rung(label: str) -> str:
    """Which reminder it is, as its step has it: ``1 day before``, ``on due``."""
    found = _RUNG.fullmatch(label)
    if _is_english() or found is None:
        return _(_RUNGS.get(label, label))
    length = _length(int(found["n"]), found["part"] or "", found["unit"])
    if found["when"] == "before":
        return _("%(length)s before", length=length)
    if found["day"]:
        return _("%(length)s after the promised day", length=length)
    return _("%(length)s after", length=length)


def _length(n: int, part: str, unit: str) -> str:
    """A duration of a definition, ``2 business days``, in the language of the reader."""
    if unit == "business day":
        return ngettext("%(n)s business day", "%(n)s business days", n)
    if unit == "business hour":
        return ngettext("%(n)s business hour", "%(n)s business hours", n)
    spoken = language.current()
    if not part:  # days and weeks have their number in more languages here than as units
        whole = timedelta(**{f"{unit}s": n})
        which: Any = unit
        return dates.format_timedelta(whole, which, threshold=1_000_000, locale=spoken)
    amount = Decimal(f"{n}{part}")
    return units.format_unit(amount, f"duration-{unit}", "long", locale=spoken)


_ALARMS = {
    "worker": "no worker is running",
    "scheduler": "no scheduler is running",
    "ledger": "a ledger was altered",
    "state": "a process is stored otherwise than its ledger tells",
    "seal": "the certificate of the seal",
}


def alarm(about: str) -> str:
    """What admins are told of the house itself: ``no worker is running``."""
    return _ALARMS.get(about, "something needs an admin")
