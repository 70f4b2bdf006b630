"""What is shown of a file: pictures of it, whatever it is made to do; never its own bytes."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from portal.delivery import painter, renditions
from portal.delivery.renditions import KINDS, Rendition, Shelf
from portal.delivery.storage import Store, Stored
from portal.errors import Unknown
from portal.models.files import SHOWN
from tests import documents

PDF, TEXT = "application/pdf", "text/plain"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "files")


@pytest.fixture
def shelf(store: Store) -> Shelf:
    return Shelf(store, ("a key",))


def kept(store: Store, data: bytes) -> Stored:
    return store.put(io.BytesIO(data), max_bytes=len(data))


def built(store: Store, shelf: Shelf, data: bytes, media_type: str) -> Rendition:
    file = kept(store, data)
    made = shelf.build(file.id, media_type, file.sha256)
    assert made is not None
    return made


def test_what_can_be_owed_pictures_is_what_can_be_painted() -> None:
    assert frozenset(KINDS) == SHOWN


def test_a_document_is_shown_page_by_page_in_two_sizes(store: Store, shelf: Shelf) -> None:
    file = kept(store, documents.pdf(3, script="app.alert('boo')"))
    made = shelf.build(file.id, PDF, file.sha256)
    assert made is not None
    assert (made.kind, made.total, len(made.pages)) == ("pages", 3, 3)
    small = Image.open(io.BytesIO(shelf.picture(file.id, made, 3, full=False)))
    full = Image.open(io.BytesIO(shelf.picture(file.id, made, 3, full=True)))
    assert (small.format, small.size) == ("WEBP", (made.pages[2].width, made.pages[2].height))
    assert (small.width, full.width) == (painter.READING, painter.FULL)
    assert small.getpixel((480, 240)) < (60, 60, 60)  # the bar, at its place
    assert b"alert" not in shelf.picture(file.id, made, 1, full=True)
    assert shelf.find(file.id, file.sha256) == made
    assert shelf.find(file.id, "0" * 64) is None  # another file's digest: nothing of this one
    with pytest.raises(Unknown):
        shelf.picture(file.id, made, 4, full=False)


def test_a_photo_stands_upright_and_tells_nothing_of_the_phone(store: Store, shelf: Shelf) -> None:
    file = kept(store, documents.photo())
    made = shelf.build(file.id, "image/jpeg", file.sha256)
    assert made is not None
    data = shelf.picture(file.id, made, 1, full=True)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (300, 400)
    red, green, _ = picture.convert("RGB").getpixel((150, 30))  # type: ignore[misc]
    assert red > 200 > 90 > green
    assert b"Vera" not in data
    assert "exif" not in picture.info


def test_every_sheet_of_a_scan_is_shown(store: Store, shelf: Shelf) -> None:
    made = built(store, shelf, documents.scan(2), "image/tiff")
    assert (made.total, [page.width for page in made.pages]) == (2, [160, 160])


@pytest.mark.parametrize(
    ("data", "media_type", "why"),
    [
        (documents.bomb(), "image/png", "large"),
        (documents.pdf(password="secret"), PDF, "locked"),
        (documents.pdf()[:300], PDF, "broken"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            "image/png",
            "broken",
        ),
        (b" \n", TEXT, "empty"),
    ],
    ids=["bomb", "locked", "broken", "disguised", "empty"],
)
def test_what_cannot_be_shown_says_why(
    store: Store, shelf: Shelf, data: bytes, media_type: str, why: str
) -> None:
    made = built(store, shelf, data, media_type)
    assert (made.kind, made.why, made.pages) == ("none", why, ())


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"<script>alert(1)</script>\r\nHi\r", "<script>alert(1)</script>\nHi\n"),
        ("Größe".encode("cp1252"), "Größe"),
        ("\ufeffŁódź".encode("utf-16-le"), "Łódź"),
    ],
    ids=["script", "old windows", "utf-16"],
)
def test_text_is_shown_as_it_reads(store: Store, shelf: Shelf, data: bytes, shown: str) -> None:
    file = kept(store, data)
    made = shelf.build(file.id, TEXT, file.sha256)
    assert made is not None
    assert shelf.text(file.id, made) == shown


def test_a_painter_that_crashes_or_hangs_ends_alone(
    store: Store, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = tmp_path / "painter.py"
    crashing.write_text("import os; os.kill(os.getpid(), 11)")
    monkeypatch.setattr(renditions, "_PAINTER", crashing)
    assert built(store, shelf, documents.pdf(), PDF).why == "broken"
    crashing.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(renditions, "_PATIENCE", 0.5)
    assert built(store, shelf, documents.pdf(), PDF).why == "broken"


def test_the_painter_knows_no_secret_and_is_bounded(tmp_path: Path, monkeypatch: object) -> None:
    source = Path(painter.__file__).read_text()
    assert "portal" not in source.replace("nothing of the portal", "").split('"""', 2)[2]
    for limit in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"):
        assert limit in source


