"""The receipt as a file and as a page, as somebody hands it to a verifier years later."""

import html
import re

import pytest
from flask import Flask

from portal import db
from portal.ledger import keepsakes
from portal.ledger.findings import ALTERED, SOUND
from portal.ledger.verify import verify
from portal.readings import export
from tests import makers
from tests.web.participant.conftest import Visitor


@pytest.mark.parametrize("spoken", ["en", "de", "fr", "es", "pl", "ar"])
def test_a_receipt_is_taken_by_the_verifier_in_every_language(
    app: Flask, visitor: Visitor, spoken: str
) -> None:
    task = makers.task(makers.start(makers.FORM), "details")
    path = visitor.enter(task)
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = spoken
    early = visitor.client.get(f"{path}/receipt.txt")
    assert (early.status_code, early.location) == (303, path)
    visitor.send(path, company="Sea")
    page = visitor.get(f"{path}/receipt")
    assert f'href="{path}/receipt.txt" download' in page
    file = visitor.client.get(f"{path}/receipt.txt")
    assert file.mimetype == "text/plain"
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert str(app.extensions["seal"]().public_key) in file.text
    with db.reading() as conn:
        lines = [line.encode() for line in export.lines(conn, task.process_id)]
    pasted = html.unescape(re.sub(r"<[^>]*>", "\n", page))  # what somebody marks and copies
    for text in (file.text, pasted):
        kept = keepsakes.of_text(text)
        [told] = kept.receipts
        assert told.log == task.process_id
        assert verify(lines, kept=kept).verdict == SOUND
    wrong = keepsakes.of_text(file.text.replace(told.hash, "0" * 64))
    assert verify(lines, kept=wrong).verdict == ALTERED
