"""Files that come piece by piece: a lost connection, damage, two at once, what is not taken."""

import base64
import hashlib
import io
import os
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from werkzeug.test import TestResponse

from portal import clock as house_clock
from portal import db, installation
from portal.actions import messages, scans, upkeep
from portal.delivery import pieces as bytes_of
from portal.delivery.storage import Store
from portal.models import FileRow, Upload
from portal.readings import files as file_readings
from tests import makers, people
from tests.web.participant.conftest import Visitor
from tests.web.participant.test_tasks import REVIEW

PAPERS = """\
  - id: papers
    name: Send your papers
    assign: vendor
    upload:
      documents:
        - {id: licence, name: Trade licence, accept: [pdf], max_size: 3 MB}
        - {id: photos, name: Photos, accept: [png, jpg], required: false, max: 2}"""
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
LARGE = PDF + b"%" + os.urandom(1_500_000).replace(b"\n", b"") + b"\n%%EOF\n"


class Sender:
    """The page's script, in as many words: one file of one task."""

    def __init__(self, visitor: Visitor, place: str) -> None:
        self.client, self.place = visitor.client, place
        token = re.search(r'data-token="([^"]*)"', visitor.get(place))
        assert token is not None
        self.headers = {"Tus-Resumable": "1.0.0", "X-CSRF-Token": token[1]}
        self.at = ""

    def call(self, method: str, path: str, body: bytes = b"", **headers: Any) -> TestResponse:
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return self.client.open(path, method=method, data=body, headers=self.headers | named)

    def begin(self, length: int, name: str = "licence.pdf", document: str = "licence") -> Any:
        meta = f"document {_b64(document.encode())},filename {_b64(name.encode())}"
        answer = self.call(
            "POST", f"{self.place}/uploads", Upload_Length=length, Upload_Metadata=meta
        )
        self.at = answer.headers.get("Location", "")
        return answer

    def piece(self, offset: int, body: bytes, *, meant: bytes | None = None, **more: Any) -> Any:
        checksum = f"sha256 {_b64(hashlib.sha256(body if meant is None else meant).digest())}"
        kind = {"Content_Type": "application/offset+octet-stream"}
        named = {**kind, "Upload_Offset": offset, "Upload_Checksum": checksum, **more}
        return self.call("PATCH", self.at, body, **named)

    def offset(self) -> int:
        return int(self.call("HEAD", self.at).headers["Upload-Offset"])

    def whole(self, content: bytes, *names: str) -> Any:
        assert self.begin(len(content), *names).status_code == 201
        return self.piece(0, content)


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


@pytest.fixture
def place(visitor: Visitor) -> str:
    """Where somebody is asked for papers."""
    return visitor.enter(makers.task(makers.start(PAPERS), "papers"))


def test_u07_a_file_arrives_in_pieces_and_is_whole(visitor: Visitor, place: str) -> None:
    sender = Sender(visitor, place)
    begun = sender.begin(len(LARGE))
    assert begun.status_code == 201, begun.text
    assert begun.headers["Upload-Expires"].endswith("GMT")
    cuts = [0, 70_000, 70_001, 900_000, len(LARGE)]
    for start, end in pairwise(cuts):
        assert sender.offset() == start
        answer = sender.piece(start, LARGE[start:end])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
    assert answer.headers["Upload-Result"] == "staged"
    [row] = makers.rows(FileRow)
    assert (row.state, row.size, row.sha256) == (
        "staged", len(LARGE), hashlib.sha256(LARGE).hexdigest(),
    )  # fmt: skip
    page = visitor.get(place)
    assert f'SHA-256 <span class="hash">{row.sha256[:8]} {row.sha256[8:16]}</span>' in page
    # The answer to the last piece may be lost: whoever looks or tries again is told the same.
    assert sender.call("HEAD", sender.at).headers["Upload-Result"] == "staged"
    assert sender.piece(len(LARGE), b"").headers["Upload-Result"] == "staged"
    assert visitor.send(place).location == f"{place}/receipt"
    assert row.sha256[:8] in visitor.get(f"{place}/receipt")


