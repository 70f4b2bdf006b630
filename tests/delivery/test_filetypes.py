import io
import random
import struct
import tracemalloc
import zipfile

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from werkzeug.http import parse_options_header

from portal.delivery.filetypes import (
    KINDS,
    OPAQUE,
    TypeFault,
    content_disposition,
    judge,
    safe_name,
)


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, kind)
    return out.getvalue()


def pdf() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(out)
    return out.getvalue()


def archive(*names: str, first: tuple[str, bytes] | None = None) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        if first:
            made.writestr(zipfile.ZipInfo(first[0]), first[1])
        for name in names:
            made.writestr(name, b"x")
    return out.getvalue()


def ole(stream: str) -> bytes:
    """The head of an old Office file: 512-byte sectors, the directory in sector 1."""
    head = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 48, 1)
    entries = b""
    for name in ("Root Entry", stream):
        entry = bytearray(128)
        raw = name.encode("utf-16-le")
        entry[: len(raw)] = raw
        struct.pack_into("<H", entry, 64, len(raw) + 2)
        entries += bytes(entry)
    return bytes(head) + bytes(512) + entries + bytes(2000)


def odf(word: str) -> bytes:
    return archive(
        "content.xml", first=("mimetype", f"application/vnd.oasis.opendocument.{word}".encode())
    )


TYPES = "[Content_Types].xml"
HONEST: list[tuple[str, bytes, str]] = [
    ("a.pdf", pdf(), "pdf"),
    ("A.PDF", b"\xef\xbb\xbf\r\n%PDF-1.4\n%%EOF", "pdf"),
    ("no ending", pdf(), "pdf"),
    ("Report v1.2", pdf(), "pdf"),
    ("acme.com.pdf", pdf(), "pdf"),
    ("photo.jpg", picture("JPEG"), "jpg"),
    ("photo.jpeg", picture("JPEG"), "jpg"),
    ("photo.png", picture("PNG"), "png"),
    ("phone.jpg", picture("PNG"), "png"),
    ("a.gif", picture("GIF"), "gif"),
    ("a.webp", picture("WEBP"), "webp"),
    ("a.tif", picture("TIFF"), "tiff"),
    ("a.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
    ("a.docx", archive(TYPES, "word/document.xml"), "docx"),
    ("a.xlsx", archive(TYPES, "xl/workbook.xml"), "xlsx"),
    ("a.pptx", archive(TYPES, "ppt/presentation.xml"), "pptx"),
    ("a.odt", odf("text"), "odt"),
    ("a.ods", odf("spreadsheet"), "ods"),
    ("a.doc", ole("WordDocument"), "doc"),
    ("a.xls", ole("Workbook"), "xls"),
    ("a.zip", archive("one.txt", "two.txt"), "zip"),
    ("a.rtf", b"{\\rtf1\\ansi hello}", "rtf"),
    ("a.csv", "name;Größe\nAnn;1\n".encode(), "csv"),
    ("a.csv", "name;Größe\nAnn;1\n".encode("cp1252"), "csv"),
    ("a.csv", "name;Größe\n".encode("utf-16"), "csv"),
    ("list.csv", b"MZ,BZh\n1,2\n", "csv"),
    ("a.txt", b"Dear Vera,\nall is well: 1 < 2.\n", "txt"),
    ("a.xml", b'<?xml version="1.0"?><Invoice/>', "xml"),
    ("a.json", b'{"a": 1}', "json"),
]  # fmt: skip

PROGRAMS: dict[str, bytes] = {
    "exe": b"MZ\x90\x00\x03" + bytes(300),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(300),
    "mach": b"\xcf\xfa\xed\xfe" + bytes(300),
    "class": b"\xca\xfe\xba\xbe\0\0\0\x34",
    "shell": b"#!/bin/sh\nrm -rf ~\n",
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html, later": b"\n\n  <!-- hello -->\n<HTML><body onload=alert(1)>",
    "html, utf-16": "<html><script>alert(1)</script>".encode("utf-16"),
    "xhtml": b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"/>',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg, xml": b'<?xml version="1.0"?><!-- x --><svg onload="alert(1)"/>',
    "script": b"<script>alert(1)</script>",
    "php": b"<?php system($_GET[0]);",
    "zip": archive("evil.exe"),
    "jar": archive("META-INF/MANIFEST.MF", "A.class"),
    "macros": archive(TYPES, "word/document.xml", "word/vbaProject.bin"),
    "msi": ole("Installer"),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(50),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(50),
    "gzip": b"\x1f\x8b\x08" + bytes(50),
    "shortcut": b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(50),
    "noise": random.Random(4).randbytes(4000),
    "nothing": b"",
    "html before pdf": b"<html><script>alert(1)</script>%PDF-1.7",
    "damaged zip": b"PK\x03\x04" + bytes(400),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "key"), HONEST)
