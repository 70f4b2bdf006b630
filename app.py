"""Portico: ``python3 app.py`` on any machine, ``create_app`` for the web, ``portal`` for the rest.

This file alone joins ``portal`` and the night shift in ``tasks/``. Until the environment stands
it needs nothing but the standard library: see ``portal/bootstrap.py``.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from portal.certificates import Certificate
    from portal.settings import Settings
    from portal.web.health import Probes

ROOT = Path(__file__).resolve().parent


def create_app(settings: Settings) -> Flask:
    """The web application: database and links bound, every door hung, probes handed in."""
    from flask import Flask

    import portal.web
    from portal import db
    from portal.access import links
    from portal.delivery import handover
    from portal.delivery.seal import Seal
    from portal.ledger import outbox
    from portal.readings import rules
    from portal.web import assets, brand, health, languages
    from tasks import relay

    app = Flask("portal", root_path=str(ROOT), static_folder=None, template_folder="templates")
    app.config.update(_config(settings))
    _trust_proxies(app, settings.proxies)
    db.bind(db.Database(settings.database_url))
    links.configure(settings.secret_keys, settings.base_url)
    settings.install()
    outbox.nudge = relay.bell(settings)
    rules.follow()
    # Asked each time: another key may sign meanwhile (portal rotate-key).
    app.extensions["seal"] = partial(Seal.of, settings.data_dir)
    app.extensions["certificate"] = lambda: _certificate(settings)
    app.extensions["certificate_ending"] = lambda at: _ending(settings, at)
    app.extensions["handovers"] = partial(handover.notes, settings.data_dir)
    app.extensions["seal"]()
    app.extensions["try_mail"] = partial(_try_mail, settings)
    app.extensions["outside"] = _outside(settings)
    assets.install(app)
    brand.install(app)
    health.install(app, _probes(settings))
    languages.install(app)
    portal.web.register(app)
    return app


def create_web() -> Flask:
    """What each granian process of ``portal web`` loads; it ends with the one that forked it."""
    from portal.cli.web import THREADS, tie_to_server
    from portal.logs import configure
    from portal.readings import rules
    from portal.settings import Settings
    from portal.web.patience import Gate, Watch

    tie_to_server()
    settings = Settings.load()
    configure(settings.log_level)
    app = create_app(settings)
    app.wsgi_app = Gate(app.wsgi_app, THREADS)  # type: ignore[method-assign]
    Watch(settings.port).begin()
    rules.keep_following()
    threading.Thread(target=_read_definitions, daemon=True).start()
    return app


def _read_definitions() -> None:
    """Parse the definitions in use, so that nobody's first page waits for it; then it stands."""
    from sqlalchemy.exc import SQLAlchemyError

    from portal import db, memory
    from portal.readings import lists, trees

    with contextlib.suppress(SQLAlchemyError), db.reading() as conn:
        trees.trees(conn, [row.id for row in lists.definitions(conn)])
    memory.keep_for_good()


def command() -> None:
    """The command ``portal``, with the roles of the night shift beside its own."""
    from portal.cli.main import Entry, Outside, run

    run(
        {
            "worker": Entry("tasks.commands:worker", "Run the worker role alone."),
            "scheduler": Entry("tasks.commands:scheduler", "Run the scheduler role alone."),
            "redis": Entry("tasks.commands:redis", "Run the embedded Redis.", hidden=True),
        },
        Outside(_ask_redis, _carry_out),
    )


def _ask_redis(settings: Settings) -> object:
    from tasks import queues

    return queues.connect(settings, timeout=1.0).ping()


def _carry_out(settings: Settings) -> object:
    from tasks import job, relay

    job.open_house(settings)
    return relay.carry_out()


def _config(settings: Settings) -> dict[str, Any]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_keys[0],
        "SECRET_KEY_FALLBACKS": list(settings.secret_keys[1:]),
        "SESSION_COOKIE_NAME": "portal_staff",
        "SESSION_COOKIE_SECURE": settings.base_url.startswith("https://"),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        # Participant pages send no Referer, so none can be asked for: the token protects.
        "WTF_CSRF_SSL_STRICT": False,
    }


def _certificate(settings: Settings) -> Certificate | None:
    """What audit trails are sealed with; the libraries to read it come with the first question."""
    from portal.delivery import certificate

    return certificate.known(settings)


def _try_mail(settings: Settings, user_id: str, email: str, name: str) -> str:
    """Send a mail at once; what the server said."""
    from tasks import trial

    return trial.send(settings, user_id, email, name)


def _ending(settings: Settings, at: datetime) -> str | None:
    """What an admin should know of that certificate, where there is something."""
    from portal.certificates import Unusable, ending

    try:
        found = _certificate(settings)
    except Unusable as refusal:
        return str(refusal)
    told = ending(found, at) if found else None
    return told[1] if told else None


def _outside(settings: Settings) -> object | None:
    """The sign-in provider, whose code is read where there is one."""
    if settings.oidc is None:
        return None
    from portal.delivery.oidc import Provider

    return Provider.of(settings)


def _trust_proxies(app: Flask, count: int) -> None:
    """Take address and scheme of the visitor from that many proxies in front."""
    if count:
        from werkzeug.middleware.proxy_fix import ProxyFix

        fix = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
        app.wsgi_app = fix  # type: ignore[method-assign]


def _probes(settings: Settings) -> Probes:
    from portal.delivery.storage import Store
    from portal.readings import gauges
    from portal.web.health import Probes

    store = Store(settings.storage_dir)
    return Probes(
        parts={
            "database": gauges.ask_database,
            "redis": lambda: _ask_redis(settings),
            "storage": store.probe,
        },
        readings=gauges.read,
    )


def main() -> int:
    """``python3 app.py``: set up, then become what was asked for; the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is checked
        print("Portico needs Python 3.11 or newer: run it with python3.11 app.py.")
        return 1
    from portal import bootstrap

    return bootstrap.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