def test_u07_what_is_damaged_or_misplaced_is_refused_and_costs_one_piece(
    visitor: Visitor, place: str
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(LARGE))
    sender.piece(0, LARGE[:1000])
    damaged = sender.piece(1000, b"X" * 500, meant=LARGE[1000:1500])
    assert damaged.status_code == 460
    assert damaged.text == "A piece of this file arrived damaged or in part, and was not kept."
    misplaced = sender.piece(2000, LARGE[2000:2500])
    assert (misplaced.status_code, misplaced.headers["Upload-Offset"]) == (409, "1000")
    assert sender.piece(1000, LARGE[1000:] + b"more").status_code == 413
    assert sender.piece(1000, LARGE[1000:]).headers["Upload-Result"] == "staged"
    assert makers.rows(FileRow)[0].sha256 == hashlib.sha256(LARGE).hexdigest()


def test_u07_a_request_that_wakes_up_late_spoils_nothing(
    visitor: Visitor, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(LARGE))
    write, is_first = bytes_of.Growth.write, [True]

    def overtaken(growth: bytes_of.Growth, data: bytes) -> None:
        write(growth, data)
        if is_first:
            is_first.clear()
            assert sender.piece(0, LARGE[:2000]).status_code == 204
            write(growth, data)

    monkeypatch.setattr(bytes_of.Growth, "write", overtaken)
    assert sender.piece(0, b"y" * 500).status_code == 409
    assert sender.offset() == 2000
    sender.piece(2000, LARGE[2000:])
    [row] = makers.rows(FileRow)
    assert row.sha256 == hashlib.sha256(LARGE).hexdigest()
    assert Store(visitor.client.application.config["SETTINGS"].storage_dir).verify(
        row.storage_id, row.sha256
    )


def test_u07_what_a_late_request_brought_is_never_taken_for_what_is_here(
    visitor: Visitor, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(LARGE))
    keep, is_first = bytes_of.Growth.keep, [True]

    def overtaken(growth: bytes_of.Growth) -> None:
        if is_first:
            is_first.clear()
            assert sender.piece(0, LARGE[:2000]).status_code == 204
            assert sender.piece(2000, LARGE[2000:-1]).status_code == 204
        keep(growth)

    monkeypatch.setattr(bytes_of.Growth, "keep", overtaken)
    assert sender.piece(0, b"y" * (len(LARGE) - 1)).status_code == 409
    assert sender.piece(len(LARGE) - 1, LARGE[-1:]).headers["Upload-Result"] == "staged"
    assert makers.rows(FileRow)[0].sha256 == hashlib.sha256(LARGE).hexdigest()


def test_u06_what_is_given_up_while_it_comes_takes_up_no_room_unseen(
    visitor: Visitor, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(LARGE))
    begin = bytes_of.Growth.begin

    def given_up(growth: bytes_of.Growth) -> None:
        begin(growth)
        assert sender.call("DELETE", sender.at).status_code == 204

    monkeypatch.setattr(bytes_of.Growth, "begin", given_up)
    assert sender.piece(0, LARGE).status_code == 409
    assert makers.rows(Upload) == []


def test_u07_two_who_end_a_file_at_once_keep_it_once(
    visitor: Visitor, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(PDF))
    opened, is_first = bytes_of.Growing.open, [True]

    def overtaken(growing: bytes_of.Growing) -> Any:
        file = opened(growing)
        if is_first:
            is_first.clear()
            answer = sender.piece(len(PDF), b"")
            assert answer.headers["Upload-Result"] == "staged"
        return file

    monkeypatch.setattr(bytes_of.Growing, "open", overtaken)
    assert sender.piece(0, PDF).status_code == 204
    [row] = makers.rows(FileRow)
    store = Store(visitor.client.application.config["SETTINGS"].storage_dir)
    assert store.verify(row.storage_id, row.sha256)


