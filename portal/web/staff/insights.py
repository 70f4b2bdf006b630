"""Insights: where time goes, what is slow, and the numbers behind each picture as a table."""

import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock, db
from portal.errors import Unknown
from portal.readings import insights, lists, plots, tables, words
from portal.readings.insights import Insights, Week
from portal.web.staff.door import doors

_DAY = 86_400
_USUAL = 13


@doors.get("/insights")
def show_insights() -> ResponseReturnValue:
    """Where time went in the last weeks; ``?weeks=``, ``?definition=``, ``?team=`` narrow it."""
    found, definitions = _found()
    return render_template(
        "staff/insights.html",
        found=found,
        definitions=definitions,
        periods=insights.PERIODS,
        courts=insights.COURTS,
        weeks=len(found.weeks),
        asked=request.args,
        cycle=Markup(_cycle_plot(found.weeks)),  # noqa: S704 - made here, escaped there
        ended=Markup(_ended_plot(found.weeks)),  # noqa: S704
        quality=Markup(_quality_plot(found.weeks)),  # noqa: S704
    )


@doors.get("/insights/<what>.csv")
def insights_as_csv(what: str) -> ResponseReturnValue:
    """One of its tables: ``definitions``, ``steps``, ``teams``, ``people`` or ``weeks``."""
    if what not in _TABLES:
        raise Unknown("There is no such table.")
    found, _definitions = _found()
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    for row in _TABLES[what](found):
        table.writerow([tables.harmless(str(cell)) for cell in row])
    headers = {"Content-Disposition": f'attachment; filename="insights-{what}.csv"'}
    return Response(f"\ufeff{text.getvalue()}", mimetype="text/csv", headers=headers)


def _found() -> tuple[Insights, Any]:
    asked = request.args
    wanted = asked.get("weeks", "")
    weeks = next((n for n in insights.PERIODS if str(n) == wanted), _USUAL)
    period = insights.period(
        clock.now(), weeks, asked.get("definition") or None, asked.get("team") or None
    )
    with db.reading() as conn:
        return insights.of(conn, period), lists.definition_names(conn)


def _labels(weeks: Iterable[Week]) -> list[str]:
    return [_short(one.monday) for one in weeks]


def _short(monday: date) -> str:
    return words.short_date(monday).partition(" ")[2]


def _cycle_plot(weeks: Iterable[Week]) -> str:
    drawn = [
        plots.Line("p90", "Nine of ten within", [_days(one.p90) for one in weeks]),
        plots.Line("median", "Half within", [_days(one.median) for one in weeks]),
    ]
    return plots.lines("Days from start to end, by week", _labels(weeks), drawn, " d")


def _ended_plot(weeks: Iterable[Week]) -> str:
    return plots.bars("Processes ended, by week", _labels(weeks), [one.ended for one in weeks])


def _quality_plot(weeks: Iterable[Week]) -> str:
    drawn = [
        plots.Line("on-time", "Tasks done in time", [one.on_time for one in weeks]),
        plots.Line("wrong", "Exceptions for 100 starts", [one.exceptions for one in weeks]),
    ]
    return plots.lines("In time, and exceptions, by week", _labels(weeks), drawn, "")


def _days(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / _DAY, 2)


def _seconds(span: timedelta | None) -> object:
    return "" if span is None else int(span.total_seconds())


Rows = Iterable[Iterable[object]]


def _share_rows(shares: Iterable[insights.Share]) -> Rows:
    yield ["key", "name", "definition", "n", "seconds", *insights.COURTS]
    for one in shares:
        yield [one.key, one.name, one.of, one.n, one.total,
               *(one.seconds[court] for court in insights.COURTS)]  # fmt: skip


def _party_rows(found: Insights) -> Rows:
    yield ["who", "kind", "n", "seconds", "tasks done", "of them late"]
    for one in found.parties:
        yield [one.name, one.kind, one.n, one.seconds, one.done, one.late]


def _week_rows(found: Insights) -> Rows:
    counted = list(found.total.counts)
    yield ["week of", *counted, "median seconds", "p90 seconds"]
    for one in found.weeks:
        yield [one.monday.isoformat(), *(one.counts[name] for name in counted),
               _seconds(one.median), _seconds(one.p90)]  # fmt: skip


_TABLES = {
    "definitions": lambda found: _share_rows(found.definitions),
    "steps": lambda found: _share_rows(found.steps),
    "teams": lambda found: _share_rows(found.teams),
    "people": _party_rows,
    "weeks": _week_rows,
}
