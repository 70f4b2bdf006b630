"""What admins decide for the whole house: sender, brand, calendar, how long things are kept.

Each thing decided is a rule of its own; without one the environment's value holds. All of them
take effect in this process when the change is durable, in every other within seconds.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import sqlalchemy as sa

from portal import brand, calendar, db, installation
from portal.access import book, may, seats
from portal.actions.wording import remark
from portal.actor import Actor
from portal.db import Tx, action
from portal.definition.hours import of_house
from portal.errors import Faulty, together
from portal.models import HouseRule
from portal.models.house import RETENTION_DAYS, rules

NAMES: Mapping[str, Sequence[str]] = {
    "sender": ("sender_name", "sender_shows", "replies", "reply_address"),
    "brand": ("brand_name", "brand_colour", "brand_logo"),
    "calendar": ("timezone", "hours", "holidays", "closed_days"),
    "keeping": (RETENTION_DAYS, "link_days"),
}
"""The rules of each page of settings."""
PROVED = frozenset(("sender", "keeping"))
"""Pages on which whoever changes something shows first that it is they."""
MOST_CLOSED = 200
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_LONGEST_RETENTION, _LONGEST_LINK = 36_500, 90
_CLOSED = re.compile(r"(\d{4}-\d\d-\d\d)(?: ?(?:to|until|-|–) ?(\d{4}-\d\d-\d\d))?\s*(.*)")
_ADDRESS = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
CHANGED_MEANWHILE = (
    "Somebody else changed these settings since you opened this page. What you typed still stands"
    " here: compare it with what holds now, and save again."
)

Values = Mapping[str, list[Any] | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """In which state the settings were when somebody opened the page (``installation.version``)."""

    version: str | None


@action
def set_sender(
    tx: Tx,
    typed: Mapping[str, str],
    *,
    seen: Seen | None = None,
    secret: str | None = None,
    actor: Actor,
) -> list[str]:
    """How mails are signed and where answers go; what was changed, by rule. Faulty, NotProved.

    ``secret`` names the session at the desk of which proof is asked, for where answers go is
    where what people write goes.
    ``typed``: ``sender_name``, ``sender_shows`` (owner, house), ``replies`` (owner, address,
    none) and ``reply_address``; an empty one gives way to the environment.
    """
    replies = _one_of(typed, "replies", ("owner", "address", "none"))
    values = together(
        lambda: _line(typed, "sender_name", 80),
        lambda: _one_of(typed, "sender_shows", ("owner", "house")),
        lambda: _address(typed, is_needed=replies == "address"),
    )
    named = dict(zip(("sender_name", "sender_shows", "reply_address"), values, strict=True))
    return _decide(tx, _rules({**named, "replies": replies}), seen, actor, secret)


@action
def set_brand(
    tx: Tx,
    typed: Mapping[str, str],
    logo: bytes | None,
    *,
    seen: Seen | None = None,
    actor: Actor,
) -> list[str]:
    """The house's name, colour and logo; what was changed, by rule. Faulty.

    ``typed``: ``brand_name``, ``brand_colour``; empty ones give way to the environment. ``logo``
    is a picture's bytes, ``None`` where the logo stays; ``brand_logo`` of ``given`` has the
    environment's again.
    """
    name, colour, picture = together(
        lambda: _line(typed, "brand_name", 80),
        lambda: _colour(typed),
        lambda: _logo(logo),
    )
    values = _rules({"brand_name": name, "brand_colour": colour})
    if picture is not None or typed.get("brand_logo") == "given":
        values["brand_logo"] = [picture] if picture else None
    return _decide(tx, values, seen, actor)


@action
def set_calendar(
    tx: Tx, typed: Mapping[str, str], *, seen: Seen | None = None, actor: Actor
) -> list[str]:
    """When the house works; what was changed, by rule. Faulty.

    What is timed from now on is reckoned so; what was timed before stays when it was told.
    ``typed``: ``timezone``, ``hours``, ``holidays`` and ``closed_days`` (see ``closed_days``).
    """
    return _decide(tx, calendar_rules(typed), seen, actor)


@action
def set_keeping(
    tx: Tx,
    typed: Mapping[str, str],
    *,
    seen: Seen | None = None,
    secret: str | None = None,
    actor: Actor,
) -> list[str]:
    """How long personal data and links live; what was changed, by rule. Faulty, NotProved.

    ``secret`` names the session at the desk of which proof is asked, for what is erased stays so.
    ``typed``: ``retention_days`` after the end of a process, empty for "until somebody asks", and
    ``link_days``, empty for what the environment says.
    """
    days, life = together(
        lambda: _whole(typed, RETENTION_DAYS, 1, _LONGEST_RETENTION),
        lambda: _whole(typed, "link_days", 1, _LONGEST_LINK),
    )
    return _decide(tx, _rules({RETENTION_DAYS: days, "link_days": life}), seen, actor, secret)


@action
def give_back(tx: Tx, page: str, *, secret: str | None = None, actor: Actor) -> list[str]:
    """Have the environment's values again on a page of settings; what was changed, by rule.

    NotProved on a page whose settings ask for proof.
    """
    asked = secret if page in PROVED else None
    return _decide(tx, dict.fromkeys(NAMES[page]), None, actor, asked)


@action
def note_trial(tx: Tx, to: str, answer: str, is_taken: bool, *, actor: Actor) -> None:
    """Write down that a mail was sent to try the server, and what it said."""
    may.require(actor, "people")
    book.note(tx, "mail-tried", None, actor=actor, to=to, answer=answer, is_taken=is_taken)


def calendar_rules(typed: Mapping[str, str]) -> dict[str, list[Any] | None]:
    """The calendar's rules from what was typed. Faulty; a calendar needs days to work on."""
    zone, hours, off, closed = together(
        lambda: _checked(typed, "timezone", lambda text: calendar.zone(text).key),
        lambda: _checked(typed, "hours", lambda text: (calendar.parse_hours(text), text)[1]),
        lambda: _checked(typed, "holidays", calendar.check_holidays),
        lambda: closed_days(typed.get("closed_days", "")),
    )
    values = {**_rules({"timezone": zone, "hours": hours, "holidays": off}), "closed_days": closed}
    kept = {name: value or None for name, value in values.items()}
    _require_work(kept, [date.fromisoformat(day) for day, _ in closed])
    return kept


