"""The staff portal: the desk at which the letters to outside people are written and read."""

from flask import Flask

from portal.web.staff import (
    absences,
    account,
    automations,
    batches,
    book,
    changes,
    definitions,
    desk,
    doubts,
    editor,
    fleets,
    flowsheets,
    handoffs,
    house,
    insights,
    leaving,
    links,
    login,
    outside,
    packs,
    passkeys,
    people,
    privacy,
    processes,
    questions,
    replies,
    requests,
    room_questions,
    rooms,
    search,
    second_factor,
    shelves,
    sights,
    signals,
    start,
    tasks,
    timeline,
    troubles,
)
from portal.web.staff.door import doors, open_to

__all__ = ["register"]

# Each of these hangs its addresses into the one blueprint when it is imported.
ROOMS = (
    absences,
    account,
    automations,
    book,
    batches,
    changes,
    definitions,
    desk,
    doubts,
    editor,
    fleets,
    flowsheets,
    handoffs,
    house,
    insights,
    leaving,
    links,
    login,
    outside,
    packs,
    passkeys,
    people,
    privacy,
    processes,
    questions,
    requests,
    replies,
    room_questions,
    rooms,
    search,
    second_factor,
    sights,
    signals,
    start,
    tasks,
    timeline,
    troubles,
    shelves,
)


def register(app: Flask) -> None:
    """Hang the staff pages into the app, with sign-in and its cookie."""
    open_to(app)
    app.register_blueprint(doors)
