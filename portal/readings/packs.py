"""Evidence packs as those who ask for them see them, and what goes into one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal.actor import Actor
from portal.definition.values import date_of
from portal.errors import Faulty, Unknown
from portal.language import mark
from portal.ledger.tables import Head
from portal.models import FileRow, Pack, PackPart, Process, Room, Team, Trail, User, sights
from portal.models.files import BEING_CHECKED, REFUSED
from portal.models.packs import KEEP_DAYS
from portal.models.processes import PROCESS_STATES

__all__ = ["KEEP_DAYS", "PROCESS_STATES"]

Row = sa.Row[*tuple[Any, ...]]
_SHOWN = 50
_SENT = ("received", "replaced", "refused")
# What a usual process takes: its PDF's pages and fonts, and of each event the line in the ledger,
# the same in the PDF, and what is printed of it. Measured; a long history takes less.
_BYTES_A_PROCESS, _BYTES_AN_EVENT = 80_000, 4_000


@dataclass(frozen=True, slots=True)
class Choice:
    """Which processes are wanted; ``None`` leaves a side open.

    ``since`` (included) and ``until`` (not any more) are about when they started; ``owners`` and
    ``teams`` narrow to those that these own.
    """

    definition: str | None = None
    states: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    owners: frozenset[str] | None = None
    teams: frozenset[str] = frozenset()


def choice(
    asked: Mapping[str, str], states: Sequence[str], tz: str, actor: Actor
) -> tuple[Choice, str]:
    """What is asked for with ``definition``, ``since`` and ``until`` (days, both included).

    With it what a pack of it is called. Whoever is no admin and no auditor gets of what they own.
    Faulty at ``since``, ``until`` and ``state``.
    """
    if unknown := [state for state in states if state not in PROCESS_STATES]:
        raise Faulty.one("state", f"“{unknown[0]}” is not one of {', '.join(PROCESS_STATES)}.")
    first, last = _day(asked, "since"), _day(asked, "until")
    if first and last and last < first:
        raise Faulty.one("until", "The last day is before the first.")
    zone = ZoneInfo(tz)
    sees_all = actor.kind == "system" or actor.role in ("admin", "auditor")
    found = Choice(
        definition=asked.get("definition") or None,
        states=tuple(states),
        since=datetime.combine(first, time(), zone) if first else None,
        until=datetime.combine(last + timedelta(days=1), time(), zone) if last else None,
        owners=None if sees_all else actor.user_ids,
        teams=frozenset() if sees_all else actor.team_ids,
    )
    parts = [found.definition or "All definitions", *states]
    parts += [f"from {_told(first)}"] if first else []
    parts += [f"until {_told(last)}"] if last else []
    return found, ", ".join(parts)


def _day(asked: Mapping[str, str], name: str) -> date | None:
    text = asked.get(name, "").strip()
    if not text:
        return None
    try:
        return date_of(text)
    except ValueError:
        raise Faulty.one(name, "Give the day as year, month and day: 2026-11-30.") from None


def _told(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def chosen(conn: Connection, choice: Choice, limit: int) -> Sequence[str]:
    """The ids of the processes that are wanted, in the order of their start."""
    query = sa.select(Process.id).order_by(Process.id).limit(limit)
    if choice.definition:
        query = query.where(Process.key == choice.definition)
    if choice.states:
        query = query.where(Process.state.in_(choice.states))
    if choice.since:
        query = query.where(Process.started_at >= choice.since)
    if choice.until:
        query = query.where(Process.started_at < choice.until)
    if choice.owners is not None:
        mine = Process.owner_id.in_(choice.owners)
        query = query.where(sa.or_(mine, Process.team_id.in_(choice.teams)))
    return conn.execute(query).scalars().all()


_PACKS = (
    sa.select(*Pack.__table__.columns, User.name.label("maker"), Room.purpose.label("room_purpose"))
    .outerjoin(User, User.id == Pack.made_by)
    .outerjoin(Room, Room.id == Pack.room_id)
)


def whose(actor: Actor) -> str | None:
    """Whose packs an actor sees: an admin and an auditor everybody's (``None``), others theirs."""
    return None if actor.role in ("admin", "auditor") else actor.user_id


def recent(conn: Connection, user_id: str | None) -> Sequence[Row]:
    """The newest packs of a user, or of everybody where ``None``."""
    query = _PACKS.order_by(Pack.id.desc()).limit(_SHOWN)
    return conn.execute(query.where(Pack.made_by == user_id) if user_id else query).all()


def pack(conn: Connection, pack_id: str, user_id: str | None) -> Row:
    """One pack of that user, or of anybody where ``None``; Unknown."""
    query = _PACKS.where(Pack.id == pack_id)
    row = conn.execute(query.where(Pack.made_by == user_id) if user_id else query).first()
    if row is None:
        raise Unknown("There is no such pack.")
    return row


@dataclass(frozen=True, slots=True)
class Tally:
    """How many processes of a pack stand how."""

    ready: int = 0
    built: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.ready + self.built + self.failed

    @property
    def through(self) -> int:
        """Those that are through, one way or another."""
        return self.built + self.failed


