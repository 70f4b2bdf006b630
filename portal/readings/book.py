"""The book at the door, in sentences: sign-ins, changes of people, reads of what people sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.models import BookEntry, Process, User
from portal.models.privacy import BASES
from portal.readings import words
from portal.readings.seats import by_what

PAGE = 100
_MOST_TOLD = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the book: a sentence, when, and from what browser."""

    id: str
    at: datetime
    sentence: str
    process: str | None
    title: str | None
    ip: str | None
    device: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, and from which one the next go on (``None`` at the end)."""

    lines: Sequence[Line]
    next: str | None


_LINES = (
    sa.select(BookEntry.__table__, User.name.label("whom"), Process.title)
    .outerjoin(User, User.id == BookEntry.user_id)
    .outerjoin(Process, Process.id == BookEntry.process_id)
)


def lines(
    conn: Connection,
    *,
    about: str | None = None,
    process: str | None = None,
    topic: str | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> Page:
    """The book, newest first; one statement.

    ``about`` is a user: what happened to their account, and what they did. ``process`` is what
    was read. ``topic`` is one of ``TOPICS``; ``before`` an entry's id.
    """
    narrowed = sa.select(BookEntry.id).order_by(BookEntry.id.desc()).limit(limit + 1)
    if process:
        narrowed = narrowed.where(BookEntry.process_id == process)
    if topic:
        # Most lines are reads: of one person or process they are not looked for by their kind.
        kind = BookEntry.kind.concat("") if about or process else BookEntry.kind
        narrowed = narrowed.where(kind.in_(TOPICS[topic]))
    if before:
        narrowed = narrowed.where(BookEntry.id < before)
    query = (
        _LINES.where(BookEntry.id.in_(_of_user(narrowed, about) if about else narrowed))
        .order_by(BookEntry.id.desc())
        .limit(limit + 1)
    )
    rows = conn.execute(query).all()
    shown = [_line(row) for row in rows[:limit]]
    return Page(shown, shown[-1].id if len(rows) > limit else None)


def line(conn: Connection, id_: str) -> tuple[Line, str | None] | None:
    """One line, and the id of whom it is about; ``None`` where there is none."""
    row = conn.execute(_LINES.where(BookEntry.id == id_)).first()
    return None if row is None else (_line(row), row.user_id)


def _of_user(narrowed: "sa.Select[str]", user_id: str) -> Any:
    """What happened to a user's account and what they did, each by its index: never all lines."""
    sides = (BookEntry.user_id == user_id, BookEntry.actor_id == user_id)
    halves = (narrowed.where(one).subquery() for one in sides)
    return sa.union(*(sa.select(half.c.id) for half in halves))


def _line(row: Any) -> Line:
    is_own = row.user_id is None or row.user_id == row.actor_id
    whose = "their own" if is_own else f"{row.whom or 'somebody'}’s"
    told = _Told(row.actor_name, row.whom or "somebody", whose, row.told, is_own)
    sentence = KINDS[row.kind](told)
    device = words.device(row.agent) if row.agent else ""
    return Line(row.id, row.at, sentence, row.process_id, row.title, row.ip, device)


@dataclass(frozen=True, slots=True)
class _Told:
    """What a sentence is made of: who, whom, whose, and what else was told."""

    who: str
    whom: str
    whose: str
    more: dict[str, Any]
    is_own: bool


def _person(one: _Told, verb: str) -> str:
    more = [f"as {one.more['role']}"]
    if one.more["teams"]:
        more.append(f"in {words.listed(one.more['teams'])}")
    if one.more["password"]:
        more.append("with a new password")
    return f"{one.who} {verb} {one.whom}, {words.listed(more)}."


def _sessions(one: _Told) -> str:
    n = one.more["count"]
    return f"{one.who} ended {'one' if n == 1 else n} of {one.whose} sessions."


def _absence(one: _Told) -> str:
    first, last = (words.short_date(date.fromisoformat(one.more[at])) for at in ("from", "until"))
    days = f"on {first}" if first == last else f"from {first} until {last}"
    whose = "they are" if one.is_own else f"{one.whom} is"
    return f"{one.who} said that {whose} away {days}; {one.more['deputy']} stands in."


