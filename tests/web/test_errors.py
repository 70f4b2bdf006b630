"""What HTTP itself refuses is told in our words, with what would do instead."""

from pathlib import Path

from app import create_app
from portal import db
from portal.settings import Settings


def test_a_wrong_method_is_told_with_those_that_the_address_takes(
    sqlite: db.Database, tmp_path: Path
) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    client = create_app(Settings.load(data)).test_client()
    places = {"/login": "text/html", "/api/v1/openapi.json": "application/problem+json"}
    for path, kind in places.items():
        answer = client.delete(path)
        assert (answer.status_code, answer.mimetype) == (405, kind)
        assert "GET" in answer.headers["Allow"]
        assert "does not take that kind of request" in answer.text
    db.current().close()
