"""What is held of one person as an archive to take away: JSON, the same in words, their files."""

import tempfile
from collections.abc import Callable

from flask import Response, current_app, send_file

from portal import clock, db
from portal.delivery.storage import Store
from portal.readings import subject

_IN_MEMORY = 8_000_000  # bytes of an archive, before it goes to disk


def copy_out(email: str, note: Callable[[int], None]) -> Response:
    """The ZIP archive of what is held of one address, and of nobody else.

    ``note`` writes down that it is taken, from how many processes, before anything is handed out.
    """
    with db.reading() as conn:
        told, files = subject.told(conn, email, clock.now())
    note(len(told["processes"]))
    store = Store(current_app.config["SETTINGS"].storage_dir)
    archive = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - sent, then closed
    store.pack(archive, subject.texts(told), [(one.path, one.storage_id) for one in files])
    archive.seek(0)
    return send_file(
        archive, "application/zip", as_attachment=True, download_name="personal-data.zip"
    )
