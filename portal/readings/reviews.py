"""Whether definitions still match reality: what was said of it, and how they fare, in a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from portal import installation
from portal.definition.hours import work_calendar
from portal.models import DefinitionReview, DefinitionRow, Process, Trouble, sights
from portal.readings import trees, words
from portal.readings.figures import COUNTED, Figures

_MOST = 1001


@dataclass(frozen=True, slots=True)
class Health:
    """How a definition fares in a word, and why in a sentence; ``is_well`` where nothing is."""

    word: str
    why: str
    is_well: bool = False


def health(conn: Connection, rows: Sequence[Any], now: datetime) -> dict[str, Health]:
    """How each of these definitions (rows of ``lists.definitions``) fares, by key; two statements.

    Of all open exceptions and of all late processes the oldest 1,001 are counted.
    """
    wrong: dict[str, dict[str, int]] = {"stuck": {}, "late": {}}
    for what, key, n in conn.execute(_wrong(now)):
        wrong[what][key] = n
    last = {one.key: one for one in conn.execute(_LAST)}
    return {
        row.key: of(row, last.get(row.key), {what: n.get(row.key, 0) for what, n in wrong.items()},
                    now)
        for row in rows
    }  # fmt: skip


def of(row: Any, last: Any, wrong: Mapping[str, int], now: datetime) -> Health:
    """How one definition fares; ``last`` is what was said of it last."""
    if last is not None and not last.holds and last.version == row.version:
        who, on = last.said_by_name, words.day(last.said_at.date())
        return Health("Out of date", f"{who} said on {on} what no longer matches: {last.note}")
    if wrong["stuck"]:
        n = wrong["stuck"]
        return Health("Stuck", f"{words.count(n, 'exception')} {'is' if n == 1 else 'are'} open.")
    if wrong["late"]:
        n = wrong["late"]
        many = "1 running process is" if n == 1 else f"{n} running processes are"
        return Health("Late", f"{many} late.")
    due = review_due(row)
    if due is not None and due <= now:
        return Health("Review due", f"Nobody has confirmed it since {words.day(due.date())}.")
    return Health("Well", "Nothing of it is stuck or late.", is_well=True)


def of_figures(row: Any, found: Figures, now: datetime) -> Health:
    """How one definition fares, its figures at hand."""
    wrong = {"stuck": found.open_exceptions, "late": found.late}
    return of(row, found.said[0] if found.said else None, wrong, now)


def shape(row: Any, found: Figures, health: Health) -> dict[str, Any]:
    """A review for programs: the word and why, the figures, and what was said."""
    return {
        "definition": row.key,
        "version": row.version,
        "health": health.word,
        "why": health.why,
        "figures": {name: getattr(found, name) for name in COUNTED},
        "median_seconds": _seconds(found.median),
        "p90_seconds": _seconds(found.p90),
        "never": list(found.never),
        "always": list(found.always),
        "review_at": row.review_at and words.iso(row.review_at),
        "said": [
            {"at": words.iso(one.said_at), "by": one.said_by_name, "version": one.version,
             "holds": one.holds, "note": one.note}
            for one in found.said
        ],
    }  # fmt: skip


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


def review_due(row: Any) -> datetime | None:
    """By when somebody should have said that it still holds; ``None`` where nobody is asked."""
    tree = trees.of_source(row.source)
    if tree.review_every is None:
        return None
    calendar = work_calendar(tree, installation.current)
    since = row.confirmed_at or row.published_at
    return tree.review_every.after(since, calendar, calendar.timezone)


_newest = (
    sa.select(sa.func.max(DefinitionReview.id).label("id"))
    .join(DefinitionRow, DefinitionRow.key == DefinitionReview.key)
    .where(DefinitionRow.is_current)
    .group_by(DefinitionReview.key)
)
_LAST = sa.select(*DefinitionReview.__table__.columns).where(DefinitionReview.id.in_(_newest))


def _wrong(now: datetime) -> Any:
    keys = sights.only_seen(sa.select(Process.key))
    stuck = (
        keys.join(Trouble, Trouble.process_id == Process.id)
        .where(Trouble.state == "open")
        .order_by(Trouble.opened_at)
        .limit(_MOST)
        .subquery()
    )
    late = (
        keys.where(Process.state == "running", Process.due_at < now)
        .order_by(Process.due_at)
        .limit(_MOST)
        .subquery()
    )
    return sa.union_all(
        *(
            sa.select(sa.literal_column(f"'{what}'"), some.c.key, sa.func.count()).group_by(
                some.c.key
            )
            for what, some in (("stuck", stuck), ("late", late))
        )
    )