_HELD = {"process": "a process", "definition": "a definition", "person": "a person"}


def _processes(n: int) -> str:
    return "one process" if n == 1 else f"{n} processes"


def _erasure(one: _Told) -> str:
    """Whose it was stands nowhere, nor here."""
    return (
        f"{one.who} had personal data erased in {_processes(one.more['count'])},"
        f" because {BASES[one.more['basis']]}."
    )


SETTINGS = {
    "sender_name": "the name that mails show",
    "sender_shows": "whose name mails to people outside show",
    "replies": "where answers to mails go",
    "reply_address": "the address for answers to mails",
    "brand_name": "the name of the house",
    "brand_colour": "the colour of the house",
    "brand_logo": "the logo",
    "timezone": "the time zone",
    "hours": "the working hours",
    "holidays": "whose holidays are kept",
    "closed_days": "the days on which the house is closed",
    "retention_days": "after how many days personal data is erased",
    "link_days": "for how many days links live",
}


def _setting(one: _Told) -> str:
    old, new = (_value(one.more[at]) for at in ("old", "new"))
    return f"{one.who} changed {SETTINGS[one.more['name']]} from {old} to {new}."


def _value(kept: Sequence[Any] | None) -> str:
    if not kept:
        return "what holds without a setting"
    told = [": ".join(one) if isinstance(one, list) else str(one) for one in kept]
    if len(told) > _MOST_TOLD:
        told[_MOST_TOLD:] = [f"and {len(told) - _MOST_TOLD} more"]
    return f"“{', '.join(told)}”"


READ = {
    "answers": "read what was sent",
    "task": "read a task",
    "history": "read what happened",
    "search": "searched what was sent",
    "questions": "read questions and answers",
    "doubts": "read what was said of a definition",
    "list": "read a list with people in it",
    "view": "looked into a file",
    "file": "took a file",
    "trail": "took the audit trail",
    "ledger": "took the whole ledger",
    "pack": "took an evidence pack with it",
    "result": "took the result of a launch of many",
}
WHY = {
    "owner": "as its owner",
    "part": "as somebody who has a part in it",
    "auditor": "as an auditor",
    "admin": "as an admin",
    "member": "as a member",
    "system": "as a program of the house",
    "room": "as an auditor from outside",
}


def _read(one: _Told) -> str:
    through = ", by the API" if one.more["via"] == "api" else ""
    room = f" in the room “{one.more['purpose']}”" if one.more["why"] == "room" else ""
    page = f", page {one.more['page']}" if one.more.get("page") else ""
    return f"{one.who} {READ[one.more['what']]}{page}, {WHY[one.more['why']]}{room}{through}."


def _room(one: _Told, verb: str) -> str:
    until = one.more.get("until")
    told = f", until {words.moment(words.read_iso(until))}" if until else ""
    return f"{one.who} {verb} the auditor’s room “{one.more['purpose']}”{told}."