def tally(conn: Connection, pack_id: str) -> Tally:
    """How many processes of it stand how."""
    query = (
        sa.select(PackPart.state, sa.func.count())
        .where(PackPart.pack_id == pack_id)
        .group_by(PackPart.state)
    )
    return Tally(**{row[0]: row[1] for row in conn.execute(query)})


def size(conn: Connection, pack_id: str, *, files: bool) -> int:
    """How many bytes it will have, by estimate."""
    within = sa.select(PackPart.process_id).where(PackPart.pack_id == pack_id)
    events = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Head.seq + 1), 0))
    count, total = conn.execute(events.where(Head.log.in_(within))).one()
    needed = int(count) * _BYTES_A_PROCESS + int(total) * _BYTES_AN_EVENT
    if files:
        sent = sa.select(sa.func.coalesce(sa.func.sum(FileRow.size), 0)).where(
            FileRow.process_id.in_(within), FileRow.state.in_(_SENT)
        )
        needed += int(conn.execute(sent).scalar_one())
    return needed


def has_files(conn: Connection, pack_id: str) -> bool:
    """Whether the files that people sent go into a pack."""
    return bool(conn.execute(sa.select(Pack.files).where(Pack.id == pack_id)).scalar())


def parts(
    conn: Connection, pack_id: str, *states: str, after: int = 0, limit: int = 100
) -> Sequence[Row]:
    """Its processes in those states with their titles, by their place, after one of them.

    Without what whoever looks may not see any more.
    """
    query = sights.only_seen(_PARTS.where(PackPart.pack_id == pack_id, PackPart.n > after))
    if states:
        query = query.where(PackPart.state.in_(states))
    return conn.execute(query.order_by(PackPart.n).limit(limit)).all()


def _with_process(*only: sa.ColumnElement[bool]) -> "sa.Select[*tuple[Any, ...]]":
    """Parts with what is known of their processes; of others than ``only`` nothing is told."""
    return (
        sa.select(
            *PackPart.__table__.columns,
            *(Process.title, Process.reference, Process.key, Process.version),
            *(Process.state.label("process_state"), Process.started_at, Process.ended_at),
            sa.func.coalesce(User.name, Team.name).label("owner"),
        )
        .outerjoin(Process, sa.and_(Process.id == PackPart.process_id, *only))
        .outerjoin(User, User.id == Process.owner_id)
        .outerjoin(Team, Team.id == Process.team_id)
    )


_PARTS = _with_process()
# Of what a room granted no more when it was built an auditor is told the id and the reason.
_PARTS_BUILT = _with_process(PackPart.state == "built")


def ready(conn: Connection, pack_id: str, first: int, last: int) -> Sequence[int]:
    """The places of the processes that are still to be built, of those from one to another."""
    query = sa.select(PackPart.n).where(
        PackPart.pack_id == pack_id, PackPart.n.between(first, last), PackPart.state == "ready"
    )
    return conn.execute(query.order_by(PackPart.n)).scalars().all()


def part(conn: Connection, pack_id: str, n: int) -> Row:
    """One process of a pack, with the pack's ``files``, ``language``, ``paper`` and ``zone``."""
    made = (Pack.files, Pack.language, Pack.paper, Pack.zone)
    query = sa.select(*PackPart.__table__.columns, *made)
    joined = query.join(Pack, Pack.id == PackPart.pack_id)
    return conn.execute(joined.where(PackPart.pack_id == pack_id, PackPart.n == n)).one()


def to_close(conn: Connection, pack_id: str) -> tuple[Row, Sequence[Row]] | None:
    """A pack whose processes are all through, with them; ``None`` where there is nothing to do."""
    row = conn.execute(_PACKS.where(Pack.id == pack_id)).first()
    if row is None or row.state != "running":
        return None
    told = _PARTS if row.room_id is None else _PARTS_BUILT
    query = told.where(PackPart.pack_id == pack_id)
    found = conn.execute(query.order_by(PackPart.n)).all()
    return None if any(one.state == "ready" for one in found) else (row, found)


def files(conn: Connection, process_id: str) -> Sequence[Row]:
    """What was sent in a process, as part of an answer, in the order it arrived."""
    query = sa.select(FileRow.__table__).where(
        FileRow.process_id == process_id, FileRow.state.in_(_SENT)
    )
    return conn.execute(query.order_by(FileRow.id)).all()


_REFUSED = mark("the malware scanner refused it")
_CHECKED = mark("it is still being checked for malware")
CHANGED = mark("it is no longer as it was stored")


def unfit(file: Row) -> str | None:
    """Why a file is not handed out, if it is not."""
    if file.scan == REFUSED:
        return _REFUSED
    return _CHECKED if file.scan == BEING_CHECKED else None


def trail_at(conn: Connection, part: Row, seq: int) -> Row | None:
    """The audit trail that a part asks for, where one up to just that event is kept."""
    query = sa.select(Trail.storage_id, Trail.sha256, Trail.size).where(
        Trail.process_id == part.process_id, Trail.seq == seq, Trail.language == part.language,
        Trail.paper == part.paper, Trail.with_files.is_(False), Trail.zone == part.zone,
    )  # fmt: skip
    return conn.execute(query.where(Trail.storage_id.is_not(None))).first()