def _require_work(values: Values, closed: Sequence[date]) -> None:
    """Refuse closed days after which nobody ever comes to work."""
    holds = installation.decided(installation.given, {n: v for n, v in values.items() if v})
    work = of_house(holds)
    try:
        for day in closed:
            work.next_opening(calendar.at_local(day, time.min, work.timezone))
    except AssertionError:
        sentence = "With these days closed nobody would work for more than a year. Name fewer."
        raise Faulty.one("closed_days", sentence) from None


def closed_days(text: str) -> list[list[str]]:
    """Days off, a line each: ``2026-12-24 Christmas Eve``, ``2026-12-27 to 2026-12-31 Rest``.

    Each day with its name, in order; Faulty at ``closed_days`` with the line that is wrong.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            for day, name in _closed(line.strip(), number):
                found[day.isoformat()] = name
    if len(found) > MOST_CLOSED:
        sentence = f"These are {len(found)} days. Name at most {MOST_CLOSED} that are to come."
        raise Faulty.one("closed_days", sentence)
    return [[day, found[day]] for day in sorted(found)]


def _closed(line: str, number: int) -> list[tuple[date, str]]:
    match = _CLOSED.fullmatch(line)
    try:
        first, last, name = match.groups() if match else ("", "", "")
        begins = date.fromisoformat(first)
        ends = date.fromisoformat(last) if last else begins
    except ValueError:
        sentence = f"Line {number} begins with no date. Write it as 2026-12-24 Christmas Eve."
        raise Faulty.one("closed_days", sentence) from None
    if not 0 <= (ends - begins).days < MOST_CLOSED or not _FIRST <= begins <= _LAST:
        sentence = (
            f"Line {number} ends before it begins, is longer than {MOST_CLOSED} days, or lies in"
            " another century."
        )
        raise Faulty.one("closed_days", sentence)
    told = remark("closed_days", name, longest=80) or "Closed"
    return [(begins + timedelta(days=n), told) for n in range((ends - begins).days + 1)]


def _decide(
    tx: Tx, values: Values, seen: Seen | None, actor: Actor, secret: str | None = None
) -> list[str]:
    """Keep what is another value than before, with a line in the book for each."""
    may.require(actor, "people")
    seats.require_proof(tx, secret, actor)
    # Written first, it has others who decide at the same moment wait for this transaction.
    before = _lock(tx)
    if seen is not None and seen.version != before:
        raise Faulty.one("version", CHANGED_MEANWHILE)
    known = rules(tx.conn)
    changed = [name for name, value in values.items() if known.get(name) != value]
    for name in changed:
        value = values[name]
        _keep(tx, name, value)
        book.note(tx, "setting-changed", None, actor=actor, name=name,
                  old=_told(known.get(name)), new=_told(value))  # fmt: skip
    if not changed:
        _keep(tx, installation.VERSION, [before] if before else None)
        return []
    tx.after_commit(functools.partial(installation.decide, rules(tx.conn)))
    return changed


def _lock(tx: Tx) -> str | None:
    """A new version, held until the end of the transaction; the one before."""
    fresh = {"value": [db.new_id()], "changed_at": tx.now}
    empty = tx.insert(HouseRule).values(name=installation.VERSION, value=[], changed_at=tx.now)
    tx.execute(empty.on_conflict_do_nothing(index_elements=["name"]))
    this = HouseRule.name == installation.VERSION
    before = tx.execute(sa.select(HouseRule.value).where(this).with_for_update()).scalar_one()
    tx.execute(sa.update(HouseRule).where(this).values(fresh))
    return next(iter(before), None)


def _keep(tx: Tx, name: str, value: list[Any] | None) -> None:
    tx.execute(sa.delete(HouseRule).where(HouseRule.name == name))
    if value is not None:
        tx.execute(sa.insert(HouseRule).values(name=name, value=value, changed_at=tx.now))


def _told(value: list[Any] | None) -> list[Any] | None:
    """A value as the book keeps it: of a picture its kind and size, and what tells it apart."""
    if value and isinstance(value[0], dict):
        logo = installation.read_logo(value[0])
        return [f"{logo.media_type}, {len(logo.content):,} bytes, {logo.digest}"]
    return value


def _rules(values: Mapping[str, Any]) -> dict[str, list[Any] | None]:
    return {name: None if value is None else [value] for name, value in values.items()}


def _line(typed: Mapping[str, str], name: str, longest: int) -> str | None:
    return remark(name, " ".join(typed.get(name, "").split()), longest=longest)


def _one_of(typed: Mapping[str, str], name: str, known: Sequence[str]) -> str | None:
    """The choice; None for the first of them, which is what holds without a rule."""
    chosen = typed.get(name) or known[0]
    if chosen not in known:
        raise Faulty.one(name, "Choose one of these.")
    return None if chosen == known[0] else chosen


def _address(typed: Mapping[str, str], *, is_needed: bool) -> str | None:
    text = typed.get("reply_address", "").strip()
    if not text and not is_needed:
        return None
    if not _ADDRESS.fullmatch(text) or not text.isprintable() or len(text) > 254:
        raise Faulty.one("reply_address", "Type one address, such as desk@example.org.")
    return text


def _colour(typed: Mapping[str, str]) -> str | None:
    text = typed.get("brand_colour", "").strip().lower()
    try:
        return text if text and brand.palette(text) else None
    except ValueError:
        sentence = "This is not a colour. Type a # and six figures, such as #1f4e8c."
        raise Faulty.one("brand_colour", sentence) from None


def _logo(content: bytes | None) -> dict[str, Any] | None:
    try:
        return None if content is None else installation.kept_logo(brand.take_logo(content))
    except ValueError as wrong:
        raise Faulty.one("brand_logo", str(wrong)) from None


def _checked(typed: Mapping[str, str], name: str, check: Any) -> str | None:
    text = " ".join(typed.get(name, "").split())
    try:
        return check(text) if text else None
    except ValueError as wrong:
        sentence = str(wrong)
        raise Faulty.one(name, f"{sentence[:1].upper()}{sentence[1:]}.") from None


def _whole(typed: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 9 and low <= int(text) <= high:
        return int(text)
    raise Faulty.one(name, f"Type a whole number from {low} to {high:,}.")
