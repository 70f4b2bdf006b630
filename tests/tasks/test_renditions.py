"""What is shown of files is made by the night shift, once, and again where it was lost."""

import io
import shutil

from portal.actions import looks, uploads
from portal.clock import Clock
from portal.delivery.storage import Store
from portal.models import FileRow, Look
from portal.settings import Settings
from tasks import renditions, upkeep
from tests import documents, makers
from tests.tasks.conftest import post

STEPS = """\
  - id: papers
    assign: vendor
    upload: {documents: [{id: licence, name: Licence, max: 3}]}
"""


def arrive(settings: Settings, data: bytes, media_type: str = "application/pdf") -> None:
    """A file that came for the open upload."""
    stored = Store(settings.storage_dir).put(io.BytesIO(data), max_bytes=len(data))
    here = makers.rows(FileRow)
    one = makers.task(here[0].process_id if here else makers.start(STEPS), "papers")
    arrived = uploads.Arrived(
        document="licence", name="licence.pdf", size=stored.size, sha256=stored.sha256,
        media_type=media_type, storage_id=stored.id,
    )  # fmt: skip
    uploads.stage(one.id, [arrived], actor=makers.actor_of(one))


def test_pictures_are_made_of_what_arrives_and_made_again_where_they_are_lost(
    house: Settings, clock: Clock
) -> None:
    arrive(house, documents.pdf(2))
    arrive(house, b"{}", "application/json")
    process = makers.rows(FileRow)[0].process_id
    [owed] = makers.owed(process, "file.show")
    post()
    row = next(one for one in makers.rows(FileRow) if one.id == owed.ref["file"])
    shelf = renditions.shelf()
    made = shelf.find(row.storage_id, row.sha256)
    assert made is not None
    assert len(made.pages) == 2
    assert [one.state for one in makers.owed(process, "file.show")] == ["done"]
    assert renditions.catch_up() == 0
    shutil.rmtree(house.storage_dir / "pictures")
    assert renditions.catch_up() == 1
    assert renditions.catch_up() == 1  # owed once a day, however often it is missed
    post()
    assert shelf.find(row.storage_id, row.sha256) == made
    assert len(makers.owed(process, "file.show")) == 2


def test_p02_what_was_taken_back_leaves_no_picture_and_no_look(house: Settings) -> None:
    arrive(house, documents.pdf())
    post()
    [row] = makers.rows(FileRow)
    task = makers.task(row.process_id, "papers")
    looks.note(row, looks.PAGE, page=1, actor=makers.actor_of(task))
    assert Store(house.storage_dir).pictures(row.storage_id).exists()
    uploads.drop(row.id, actor=makers.actor_of(task))
    upkeep.prune()
    assert (makers.rows(FileRow), makers.rows(Look)) == ([], [])
    assert not Store(house.storage_dir).pictures(row.storage_id).exists()