def test_an_honest_file_is_known_by_its_content(name: str, content: bytes, key: str) -> None:
    assert judge(io.BytesIO(content), name, (key,)) == KINDS[key].media_type
    assert judge(io.BytesIO(content), name) == KINDS[key].media_type


@pytest.mark.parametrize("claimed", ["pdf", "png", "docx", "jpg", "csv", "xlsx"])
@pytest.mark.parametrize("what", PROGRAMS)
def test_a_program_in_disguise_is_refused_with_a_sentence(what: str, claimed: str) -> None:
    """U02: the name and the browser's word count for nothing."""
    with pytest.raises(TypeFault) as fault:
        judge(io.BytesIO(PROGRAMS[what]), f"invoice.{claimed}", (claimed,))
    sentence = fault.value.sentence
    assert sentence.startswith("Use a")
    assert f"“invoice.{claimed}” is " in sentence
    assert sentence.endswith(".")


def test_the_sentence_names_what_would_do_and_what_it_is() -> None:
    with pytest.raises(TypeFault) as fault:
        judge(io.BytesIO(PROGRAMS["exe"]), "tax.pdf", ("pdf", "png", "jpg", "jpeg"))
    assert str(fault.value) == "Use a PDF, PNG or JPEG file. “tax.pdf” is a Windows program."


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("invoice.exe.pdf", "two endings, one of them .exe"),
        ("invoice.js .pdf", "two endings, one of them .js"),
        ("invoice.pdf.exe", "its name ends in .exe"),
        ("invoice.pdf.exe. ", "its name ends in .exe"),
        ("invoice\u202efdp.exe", "hidden signs"),
        ("invoice.html", "its name ends in .html"),
        ("invoice.docx", "its name ends in .docx"),
        ("run.sh", "its name ends in .sh"),
    ],
)
def test_a_name_that_misleads_is_refused_whatever_the_bytes(name: str, part: str) -> None:
    with pytest.raises(TypeFault, match=part):
        judge(io.BytesIO(pdf()), name, ("pdf",))


def test_a_good_file_of_another_kind_than_asked_for_is_refused() -> None:
    with pytest.raises(TypeFault, match=r"Use a PDF file\. “a.png” is a PNG file\."):
        judge(io.BytesIO(picture("PNG")), "a.png", ("pdf",))
    with pytest.raises(TypeFault, match=r"Use an Excel \(\.xlsx\) or CSV file\."):
        judge(io.BytesIO(picture("PNG")), "a.png", ("xlsx", "csv"))


@pytest.mark.parametrize("what", PROGRAMS)
def test_anything_does_not_mean_what_runs_or_is_a_page(what: str) -> None:
    harmless = {"zip", "rar", "7z", "gzip", "msi", "noise"}
    for name in ("plan.dwg", "plan"):
        if what in harmless:
            assert judge(io.BytesIO(PROGRAMS[what]), name) in {OPAQUE, "application/zip"}
        else:
            with pytest.raises(TypeFault):
                judge(io.BytesIO(PROGRAMS[what]), name)
    with pytest.raises(TypeFault):
        judge(io.BytesIO(PROGRAMS[what]), "plan.exe")


