"""Who holds a process, since when, and what comes next: in one sentence each."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from portal.readings import words

_ENDED = {
    "completed": "Completed on {day}.",
    "cancelled": "Cancelled on {day}.",
    "rejected": "Ended by a rejection on {day}.",
}


_UNHELD = "Running; nobody holds it just now."


class Holding(NamedTuple):
    """One person or team that holds work: what, since when, due when."""

    task: str
    name: str
    who: str
    since: datetime
    due_at: datetime | None
    is_overdue: bool
    promised_on: date | None = None
    blocked_since: datetime | None = None


def holdings(waiting: Sequence[Mapping[str, Any]], now: datetime) -> list[Holding]:
    """The open work of a process, from its row's ``waiting``."""
    return [_holding(held, now) for held in waiting]


def sentence(
    state: str,
    ended_at: datetime | None,
    waiting: Sequence[Mapping[str, Any]],
    n_troubles: int,
    now: datetime,
    tz: str,
    *,
    is_missed: bool = False,
) -> str:
    """The status of a process in one sentence, for lists and for the head of its page.

    ``is_missed``: nobody took it up in time.
    """
    if state in _ENDED:
        return _ENDED[state].format(day=words.short_day(ended_at or now, tz))
    held = holdings(waiting, now)
    if not held:
        return f"Stopped by {_open(n_troubles)}." if n_troubles else _UNHELD
    return _waits(held, n_troubles, now, tz, is_missed=is_missed)


def fuller(status: str, reminded: int, passes_on: str | None) -> str:
    """The sentence with how often those who hold it were reminded, and to whom it goes when."""
    told = [status.rstrip(".")]
    if reminded:
        often = {1: "once", 2: "twice"}.get(reminded, f"{reminded} times")
        told.append(f"reminded {often}")
    if passes_on is not None:
        told.append(passes_on)
    return "; ".join(told) + "."


def brief(
    state: str,
    ended_at: datetime | None,
    waiting: Sequence[Mapping[str, Any]],
    n_troubles: int,
    now: datetime,
    tz: str,
    *,
    is_missed: bool = False,
) -> str:
    """Who holds a process and since when in a few words, for dense rows: no sentence.

    ``is_missed``: nobody took it up in time.
    """
    if state in _ENDED:
        return _ENDED[state].format(day=words.short_day(ended_at or now, tz)).rstrip(".")
    held = holdings(waiting, now)
    troubles = f", {words.count(n_troubles, 'exception')}" if n_troubles else ""
    if not held:
        return f"Stopped{troubles}" if n_troubles else "Nobody just now"
    people = list(dict.fromkeys(h.who for h in held))
    if len(people) > 2:
        people = [people[0], f"{len(people) - 1} others"]
    late = [h.due_at for h in held if h.is_overdue and h.due_at]
    overdue = f", {words.span(now - min(late))} late" if late else ""
    since = words.short_day(min(h.since for h in held), tz)
    missed = ", not taken up" if is_missed else ""
    return f"{words.listed(people)} since {since}{overdue}{missed}{troubles}"


def _open(n_troubles: int) -> str:
    return "one exception" if n_troubles == 1 else f"{n_troubles} exceptions"


def _waits(
    held: Sequence[Holding], n_troubles: int, now: datetime, tz: str, *, is_missed: bool
) -> str:
    since = held[0].since if len(held) == 1 else min(h.since for h in held)
    told = f"{_waiting_for(held)} since {words.short_day(since, tz)}"
    told = f"{told}, not taken up" if is_missed else told
    late = [h.due_at for h in held if h.is_overdue and h.due_at]
    told = f"{told}, overdue by {words.span(now - min(late))}" if late else told
    told = f"{told}, with {_open(n_troubles)} open" if n_troubles else told
    return f"{told}{_own_word(held, tz)}."


def _own_word(held: Sequence[Holding], tz: str) -> str:
    """What those who hold it said of it: that they can't go on, or of only one by when."""
    blocked = [one.blocked_since for one in held if one.blocked_since]
    if blocked:
        return f", blocked since {words.short_day(min(blocked), tz)}"
    day = held[0].promised_on if len(held) == 1 else None
    return f"; they say by {words.short_date(day)}" if day else ""


def _waiting_for(held: Sequence[Holding]) -> str:
    if len(held) == 1:
        return f"Waiting for {held[0].who} (“{held[0].name}”)"
    people = list(dict.fromkeys(h.who for h in held))
    if len(people) > 3:
        people = [*people[:2], f"{len(people) - 2} others"]
    what = f" (“{held[0].name}”)" if len({h.name for h in held}) == 1 else ""
    return f"Waiting for {words.listed(people)}{what}"


def _holding(held: Mapping[str, Any], now: datetime) -> Holding:
    due = words.read_iso(held["due_at"]) if held.get("due_at") else None
    who = held.get("who") or {}
    return Holding(
        task=held.get("task") or "",
        name=held["name"],
        who=who.get("name") or who.get("email") or "nobody yet",
        since=words.read_iso(held["since"]),
        due_at=due,
        is_overdue=bool(due and due < now),
        promised_on=date.fromisoformat(day) if (day := held.get("promised_on")) else None,
        blocked_since=words.read_iso(since) if (since := held.get("blocked_since")) else None,
    )