KINDS: dict[str, Callable[[_Told], str]] = {
    "read": _read,
    "signed-in": lambda one: f"{one.who} signed in {by_what(one.more['method'])}.",
    "signed-out": lambda one: f"{one.who} signed out.",
    "proved": lambda one: f"{one.who} showed once more that it is they.",
    "session-ended": lambda one: f"{one.who} ended one of {one.whose} sessions.",
    "sessions-ended": _sessions,
    "password-changed": lambda one: f"{one.who} changed {one.whose} password.",
    "outside-bound": lambda one: (
        f"{one.who} came by {one.more['issuer']} for the first time, and is known by it now."
    ),
    "outside-removed": lambda one: f"{one.who} removed {one.whose} sign-in from outside.",
    "passkey-added": lambda one: f"{one.who} added the passkey “{one.more['name']}”.",
    "passkey-removed": lambda one: f"{one.who} removed the passkey “{one.more['name']}”.",
    "second-factor-set": lambda one: f"{one.who} set up an authenticator app.",
    "second-factor-removed": lambda one: f"{one.who} removed {one.whose} authenticator app.",
    "recovery-codes-made": lambda one: f"{one.who} made new recovery codes.",
    "second-factor-rule": lambda one: (
        f"{one.who} said of whom a second factor is asked: {words.listed(one.more['roles'])}."
        if one.more["roles"]
        else f"{one.who} said that a second factor is asked of nobody."
    ),
    "person-added": lambda one: _person(one, "added"),
    "person-changed": lambda one: _person(one, "changed"),
    "account-closed": lambda one: f"{one.who} closed {one.whose} account.",
    "absence-set": _absence,
    "sight-restricted": lambda one: (
        f"{one.who} restricted who may see the processes of “{one.more['definition']}”."
    ),
    "sight-opened": lambda one: (
        f"{one.who} opened the processes of “{one.more['definition']}” to all staff."
    ),
    "sight-granted": lambda one: (
        f"{one.who} let {one.more['name']} see the processes of “{one.more['definition']}”."
    ),
    "sight-withdrawn": lambda one: (
        f"{one.who} withdrew that {one.more['name']} may see the processes of"
        f" “{one.more['definition']}”."
    ),
    "absence-ended": lambda one: f"{one.who} ended {one.whose} absence.",
    "setting-changed": _setting,
    "mail-tried": lambda one: (
        f"{one.who} sent a test mail to {one.more['to']}. {one.more['answer']}"
    ),
    "token-made": lambda one: (
        f"{one.who} made the API token “{one.more['name']}”, which acts for {one.whom}."
    ),
    "token-ended": lambda one: (
        f"{one.who} ended the API token “{one.more['name']}”, which acted for {one.whom}."
    ),
    "erasure-asked": _erasure,
    "hold-placed": lambda one: f"{one.who} put a legal hold on {_HELD[one.more['on']]}.",
    "hold-lifted": lambda one: f"{one.who} lifted a legal hold on {_HELD[one.more['on']]}.",
    "person-exported": lambda one: (
        f"{one.who} took all that is held of one person, from {_processes(one.more['count'])}."
    ),
    "copy-taken": lambda one: (
        f"{one.who} took all that is held of them, from {_processes(one.more['count'])}."
    ),
    "person-looked-up": lambda one: f"{one.who} looked up what is held of one person.",
    "room-opened": lambda one: _room(one, "opened"),
    "room-extended": lambda one: _room(one, "extended"),
    "room-revoked": lambda one: _room(one, "revoked"),
    "room-entered": lambda one: _room(one, "came, by link and code, into"),
    "room-sampled": lambda one: _room(one, f"drew a sample of {one.more['size']:,} in"),
    "room-asked": lambda one: _room(one, f"wrote question {one.more['number']:,} in"),
    "room-answered": lambda one: _room(one, f"answered question {one.more['number']:,} in"),
    "room-answerers": lambda one: (
        f"{one.who} said who answers in the auditor’s room “{one.more['purpose']}” beside whoever"
        f" opened it: {words.listed(one.more['names']) if one.more['names'] else 'nobody'}."
    ),
    "room-packed": lambda one: _room(
        one, f"asked for an evidence pack of {_processes(one.more['count'])} in"
    ),
}
_OF_PEOPLE = ("absence", "person", "account", "token", "password", "second", "recovery", "passkey",
              "outside", "sight")  # fmt: skip
_OF_PRIVACY = ("erasure-asked", "hold-placed", "hold-lifted", "person-exported",
               "copy-taken", "person-looked-up")  # fmt: skip
TOPICS: dict[str, tuple[str, ...]] = {
    "reads": ("read",),
    "sign-ins": ("signed-in", "signed-out", "proved", "session-ended", "sessions-ended"),
    "privacy": _OF_PRIVACY,
    "people": tuple(
        kind for kind in KINDS if kind.split("-")[0] in _OF_PEOPLE and kind not in _OF_PRIVACY
    ),
    "rooms": tuple(kind for kind in KINDS if kind.startswith("room-")),
    "settings": ("setting-changed", "mail-tried"),
}
