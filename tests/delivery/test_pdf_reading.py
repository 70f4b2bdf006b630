"""What a stranger's PDF may unpack to before anybody looks at it."""

import io
import resource
import zlib
from pathlib import Path

import pytest
from pikepdf import settings

from portal.delivery import pdf_reading
from portal.delivery.pdf_reading import NotReadable

_HEAD = b"5 0 <<>>"
_MEGABYTE = 1 << 20


def packed(megabytes: int) -> bytes:
    """One object and very much nothing behind it."""
    packer = zlib.compressobj()
    pieces = [
        packer.compress(_HEAD),
        *(packer.compress(bytes(_MEGABYTE)) for _ in range(megabytes)),
    ]
    return b"".join((*pieces, packer.flush()))


def of_objects(stream: bytes, filters: bytes, table: bytes | None = None) -> bytes:
    """A PDF of which one object lies in an object stream."""
    file, places = io.BytesIO(b"%PDF-1.7\n"), {}
    file.seek(0, io.SEEK_END)

    def put(number: int, body: bytes) -> None:
        places[number] = file.tell()
        file.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def put_stream(number: int, entries: bytes, data: bytes) -> None:
        told = (entries, len(data), data)
        put(number, b"<< %s /Length %d >>\nstream\n%s\nendstream" % told)

    put(1, b"<< /Type /Catalog /Pages 2 0 R /Extra 5 0 R >>")
    put(2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    put(3, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << >> >>")
    put_stream(4, b"/Type /ObjStm /N 1 /First 4 /Filter " + filters, stream)
    start = file.tell()
    rows = [(0, 0, 65535), *((1, places[n], 0) for n in range(1, 5)), (2, 4, 0), (1, start, 0)]
    cells = b"".join(bytes([a]) + b.to_bytes(4) + c.to_bytes(2) for a, b, c in rows)
    entries = b"/Type /XRef /Size 7 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode"
    put_stream(6, entries, table or zlib.compress(cells))
    file.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return file.getvalue()


BOMBS = {
    "one object stream": lambda: of_objects(packed(40), b"/FlateDecode"),
    "packed in each other": lambda: of_objects(
        zlib.compress(packed(40)), b"[/FlateDecode /FlateDecode]"
    ),
    "the table of objects": lambda: of_objects(
        zlib.compress(_HEAD), b"/FlateDecode", table=packed(40)
    ),
}


@pytest.mark.parametrize("how", BOMBS)
def test_objects_that_unpack_without_measure_are_refused_with_that_sentence(
    how: str, tmp_path: Path
) -> None:
    path, before = tmp_path / "bomb.pdf", settings.get_qpdf_limits()
    path.write_bytes(BOMBS[how]())
    assert path.stat().st_size < 50_000
    with pytest.raises(NotReadable, match="more than any audit trail holds"):
        pdf_reading.enclosures(path)
    assert settings.get_qpdf_limits() == before, "other readers of PDFs have their own"


def test_objects_that_take_more_memory_than_their_file_tells_are_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, before = tmp_path / "many.pdf", resource.getrlimit(resource.RLIMIT_AS)
    numbers = b"5 0 [%s]" % (b"0 " * 8_000_000)  # a gigabyte once each is an object
    path.write_bytes(of_objects(zlib.compress(numbers), b"/FlateDecode"))
    monkeypatch.setattr(pdf_reading, "_LARGEST", 100 << 20)  # so that it takes no long time
    with pytest.raises(NotReadable, match="more than any audit trail holds"):
        pdf_reading.enclosures(path)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_objects_of_a_fair_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "fair.pdf"
    path.write_bytes(of_objects(packed(1), b"/FlateDecode"))
    assert pdf_reading.enclosures(path) == []
    assert pdf_reading.language(path) == "en"
