"""The copied house is a house: so many processes, every door answers, nothing names a pattern."""

from pathlib import Path

import sqlalchemy as sa

from app import create_app
from portal import db
from portal.ledger.tables import Entry
from portal.models import Process, Task
from portal.settings import Settings
from tests import makers, people
from tests.bench import crowd, large

_COUNT = 1_000 // 25


def test_every_door_answers_in_a_copied_house(database: db.Database, tmp_path: Path) -> None:
    people.settle()
    crowd.settle(_COUNT)
    rows = makers.rows(Process)
    assert len({row.id for row in rows}) == len(rows) >= _COUNT
    copies = [row for row in rows if row.title != "Supplier v0000000"]
    assert len({row.title for row in copies}) == len(copies)
    url = database.url.render_as_string(hide_password=False)
    settings = {"PORTAL_DATA_DIR": str(tmp_path), "PORTAL_DATABASE_URL": url}
    app = create_app(Settings.load(settings))
    for door in large.doors(app):
        assert door.call()[0] == 200, door
    # A copy's words and rows name its own: no id of the pattern is left in them.
    with db.reading() as conn:
        bodies = conn.execute(sa.select(Entry.log, Entry.body)).all()
        tasks = {row.id: row.process_id for row in conn.execute(sa.select(Task))}
    named = [(log, id_) for log, body in bodies for id_ in tasks if id_ in body]
    assert named
    assert all(tasks[id_] == log for log, id_ in named)
