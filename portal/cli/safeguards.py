"""What a definition does away with against the version that is published, where one is at hand."""

from pathlib import Path

import sqlalchemy.exc

from portal import db
from portal.definition import controls
from portal.definition.lines import Lines
from portal.definition.nodes import Fault
from portal.definition.tree import Definition
from portal.errors import Unknown
from portal.readings import catalogue, trees
from portal.settings import environment


def dropped(sound: list[tuple[str, Definition]]) -> list[str]:
    """A warning for each safeguard that these definitions, by file name, have no longer.

    Asks the database of the settings where there is one; makes none, and changes nothing.
    """
    url = _url()
    if url is None or not sound:
        return []
    database = db.Database(url)
    db.bind(database)
    try:
        return [str(one) for name, tree in sound for one in _of(name, tree)]
    except sqlalchemy.exc.SQLAlchemyError:
        return ["The database did not answer, so dropped safeguards were not looked for."]
    finally:
        database.close()


def _of(name: str, tree: Definition) -> list[Fault]:
    try:
        with db.reading() as conn:
            before = trees.of_source(catalogue.definition(conn, tree.key, None).source)
    except Unknown:
        return []
    line = Lines(tree.source).of_head("steps")
    return [
        Fault(name, line, "control", f"warning: {said}") for said in controls.dropped(before, tree)
    ]


def _url() -> str | None:
    found = environment()
    if found.get("PORTAL_DATABASE_URL"):
        return found["PORTAL_DATABASE_URL"]
    file = Path(found.get("PORTAL_DATA_DIR") or "var", "portal.sqlite3").absolute()
    return f"sqlite:///{file}" if file.is_file() else None
