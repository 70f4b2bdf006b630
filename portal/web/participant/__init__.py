"""The pages of people without an account: a link leads in, a session shows the task."""

from flask import Flask
from markupsafe import Markup
from werkzeug.routing import PathConverter

from portal.definition.statements import AGREEMENT
from portal.readings import words
from portal.readings.prose import to_html
from portal.web.participant import (
    blocks,
    declines,
    doubts,
    drafts,
    entry,
    handoffs,
    mine,
    preferences,
    promises,
    questions,
    receipts,
    room_files,
    room_packs,
    room_questions,
    rooms,
    samples,
    tasks,
    uploads,
)
from portal.web.participant.door import doors

__all__ = ["register"]

# Each of these hangs its addresses into the one blueprint when it is imported.
ROOMS = (
    blocks,
    declines,
    doubts,
    drafts,
    entry,
    handoffs,
    mine,
    preferences,
    promises,
    questions,
    receipts,
    room_files,
    room_packs,
    room_questions,
    rooms,
    samples,
    tasks,
    uploads,
)


class Spelt(PathConverter):
    """The rest of an address as somebody's mail program left it, line breaks included."""

    regex = r"[^/][\s\S]*?"


def _strong(text: object) -> Markup:
    return Markup("<strong>{}</strong>").format(text)


def register(app: Flask) -> None:
    """Hang the participant pages into the app, with what their templates ask for."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(words=words, agreement=AGREEMENT)
    app.add_template_filter(to_html, "markdown")
    app.add_template_filter(_strong, "strong")
    app.url_map.converters["spelt"] = Spelt
    app.register_blueprint(doors)
