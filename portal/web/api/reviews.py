"""API calls for reviews of definitions: how one fares, and whether it still matches reality."""

from flask import Response, jsonify

from portal import clock, db
from portal.actions import reviews as verbs
from portal.errors import Faulty
from portal.readings import catalogue, figures, trees
from portal.readings import reviews as readings
from portal.web.api.entry import call, caller, json_body


@call("GET", "/definitions/<key>/review", "How a definition fares, in figures", gives="Review")
def read_review(key: str) -> Response:
    """What became of its processes of the last twelve months, and what was said of it."""
    return _review(key)


@call("POST", "/definitions/<key>/review", "Say whether a definition still matches reality",
      takes="GiveReview", gives="Review")  # fmt: skip
def give_review(key: str) -> Response:
    """``holds: true`` confirms it; with ``false`` a ``note`` says what no longer matches."""
    body = json_body()
    holds, note = body.get("holds"), body.get("note")
    if not isinstance(holds, bool):
        raise Faulty.one("holds", "`holds` is missing: send true or false.")
    if note is not None and not isinstance(note, str):
        raise Faulty.one("note", "`note` is not a text.")
    if holds:
        verbs.confirm(key, actor=caller())
    else:
        verbs.outdate(key, note or "", actor=caller())
    return _review(key)


def _review(key: str) -> Response:
    now = clock.now()
    with db.reading() as conn:
        row = catalogue.definition(conn, key, None)
        found = figures.since(conn, key, now - figures.LATELY, now, trees.of_source(row.source))
    health = readings.of_figures(row, found, now)
    return jsonify(readings.shape(row, found, health))
