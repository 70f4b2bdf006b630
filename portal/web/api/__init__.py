"""The API, ``/api/v1``: JSON in, JSON out, faults as problem details (RFC 9457)."""

from flask import Flask

from portal.web.api import (
    changes,
    definitions,
    doubts,
    events,
    exceptions,
    forecast,
    handoffs,
    openapi,
    packs,
    privacy,
    processes,
    questions,
    replies,
    requests,
    reviews,
    sights,
    tasks,
)
from portal.web.api.entry import api

__all__ = ["register"]

# Named so that importing them, which hangs their calls into the blueprint, is seen to matter.
_CALLS = (
    changes,
    definitions,
    doubts,
    events,
    exceptions,
    forecast,
    handoffs,
    openapi,
    packs,
    privacy,
    processes,
    questions,
    requests,
    replies,
    reviews,
    sights,
    tasks,
)


def register(app: Flask) -> None:
    """Hang the API into the app."""
    app.register_blueprint(api)
