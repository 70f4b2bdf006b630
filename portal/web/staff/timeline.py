"""The combined timeline: every process a row through time, and the same as a feed of sentences."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock, db
from portal.errors import Unknown
from portal.readings import axis, combined, courts, feed, foretold, lists, stuck, waiting
from portal.readings import dossier as dossiers
from portal.readings.axis import Window
from portal.readings.timeline import Filters
from portal.web.staff import tracks, views
from portal.web.staff.door import doors, house_zone, me
from portal.web.staff.filters import timeline_filters
from portal.web.staff.processes import may_manage

# What the filter of the feed offers: the noun of the event types, and what a reader calls it.
GROUPS = {
    "process": "Starts and ends",
    "task": "Tasks",
    "form": "Forms",
    "file": "Files",
    "approval": "Decisions",
    "signature": "Signatures",
    "link": "Links",
    "reminder": "Reminders",
    "deadline": "Deadlines missed",
    "mail": "Mails that came back",
    "exception": "Exceptions",
    "comment": "Comments",
}
AT_ONCE = 60
ROWS_AT_ONCE = 100
# What an address of the timeline may say, in the order in which it says it.
_NARROWING = ("definition", "owner", "team", "person", "state", "overdue")
_ASKED = ("zoom", "from", *_NARROWING)
_SHOWN = {
    "running": "Running processes", "ended": "Processes that ended",
    "all": "Processes, running and ended", "completed": "Completed processes",
    "rejected": "Processes ended by a rejection", "cancelled": "Cancelled processes",
}  # fmt: skip


class Row(NamedTuple):
    """One process as its row tells it; ``shares`` say how long it was in whose court in sight."""

    id: str
    title: str
    brief: str
    shares: str
    tone: str
    track: Markup


@doors.get("/timeline")
def timeline() -> ResponseReturnValue:
    """Every process a row, in the window of time that is asked, or what my default view shows."""
    return views.opened_with("timeline") or rows_page(request.args)


def rows_page(args: Mapping[str, str], fault: views.ViewFault | None = None) -> ResponseReturnValue:
    """The rows, narrowed and paged by cursor; with what was faulty of a view to be kept."""
    now, zone = clock.now(), house_zone()
    asked = {name: text for name in _ASKED if (text := args.get(name, "").strip())}
    window = axis.window(asked.get("zoom"), asked.get("from"), now, zone)
    filters = timeline_filters(asked)
    is_part = args.get("part") == "rows"
    with db.reading() as conn:
        page = combined.page(conn, filters, window, cursor=args.get("cursor"), limit=ROWS_AT_ONCE)
        choices = None if is_part else combined.choices(conn)
        shelf = None if is_part else views.shelf(conn, "timeline", asked, fault)
    shown = {
        "rows": _rows(page.lines, window, zone),
        "window": window,
        "asked": asked,
        "address": lambda **changed: _address(asked, changed),
        "next": page.next,
        "is_first": not args.get("cursor"),
    }
    if choices is None:
        return _unless_known(render_template("timeline/_rows.html", **shown))
    return render_template(
        "timeline/rows.html",
        **shown,
        choices=choices,
        shelf=shelf,
        filters=filters,
        is_narrowed=any(name in asked for name in _NARROWING),
        said=_said(filters),
        feed_asked=_query({"definition": filters.definition, "email": filters.person}),
        zooms=axis.ZOOMS,
        states=combined.STATES,
        key=courts.KEY,
        grid=tracks.grid(window),
        scale=tracks.scale(window),
        when=axis.told(window, zone),
        mine=me().email,
    )


@doors.get("/timeline/<process_id>")
def timeline_row(process_id: str) -> ResponseReturnValue:
    """One row opened: who had what in hand, what will come, and what one may do about it."""
    now, zone, asked = clock.now(), house_zone(), request.args
    is_part = asked.get("part") == "row"
    with db.reading() as conn:
        found = combined.process(conn, process_id)
        if found is None:
            raise Unknown("There is no such process.")
        if is_part:
            window = axis.window(asked.get("zoom"), asked.get("from"), now, zone)
        else:
            window = tracks.around(found, now, zone)
        dossier = dossiers.of_process(conn, process_id)
        story = tracks.story(conn, found, dossier.tree, window, zone)
        ahead = foretold.of_process(conn, dossier, zone)
        cost = courts.cost(conn, found, now)
        troubles = combined.troubles(conn, process_id)
    return render_template(
        "timeline/_row.html" if is_part else "timeline/row.html",
        process=found,
        story=story,
        cost=cost,
        coming=foretold.briefly(ahead, now, zone),
        sentence=waiting.sentence(
            found.state, found.ended_at, found.waiting, found.n_troubles, now, zone
        ),
        held=waiting.holdings(found.waiting, now) if found.state == "running" else [],
        troubles=troubles,
        again=stuck.again,
        may_manage=may_manage(found),
        key=courts.KEY,
    )


@doors.get("/timeline/feed")
def timeline_feed() -> ResponseReturnValue:
    """What happened, newest first, narrowed and paged by cursor."""
    asked = request.args
    group = asked.get("group", "")
    filters = Filters(
        definition=asked.get("definition") or None,
        group=group if group in GROUPS else None,
        email=asked.get("email", "").strip() or None,
    )
    with db.reading() as conn:
        definitions = lists.definition_names(conn)
        told = feed.combined(
            conn, filters, house_zone(), before=_number(asked.get("before")), limit=AT_ONCE
        )
    return render_template(
        "timeline/all.html",
        feed=told,
        definitions=definitions,
        groups=GROUPS,
        asked=asked,
        rows_asked=_query({"definition": filters.definition, "person": filters.email}),
    )


def _said(filters: combined.Filters) -> str:
    """What the rows are, in a sentence."""
    is_by_due = filters.state in ("running", "all")
    order = "those due first at the top" if is_by_due else "the newest first"
    late = ", overdue only" if filters.overdue else ""
    return f"{_SHOWN[filters.state]}{late}, {order}. The colour tells in whose court the ball was."


def _query(asked: Mapping[str, str | None]) -> str:
    """The query of an address that asks for these; nothing where it asks for none."""
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"?{told}" if told else ""


def _rows(lines: Sequence[combined.Line], window: Window, zone: str) -> list[Row]:
    drawn = tracks.rows(lines, window)
    return [_row(*one, window, zone) for one in zip(lines, drawn, strict=True)]


def _row(line: combined.Line, track: Markup, window: Window, zone: str) -> Row:
    process, now = line.process, window.now
    lengths = courts.shares(line.stretches, window.start, window.end, now)
    is_late = process.state == "running" and process.due_at is not None and process.due_at < now
    tone = "is-stuck" if process.n_troubles else "is-late" if is_late else ""
    return Row(
        process.id,
        process.title,
        waiting.brief(
            process.state,
            process.ended_at,
            process.waiting,
            process.n_troubles,
            now,
            zone,
            is_missed=any(one.why == "missed" for one in line.stretches if one.to_at is None),
        ),
        courts.told(lengths),
        tone,
        track,
    )


def _address(asked: Mapping[str, str], changed: Mapping[str, Any]) -> str:
    """The address of the same timeline with something different; ``None`` leaves a side open."""
    wanted = {**asked, **{name.rstrip("_"): value for name, value in changed.items()}}
    return f"/timeline{_query(wanted)}"


def _unless_known(html: str) -> ResponseReturnValue:
    """Rows with a tag of their own: whoever has them already is told so, and sent nothing."""
    response = make_response(html)
    response.add_etag()
    return response.make_conditional(request)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None
