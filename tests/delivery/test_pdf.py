import io
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pikepdf
import pytest

from portal.delivery import pdf
from tests import seals
from tests.delivery.trail import SHEET, blocks
from tests.delivery.trail import made as laid_out
from tests.servers import program

HOUSE = Path(__file__).parents[2]
LONG = 1150  # rows that need more than one group


def in_a_process(rows: int, target: Path, seed: int) -> int:
    """Render elsewhere, with another hash seed; the peak of memory in MiB."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.delivery.trail", str(rows), str(target)],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(HOUSE)},
        cwd=HOUSE,
        capture_output=True,
        check=True,
    )
    return int(run.stdout)


def text(content: bytes, tmp_path: Path) -> list[str]:
    """The words of each page, read by an independent program."""
    path = tmp_path / "read.pdf"
    path.write_bytes(content)
    command = [program("pdftotext"), "-layout", path, "-"]
    run = subprocess.run(command, capture_output=True, check=True)
    return run.stdout.decode().split("\f")[:-1]


@pytest.mark.parametrize("rows", [30, LONG])
def test_the_same_input_gives_the_same_bytes_in_any_process(tmp_path: Path, rows: int) -> None:
    """E06: in this one, which set others before, and in a fresh one with other hashes."""
    in_a_process(rows, tmp_path / "fresh.pdf", 1)
    assert (tmp_path / "fresh.pdf").read_bytes() == laid_out(rows)


@pytest.mark.parametrize("rows", [30, LONG])
def test_every_row_is_there_once_in_order_and_every_page_numbered(
    tmp_path: Path, rows: int
) -> None:
    pages = text(laid_out(rows), tmp_path)
    assert re.findall(r"row(\d+)", "".join(pages)) == [str(row) for row in range(rows)]
    for number, page in enumerate(pages, 1):
        assert page.split("\n")[0].startswith('Supplier onboarding · Sea "Ltd" </style> \\')
        assert f"Page {number} of {len(pages)}" in page.split("\n")[0]
    per_page = [len(re.findall(r"row\d", page)) for page in pages[1:-1]]
    assert len(set(per_page)) <= 1, "a page is half empty where two groups met"


@pytest.mark.parametrize(("rows", "conformance"), [(30, "A"), (LONG, "U")])
def test_it_is_pdf_a_3_in_structure(rows: int, conformance: str) -> None:
    """G14, as far as it shows without veraPDF: declared, fonts in, no encryption, files related."""
    with pikepdf.open(io.BytesIO(laid_out(rows))) as document:
        metadata = document.open_metadata()
        assert metadata["pdfaid:part"] == "3"
        assert metadata["pdfaid:conformance"] == conformance
        assert metadata["dc:title"] == SHEET.title
        assert document.pdf_version == "1.7"
        assert not document.is_encrypted
        assert document.Root.OutputIntents[0].S == pikepdf.Name.GTS_PDFA1
        fonts = [one for one in document.objects if _is(one, "/FontDescriptor")]
        assert fonts
        assert all(any(f"/FontFile{n}" in font for n in ("", 2, 3)) for font in fonts)
        (related,) = document.Root.AF
        assert related.AFRelationship == pikepdf.Name.Data
        assert related.EF.F.Subtype == pikepdf.Name("/application/jsonl")
        assert ("/StructTreeRoot" in document.Root) is (conformance == "A")


def test_the_ledger_inside_is_byte_for_byte_the_one_given(tmp_path: Path) -> None:
    ledger = os.urandom(100_000)
    sheet = replace(SHEET, enclosures=(pdf.Enclosure("ledger.jsonl", ledger, "application/jsonl"),))
    content = seals.rendered(blocks(3), sheet)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.attachments["ledger.jsonl"].get_file().read_bytes() == ledger
    (tmp_path / "t.pdf").write_bytes(content)
    subprocess.run(
        ["pdfdetach", "-savefile", "ledger.jsonl", "-o", tmp_path / "out", tmp_path / "t.pdf"],
        check=True,
    )
    assert (tmp_path / "out").read_bytes() == ledger


def test_an_enclosure_from_a_file_gives_the_bytes_that_its_content_gives(tmp_path: Path) -> None:
    ledger = os.urandom(50_000)
    path = tmp_path / "kept-elsewhere"
    path.write_bytes(ledger)
    given = [
        seals.rendered(
            blocks(3), replace(SHEET, enclosures=(pdf.Enclosure("a", one, "text/plain"),))
        )
        for one in (ledger, path)
    ]
    assert given[0] == given[1]


def test_the_ledger_can_be_taken_out_with_zlib_alone() -> None:
    content = laid_out(3)
    found = re.search(rb"/Type /EmbeddedFile.*?stream\r?\n(.*?)endstream", content, re.DOTALL)
    assert found
    assert zlib.decompressobj().decompress(found[1]) == SHEET.enclosures[0].content


def test_memory_stays_that_of_one_group_at_any_length(tmp_path: Path) -> None:
    """P12: 3 000 rows need no more than 1.3 times what a single group needs."""
    one_group = in_a_process(250, tmp_path / "one.pdf", 1)
    assert in_a_process(3000, tmp_path / "long.pdf", 1) <= 1.3 * one_group
    with pikepdf.open(tmp_path / "long.pdf") as document:
        assert len(document.pages) > 60


def test_nothing_is_fetched_and_hostile_text_stands_as_typed(tmp_path: Path) -> None:
    """W07: markup that got through unescaped still reaches nothing."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    with counting_server() as (address, visits):
        hostile = (
            f'<img src="{address}/a.png"><link rel="stylesheet" href="{address}/a.css">'
            f'<link rel="attachment" href="file://{secret}">'
            f'<a rel="attachment" href="file://{secret}">x</a>'
            f'<p style="background:url({address}/b.png)">x</p>'
            f'<style>@import "{address}/c.css";</style>'
            f'<object data="file://{secret}"></object><img src="asset:../../etc/passwd">'
            f'<iframe src="{address}/f.html"></iframe><svg><image href="{address}/s.png"/></svg>'
            "<p>&lt;img src=x&gt;</p>"
        )
        sheet = replace(SHEET, fonts_dir=tmp_path)
        content = seals.rendered([hostile], sheet)
    assert visits == []
    assert "<img src=x>" in "".join(text(content, tmp_path))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert list(document.attachments) == ["ledger.jsonl"]
        assert b"the secret" not in b"".join(
            one.read_bytes() for one in document.objects if isinstance(one, pikepdf.Stream)
            and one.get("/Subtype") != pikepdf.Name.Image
        )  # fmt: skip


