"""API calls for what is to come: of a running process, and of one that would start now."""

from flask import Response, jsonify

from portal import clock, db
from portal.readings import catalogue, dossier, forecast, foretold, trees, words
from portal.web.api.entry import call


@call("GET", "/processes/<process_id>/forecast", "What is to come of a process", gives="Forecast")
def forecast_process(process_id: str) -> Response:
    """What the clock will do, the steps behind, and the end; nothing of one that has ended."""
    with db.reading() as conn:
        found = dossier.of_process(conn, process_id)
        ahead = forecast.of_process(conn, found)
    if ahead is None:
        return jsonify(at=words.iso(clock.now()), next=[], coming=[], end=None)
    return jsonify(foretold.shape(ahead, trees.zone(found.tree)))


@call("GET", "/definitions/<key>/forecast", "What a start would bring", gives="Forecast")
def forecast_definition(key: str) -> Response:
    """The steps and the end of a process that would start now."""
    with db.reading() as conn:
        tree = trees.of_source(catalogue.definition(conn, key, None).source)
        ahead = forecast.of_start(conn, key, tree)
    return jsonify(foretold.shape(ahead, trees.zone(tree)))
