"""The doors over HTTP: parse, name the actor, call one action or reading, render."""

from flask import Flask


def register(app: Flask) -> None:
    """Hang every door into the app."""
    from portal.web import (
        api,
        arrivals,
        errors,
        headers,
        participant,
        sights,
        staff,
        viewing,
        wellknown,
    )

    app.request_class = arrivals.PortalRequest
    errors.install(app)
    headers.install(app)
    viewing.install(app)
    sights.install(app)
    participant.register(app)
    staff.register(app)
    api.register(app)
    app.register_blueprint(wellknown.doors)
