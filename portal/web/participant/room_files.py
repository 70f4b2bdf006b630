"""What people sent, in the room of an outside auditor: looked at, or saved."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import db
from portal.errors import Unknown
from portal.readings import dossier as dossiers
from portal.web import viewing
from portal.web.downloads import handed_out
from portal.web.participant import rooms
from portal.web.participant.door import doors


@doors.get("/room/<process_id>/files/<file_id>")
def room_file(process_id: str, file_id: str) -> ResponseReturnValue:
    """A file that somebody sent, where files were granted."""
    file = _file(process_id, file_id)
    rooms.note("file", process_id, file_id)
    return handed_out(file, file.name, file.media_type)


@doors.get("/room/<process_id>/files/<file_id>/view")
def room_file_view(process_id: str, file_id: str) -> ResponseReturnValue:
    """The same to be looked at: pictures of its pages, or its text."""
    file = _file(process_id, file_id)
    seen, text = viewing.to_read(file, actor=None)
    rooms.note("view", process_id, file_id)
    return render_template(
        "participant/room_view.html",
        back=f"/room/{process_id}",
        file=file,
        view=seen,
        text=text,
        first=viewing.first_page(seen),
        at_once=viewing.AT_ONCE,
    )


@doors.get("/room/<process_id>/files/<file_id>/pages/<int:number>")
def room_file_page(process_id: str, file_id: str, number: int) -> ResponseReturnValue:
    """The picture of one page of such a file."""
    file = _file(process_id, file_id)
    picture = viewing.picture(file, number, actor=None)
    rooms.note("view", process_id, file_id, number)
    return picture


def _file(process_id: str, file_id: str) -> Any:
    """Its row; Unknown where the room grants no files, or there is none."""
    guest = rooms.granted(process_id)
    if not guest.room.files:
        raise rooms.nothing()
    try:
        with db.reading() as conn:
            file = dossiers.file_of(conn, process_id, file_id)
    except Unknown:
        raise rooms.nothing() from None
    if file.storage_id is None or file.state == "staged":
        raise rooms.nothing()
    return file