def test_u07_it_goes_on_from_another_device_and_in_another_process(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    task = makers.task(makers.start(PAPERS), "papers")
    sender = Sender(visitor, visitor.enter(task))
    sender.begin(len(LARGE))
    sender.piece(0, LARGE[:600_000])
    bytes_of._digests.clear()
    elsewhere = visitors()
    place = elsewhere.enter(task)
    page = elsewhere.get(place)
    assert "600 kB of 1.5 MB arrived. Choose the same file again" in page
    other = Sender(elsewhere, place)
    other.at = sender.at
    sums = other.call("GET", other.at).text
    assert sums == f"600000 {hashlib.sha256(LARGE[:600_000]).hexdigest()}\n"
    other.piece(600_000, LARGE[600_000:])
    assert makers.rows(FileRow)[0].sha256 == hashlib.sha256(LARGE).hexdigest()


def test_u02_what_is_not_asked_for_is_refused_early_or_at_the_end(
    visitor: Visitor, place: str
) -> None:
    sender = Sender(visitor, place)
    refused = [
        (sender.begin(10, "photo.png"), 422, "Use a PDF file. The name “photo.png” ends in .png."),
        (sender.begin(10, "licence.exe"), 422, "Use a PDF file."),
        (sender.begin(3_000_001), 413, "Use a file up to 3 MB. “licence.pdf” is just over that."),
        (sender.begin(0), 422, "“licence.pdf” is empty. Choose the file with its content."),
        (sender.begin(10, "a.pdf", "nonsense"), 422, "No document of this name is asked for here."),
    ]
    for answer, status, sentence in refused:
        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
        assert answer.text.startswith(sentence)
    assert makers.rows(Upload) == []
    exe = sender.whole(b"MZ" + b"\0" * 500)
    assert (exe.status_code, exe.text[:15]) == (422, "Use a PDF file.")
    assert (makers.rows(Upload), makers.rows(FileRow)) == ([], [])
    root = visitor.client.application.config["SETTINGS"].storage_dir
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_the_same_file_is_kept_once_and_no_more_than_fit(visitor: Visitor, place: str) -> None:
    sender = Sender(visitor, place)
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40
    photo = ("a.png", "photos")
    assert sender.whole(png, *photo).headers["Upload-Result"] == "staged"
    assert sender.whole(png, "copy.png", "photos").headers["Upload-Result"] == "repeated"
    assert sender.whole(png + b"b", *photo).headers["Upload-Result"] == "staged"
    full = sender.begin(9, *photo)
    assert full.text == "Send at most 2 files here. Take one back first."
    assert [row.name for row in makers.rows(FileRow, state="staged")] == ["a.png", "a.png"]
    for content in (PDF, PDF + b"\n"):  # of one that comes once alone the newest counts
        assert sender.whole(content).headers["Upload-Result"] == "staged"
    assert len(makers.rows(FileRow, document="licence", state="staged")) == 1


def test_u06_what_is_on_its_way_takes_up_room(visitor: Visitor, place: str) -> None:
    sender = Sender(visitor, place)
    photos = [sender.begin(25_000_000, "a.png", "photos") for _ in range(9)]
    assert [answer.status_code for answer in photos] == [201] * 8 + [422]
    assert "no room for more just now" in photos[-1].text
    small = [sender.begin(1) for _ in range(33)]
    assert [answer.status_code for answer in small] == [201] * 32 + [409]
    assert small[-1].text.startswith("Too many files are on their way.")
    first = makers.rows(Upload)[0]
    assert sender.call("DELETE", f"{place}/uploads/{first.id}").status_code == 204
    assert sender.call("HEAD", f"{place}/uploads/{first.id}").status_code == 404


def test_the_protocol_is_kept(visitor: Visitor, place: str) -> None:
    sender = Sender(visitor, place)
    told = visitor.client.options(f"{place}/uploads").headers
    assert told["Tus-Version"] == "1.0.0"
    assert told["Tus-Extension"] == "creation,expiration,checksum,termination"
    sender.begin(len(PDF))
    wrong = sender.call("HEAD", sender.at, Tus_Resumable="0.2.2")
    assert (wrong.status_code, wrong.headers["Tus-Version"]) == (412, "1.0.0")
    assert sender.piece(0, PDF, Content_Type="text/plain").status_code == 415
    for garbled in ("crc32 AAAA", "sha256 é", "sha1 A"):
        assert sender.piece(0, PDF, Upload_Checksum=garbled).status_code == 400
    for garbled in ("filename é", "filename /w==", "filename A"):
        told = {"Upload_Length": 9, "Upload_Metadata": garbled}
        assert sender.call("POST", f"{place}/uploads", **told).status_code == 400
    assert sender.call("PATCH", sender.at, PDF, X_CSRF_Token="guess").status_code == 403
    kind = "application/offset+octet-stream"
    over = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": 0, "Content_Type": kind}
    assert sender.call("POST", sender.at, PDF, **over).headers["Upload-Result"] == "staged"


def test_i7_what_nobody_goes_on_with_is_swept(
    visitor: Visitor, place: str, clock: house_clock.Clock
) -> None:
    sender = Sender(visitor, place)
    sender.begin(len(LARGE))
    sender.piece(0, LARGE[:1000])
    store = Store(visitor.client.application.config["SETTINGS"].storage_dir)

    def strays() -> int:
        for path in (store.root / "growing").iterdir():
            os.utime(path, (0, 0))
        with db.reading() as conn:
            return len(list(store.strays(file_readings.stored(conn))))

    unused = sender.at
    sender.begin(len(LARGE))
    sender.at = unused
    clock.advance(days=2)
    upkeep.prune()
    assert (strays(), len(makers.rows(Upload))) == (1, 1)  # of the one unused its empty file
    clock.advance(days=2)
    upkeep.prune()
    assert (strays(), makers.rows(Upload)) == (2, [])
    # The page's own button lets go of it as well, with or without the script.
    place = visitor.enter(makers.task(makers.start(PAPERS), "papers"))
    again = Sender(visitor, place)
    again.begin(len(LARGE))
    again.piece(0, LARGE[:1000])
    assert visitor.send(place, _drop=again.at.rpartition("/")[2]).status_code == 200
    assert makers.rows(Upload) == []


def test_u08_what_the_scanner_has_not_judged_or_has_refused_is_handed_out_to_nobody(
    visitor: Visitor, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "current", replace(installation.current, scans=True))
    sender = Sender(visitor, place)
    sender.whole(PDF)
    [row] = makers.rows(FileRow)
    assert "being checked for malware" in visitor.get(place)
    assert "is being checked for malware" in visitor.get(f"{place}/files/{row.id}", 409)
    visitor.send(place)
    assert "being checked for malware" in visitor.get(f"{place}/receipt")
    [owed] = messages.take(9, 30, ("file.scan",))
    assert scans.note_verdict(row.id, "refused", "Eicar", owed.id, owed.fence)
    assert not scans.note_verdict(row.id, "passed", "", owed.id, owed.fence)
    receipt = visitor.get(f"{place}/receipt")
    assert "refused by the malware scanner" in receipt
    assert f"/files/{row.id}" not in receipt
    assert "refused" in visitor.get(f"{place}/files/{row.id}", 409)


def test_the_same_content_under_two_names_or_in_a_later_round_is_pointed_out(
    visitor: Visitor,
) -> None:
    review = REVIEW.replace("details", "papers")
    process = makers.start(f"{PAPERS}\n{review}", participants={"second": people.OTTO})
    place = visitor.enter(makers.task(process, "papers"))
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 40
    photos = [(io.BytesIO(png), "shop.png"), (io.BytesIO(png), "copy.png")]
    answer = visitor.send(place, licence=(io.BytesIO(PDF), "licence.pdf"), photos=photos)
    assert answer.status_code == 303
    receipt = visitor.get(answer.headers["Location"])
    assert receipt.count("The same content as") == 1
    assert "The same content as “shop.png”, which arrived" in receipt
    makers.decide(process, "request_changes", items=["papers.licence"])
    place = visitor.enter(makers.task(process, "papers"))
    Sender(visitor, place).whole(PDF, "anew.pdf")
    assert "The same content as “licence.pdf”, which arrived" in visitor.get(place)
    receipt = visitor.get(visitor.send(place).headers["Location"])
    assert "The same content as “licence.pdf”, which arrived" in receipt