def test_u10_a_file_that_was_changed_is_not_painted(store: Store, shelf: Shelf) -> None:
    file = kept(store, documents.pdf())
    store.path(file.id).write_bytes(documents.pdf(2))
    assert shelf.build(file.id, PDF, file.sha256) is None
    assert not store.pictures(file.id).exists()


def test_e12_a_picture_put_in_the_place_of_ours_is_not_shown(store: Store, shelf: Shelf) -> None:
    file, other = kept(store, documents.pdf()), kept(store, documents.pdf(2))
    made = shelf.build(file.id, PDF, file.sha256)
    shelf.build(other.id, PDF, other.sha256)
    assert made is not None
    assert shelf.is_untouched(file.id, made)
    # The pictures of another file, with what vouches for them, are those of another file.
    folder = store.pictures(file.id)
    about = (folder / "about.json").read_bytes()
    (folder / "about.json").write_bytes((store.pictures(other.id) / "about.json").read_bytes())
    assert shelf.find(file.id, file.sha256) is None
    (folder / "about.json").write_bytes(about.replace(b'"total": 1', b'"total": 2'))
    assert shelf.find(file.id, file.sha256) is None
    (folder / "about.json").write_bytes(about)
    (folder / "1.webp").write_bytes(b"another")
    with pytest.raises(Unknown):
        shelf.picture(file.id, made, 1, full=False)
    assert shelf.find(file.id, file.sha256) is None  # it is made anew
    assert shelf.build(file.id, PDF, file.sha256) is not None
    os.utime(store.path(file.id), (1, 1))
    assert not shelf.is_untouched(file.id, made)


def test_a_retired_key_vouches_for_nothing(store: Store, shelf: Shelf) -> None:
    file = kept(store, documents.pdf())
    assert shelf.build(file.id, PDF, file.sha256) is not None
    later = Shelf(store, ("a newer key", "a key"))
    assert later.find(file.id, file.sha256) is not None
    later = Shelf(store, ("a newer key",))
    assert later.find(file.id, file.sha256) is None
    assert later.build(file.id, PDF, file.sha256) is not None


def test_p02_pictures_go_with_their_file(store: Store, shelf: Shelf) -> None:
    file, lost = kept(store, documents.pdf()), kept(store, documents.pdf())
    for one in (file, lost):
        assert shelf.build(one.id, PDF, one.sha256) is not None
    store.delete(file.id)
    assert not store.pictures(file.id).exists()
    old = store.pictures(lost.id)
    os.utime(old, (1, 1))
    store.drafts.mkdir(exist_ok=True)
    (store.drafts / "half").mkdir()
    os.utime(store.drafts / "half", (1, 1))
    assert list(store.strays({lost.id})) == [store.drafts / "half"]
    for stray in list(store.strays(())):
        store.remove(stray)
    assert not old.exists()
    assert not (store.drafts / "half").exists()