def test_a_kind_nobody_here_knows_goes_by_its_name() -> None:
    for content in (b"AC1027\0\0" + bytes(99), b"From: a@b\n\nhello", archive("a.xml")):
        assert judge(io.BytesIO(content), "plan.dwg", ("dwg", "pdf")) == OPAQUE
        with pytest.raises(TypeFault, match=r"Use a dwg or PDF file\."):
            judge(io.BytesIO(content), "plan.bin", ("dwg", "pdf"))
    with pytest.raises(TypeFault, match="is a Windows program"):
        judge(io.BytesIO(PROGRAMS["exe"]), "plan.dwg", ("dwg",))


def test_a_bomb_of_entries_is_not_read_into_memory() -> None:
    """U04: a table of contents past the limit is never parsed, and nothing is unpacked."""
    bomb = archive(TYPES, "word/document.xml", *(f"../../{i}" for i in range(30_000)))
    tracemalloc.start()
    with pytest.raises(TypeFault, match="is a ZIP file"):
        judge(io.BytesIO(bomb), "a.docx", ("docx",))
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def verdict(content: bytes, name: str, accept: tuple[str, ...]) -> str:
    """The media type, or the sentence."""
    try:
        return judge(io.BytesIO(content), name, accept)
    except TypeFault as fault:
        return fault.sentence


@given(st.binary(max_size=400), st.text(max_size=40), st.sampled_from(["", "%PDF-1.4", "PK\3\4"]))
def test_any_bytes_under_any_name_are_judged_or_refused(head: bytes, name: str, lead: str) -> None:
    found = verdict(lead.encode() + head, name, ())
    assert not set(found) & set("\0\r\n\u202e")
    known = {OPAQUE, *(kind.media_type for kind in KINDS.values())}
    assert found in known or found.endswith(".")


@given(st.binary(max_size=120))
def test_damaged_archives_are_refused_not_raised(noise: bytes) -> None:
    whole = bytearray(archive(TYPES, "word/document.xml"))
    for at, byte in enumerate(noise):
        whole[(at * 7 + byte) % len(whole)] = byte
    assert verdict(bytes(whole), "a.docx", ("docx",))
    assert verdict(ole("Workbook")[: 100 + len(noise) * 8] + noise, "a.xls", ("xls",))


NASTY = [
    ("../../etc/passwd", "passwd"),
    ("..\\..\\boot.ini", "boot.ini"),
    ("C:\\Users\\Ann\\tax form.pdf", "tax form.pdf"),
    (".pdf", "file.pdf"),
    (".tar.gz", "tar.gz"),
    ("../../x", "x"),
    ("a\0b.pdf", "ab.pdf"),
    ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie: x=1.pdf"),
    ("invoice\u202efdp.exe", "invoicefdp.exe"),
    ('say "cheese" & <b>.png', 'say "cheese" & <b>.png'),
    ("Lohnsteuer für Žofia 😀.pdf", "Lohnsteuer für Žofia 😀.pdf"),
    ("", "file"),
    ("...", "file"),
    ("/", "file"),
    ("\ud800.pdf", "?.pdf"),
]  # fmt: skip


@pytest.mark.parametrize(("given_name", "shown"), NASTY)
def test_a_name_is_shown_without_paths_and_hidden_signs(given_name: str, shown: str) -> None:
    assert safe_name(given_name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    shown = safe_name("x" * 1000 + ".pdf")
    assert len(shown) == 120
    assert shown.endswith("….pdf")


@given(st.text(max_size=300))
def test_every_name_is_safe_and_stays_so(name: str) -> None:
    shown = safe_name(name)
    assert 1 <= len(shown) <= 120
    assert not set(shown) & set("/\\\0\r\n\u202e")
    assert safe_name(shown) == shown


@given(name=st.text(max_size=100))
def test_the_download_header_is_one_line_and_reads_back(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith("attachment; filename=")
    assert parse_options_header(header)[1]["filename"] == safe_name(name)
