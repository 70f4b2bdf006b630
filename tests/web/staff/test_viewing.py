"""Files looked at from the desk: pictures on the task's and on the process's page, all noted."""

import io

from flask import Flask

from portal.actions import uploads
from portal.delivery.renditions import Shelf
from portal.delivery.storage import Store
from portal.models import FileRow
from tests import documents, makers
from tests.web.staff.test_start import Desks

STEPS = """\
  - {id: papers, assign: vendor, upload: {documents: [{id: tax, name: Tax form}]}}
  - {id: review, assign: buyer, approval: {question: Is it in order?}}
"""


def test_a09_staff_look_at_what_was_sent_and_every_look_is_told(app: Flask, desk: Desks) -> None:
    settings = app.config["SETTINGS"]
    store, data = Store(settings.storage_dir), documents.pdf(2)
    kept = store.put(io.BytesIO(data), max_bytes=len(data))
    process = makers.start(STEPS)
    arrived = uploads.Arrived(
        document="tax", name="tax.pdf", size=kept.size, sha256=kept.sha256,
        media_type="application/pdf", storage_id=kept.id,
    )  # fmt: skip
    makers.send(process, "papers", arrived)
    [row] = makers.rows(FileRow)
    aud, dana = desk("aud"), desk("dana")
    at = f"/processes/{process}/files/{row.id}"
    assert "is being prepared" in aud.get(f"{at}/view")
    assert "Who looked at the files" not in aud.get(f"/processes/{process}")
    Shelf(store, settings.secret_keys).build(kept.id, row.media_type, kept.sha256)
    task = f"/tasks/{makers.task(process, 'review').id}"
    page = dana.get(task)
    assert f'<img src="{task}/files/{row.id}/pages/1"' in page
    assert page.index("Page 2 of 2 of tax.pdf") < page.index("Is it in order?")
    picture = dana.client.get(f"{task}/files/{row.id}/pages/1")
    assert (picture.status_code, picture.headers["Cache-Control"]) == (200, "no-store")
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert 'alt="Page 1 of 2 of tax.pdf"' in dana.get(f"{task}/files/{row.id}/view")
    for number in (1, 2):
        aud.client.get(f"{at}/pages/{number}")
    aud.client.get(at)
    told = aud.get(f"/processes/{process}")
    assert f'href="{at}/view"' in told
    assert "looked at tax.pdf, 2 pages" in told
    assert "looked at tax.pdf; last" in told
    assert "downloaded tax.pdf; last" in told
