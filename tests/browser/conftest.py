"""A real browser before the real application, on a database with the cast in it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.settings import Settings
from tests import people


@pytest.fixture
def site(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[str]:
    """The application on a free port of this machine; its address."""
    server = make_server("127.0.0.1", 0, _nothing, threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    url = sqlite.url.render_as_string(hide_password=False)
    server.app = create_app(
        Settings.load(
            {
                "PORTAL_DATA_DIR": str(tmp_path / "data"),
                "PORTAL_DATABASE_URL": url,
                "PORTAL_BASE_URL": address,
                "PORTAL_BRAND_NAME": "Sea Trading",
            }
        )
    )
    people.settle()
    running = threading.Thread(target=server.serve_forever, daemon=True)
    running.start()
    yield address
    server.shutdown()
    running.join()
    server.server_close()
    db.current().close()


def _nothing(*_: object) -> list[bytes]:
    """Stands in until the address is known."""
    return []