def test_a_block_longer_than_a_page_is_whole(tmp_path: Path) -> None:
    lines = "".join(f"<p>line{number} {'x' * 60}</p>" for number in range(300))
    many = [*blocks(400), lines, *blocks(300)]
    pages = text(seals.rendered(many, SHEET), tmp_path)
    assert re.findall(r"line(\d+)", "".join(pages)) == [str(number) for number in range(300)]
    assert len(re.findall(r"row\d", "".join(pages))) == 700


def test_letter_paper_and_other_words_for_the_numbers(tmp_path: Path) -> None:
    sheet = replace(SHEET, paper="Letter", numbering="Seite {page} von {pages}", lang="de")
    content = seals.rendered(["<p>x</p>"], sheet)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert [round(float(edge)) for edge in document.pages[0].MediaBox] == [0, 0, 612, 792]
        assert document.Root.Lang == "de"
    assert "Seite 1 von 1" in text(content, tmp_path)[0]


def test_no_blocks_make_one_empty_page() -> None:
    with pikepdf.open(io.BytesIO(seals.rendered([], SHEET))) as document:
        assert len(document.pages) == 1


def test_without_pango_the_sentence_says_what_to_install(tmp_path: Path) -> None:
    """A Python that finds no shared library by name is a machine without Pango."""
    program = (
        "import ctypes.util, cffi\n"
        "def gone(self, name, flags=0): raise OSError(f'cannot load library {name!r}')\n"
        "cffi.FFI.dlopen = gone\n"
        "from portal.delivery import pdf\n"
        "try: pdf.probe()\n"
        "except pdf.PdfUnavailable as fault: print(fault)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True)
    assert run.stdout == (
        "The libraries that set PDF pages (Pango) are not installed. Install them as root: "
        f"{pdf.PANGO_LINE}\n"
    )
    assert pdf.probe().startswith("WeasyPrint ")


def test_the_engine_is_imported_by_nobody_who_makes_no_pdf() -> None:
    program = (
        "import sys, portal.delivery.pdf, portal.delivery.mail, portal.delivery.storage\n"
        "print('weasyprint' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=HOUSE, capture_output=True, text=True)
    assert run.stdout == "False\n"


@contextmanager
def counting_server() -> Iterator[tuple[str, list[str]]]:
    visits: list[str] = []

    class Counts(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_error(404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counts)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", visits
    finally:
        server.shutdown()
        server.server_close()


def _is(one: object, kind: str) -> bool:
    return isinstance(one, pikepdf.Dictionary) and one.get("/Type") == kind
