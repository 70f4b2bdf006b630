"""Seals: what an independent program says of them, and that no byte of one may be touched."""

import dataclasses
import io
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import cms
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portal import clock
from portal.certificates import Certificate
from portal.delivery import http, pades_reading, pdf, proofs, stamps
from portal.delivery.seal import Seal
from portal.ledger import ed25519, pades
from portal.ledger import seals as seals_of
from portal.ledger.findings import Report
from tests import seals, timestamps
from tests.delivery.trail import SHEET, blocks
from tests.delivery.trail import made as laid_out
from tests.servers import program
from tests.timestamps import Service, running

LONG = 1150  # rows that are set in groups


@pytest.fixture(scope="module")
def seal(tmp_path_factory: pytest.TempPathFactory) -> Seal:
    return Seal.of(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def pages() -> bytes:
    return laid_out(30)


@pytest.fixture(scope="module")
def plain(pages: bytes, seal: Seal) -> bytes:
    return seals.sealed(pages, seal)


@pytest.fixture
def now() -> Iterator[None]:
    with clock.stopped_at(seals.AT):
        yield


@pytest.fixture
def service(now: None) -> Iterator[Service]:
    with running(Service()) as started:
        yield started


def asking(service: Service, *, pinned: bool = True) -> stamps.Stamper:
    roots = (seals.issued(service.by, by=service.by, ca=True),) if pinned else ()
    stamper = stamps.Stamper(
        service.url, roots=roots, allow=("127.0.0.0/8",), send=quickly
    )  # fmt: skip
    stamper.ask()
    return stamper


def quickly(*args: object, **named: object) -> http.Response:
    return http.send(*args, seconds=1.0, **named)  # type: ignore[arg-type]


def pdfsig(content: bytes, folder: Path) -> str:
    """What poppler, which has nothing to do with us, says of the file."""
    path = folder / "read.pdf"
    path.write_bytes(content)
    run = subprocess.run(
        [program("pdfsig"), "-nocert", path], capture_output=True, text=True, check=False
    )
    return run.stdout


def is_sound(raw: bytes, seal: Seal) -> bool:
    """Whether the ledger's key signed just these bytes."""
    try:
        found = seals_of.read(raw)
    except seals_of.NotSealed:
        return False
    return found.key == seal.public_key.raw and is_signature(found)


def is_signature(found: seals_of.Sealed) -> bool:
    """As `ed25519.is_signature`, by a library that is quick enough for thousands."""
    try:
        key = Ed25519PublicKey.from_public_bytes(found.key)
        key.verify(found.signature, found.message)
    except (InvalidSignature, ValueError):
        return False
    return True


@pytest.mark.parametrize("rows", [30, LONG])
def test_an_independent_program_finds_it_valid_and_whole(
    rows: int, seal: Seal, tmp_path: Path
) -> None:
    raw = laid_out(rows)
    made = seals.sealed(raw, seal)
    assert made.startswith(raw)
    told = pdfsig(made, tmp_path)
    assert "Signature is Valid." in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    assert is_sound(made, seal)
    found = pades_reading.read(made)
    assert (found.faults, found.level, found.signer.name) == (
        (), "PAdES B-B", "Sea Works: audit trails",
    )  # fmt: skip
    assert found.claimed_at == seals.AT


@pytest.mark.parametrize(("rows", "conformance"), [(30, "A"), (LONG, "U")])
def test_it_stays_pdf_a_3_in_structure(rows: int, conformance: str, seal: Seal) -> None:
    made = seals.sealed(laid_out(rows), seal)
    with pikepdf.open(io.BytesIO(made)) as document:
        metadata = document.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", conformance)
        assert metadata["dc:title"] == str(document.docinfo["/Title"]) == SHEET.title
        assert document.pdf_version == "1.7"
        assert document.Root.get("/Version") is None
        assert not document.is_encrypted
        assert document.Root.OutputIntents[0].S == pikepdf.Name.GTS_PDFA1
        assert [str(one.AFRelationship) for one in document.Root.AF] == ["/Data"]
        assert ("/StructTreeRoot" in document.Root) is (conformance == "A")
        assert list(document.Root.Perms.keys()) == ["/DocMDP"]
        assert document.Root.AcroForm.get("/NeedAppearances") is None
        [field] = document.Root.AcroForm.Fields
        assert int(field.F) & 0b100111 == 0b100  # printed, and neither hidden nor out of view
        assert [float(edge) for edge in field.Rect] == [0, 0, 0, 0]  # so it needs no appearance
        assert document.check_pdf_syntax() == []


def test_the_same_pages_at_the_same_moment_are_the_same_file(pages: bytes, seal: Seal) -> None:
    """E06: before sealing at any time, and sealed at one."""
    assert seals.sealed(pages, seal) == seals.sealed(pages, seal)
    later = seals.sealed(pages, seal, at=seals.AT + timedelta(days=2))
    assert later[: len(pages)] == pages


# Touched


def places(raw: bytes) -> list[int]:
    """Positions all over a file, and one in everything that has a meaning of its own."""
    told = rb"""%PDF-1\.7 | obj | endobj | stream | endstream | startxref | %%EOF | /ByteRange
        | /Contents | /DocMDP | /Perms | /AcroForm | /Filter | /SubFilter | /M\ | /Type | /Rect
        | /AF | /EF | /Length | /Root | /ID | /Size | /Prev | xref | trailer"""
    marked = [one.start() + 1 for one in re.finditer(told, raw, re.VERBOSE)]
    gap = re.search(rb"<(30[0-9A-F]+?)(?:00)*>", raw)
    assert gap
    signature = [gap.start() - 1, gap.start(), *range(gap.start(1), gap.end(1), 97), gap.end() - 1]
    some = random.Random(7)
    scattered = [some.randrange(len(raw)) for _ in range(600)]
    return sorted({0, len(raw) - 1, *marked, *signature, *scattered})


def alone(raw: bytes, pinned: str | None = None) -> Report:
    """What the verifier that needs Python alone says of the PAdES signature, and of that alone."""
    report = Report()
    pades.check(report, raw, seals_of.read(raw), pinned)
    return report


def is_caught_alone(raw: bytes) -> bool:
    try:
        return bool(alone(raw).findings)
    except seals_of.NotSealed:
        return True


@pytest.mark.parametrize("certificate", [seals.own(), seals.under("Sea CA", "Sea Ltd")])
def test_e05_python_alone_finds_the_signature_good_and_says_what_nobody_there_can_tell(
    pages: bytes, seal: Seal, certificate: Certificate
) -> None:
    made = seals.sealed(pages, seal, certificate)
    report = alone(made)
    assert (report.findings, report.done, report.why_not) == ([], {14}, {})
    told = "\n".join(report.remarks)
    assert f"Seal: PAdES, by “{certificate.name}”, certificate SHA-256" in told
    assert certificate.fingerprint in told
    assert "valid until 2050-01-01 00:00:00 UTC" in told
    assert "Not checked: whether the certificate is that of whom it names" in told
    assert ("vouches for itself" in told) == certificate.is_own
    assert ("whether it was revoked" in told) != certificate.is_own
    assert "no time stamp" in told
    assert alone(made, certificate.fingerprint).findings == []
    [other] = alone(made, "ab" * 32).findings
    assert "another certificate than the one given" in other.text


def test_e05_python_alone_catches_every_byte_that_the_signature_covers(
    plain: bytes, seal: Seal
) -> None:
    first = plain.rindex(b"<", 0, seals_of.read(plain).at)
    last = plain.index(b">", first) + 1
    for at in places(plain):
        raw = plain[:at] + bytes([plain[at] ^ 1]) + plain[at + 1 :]
        if not first < at < last - 1:
            assert is_caught_alone(raw), at
        assert is_caught_alone(raw) or not is_sound(raw, seal), at


def test_e05_python_alone_tells_a_signature_by_another_key_from_one_of_the_certificate(
    plain: bytes,
) -> None:
    [signer] = cms.ContentInfo.load(contents(plain))["content"]["signer_infos"]
    own = signer["signature"].native
    for forged in (own[:-1] + bytes([own[-1] ^ 1]), bytes(len(own)), b"\xff" * len(own)):
        raw = plain.replace(*(one.hex().upper().encode() for one in (own, forged)))
        assert raw != plain
        [finding] = alone(raw).findings
        assert finding.text == "the PDF’s signature is not one of the certificate in it"


def contents(raw: bytes) -> bytes:
    found = re.search(rb"<(30[0-9A-Fa-f]+)>", raw)
    assert found
    return bytes.fromhex(found[1].decode())


@pytest.mark.parametrize("rows", [30, LONG])
def test_no_byte_may_be_turned_anywhere(rows: int, seal: Seal) -> None:
    made = seals.sealed(laid_out(rows), seal)
    assert is_sound(made, seal)
    for number, at in enumerate(places(made)):
        raw = bytearray(made)
        raw[at] ^= 0x20 if number % 2 else 1
        assert not is_sound(bytes(raw), seal), at


def test_no_byte_of_a_seal_of_before_may_be_turned_and_it_is_sound_for_ever() -> None:
    folder = Path(__file__).parents[1] / "cli" / "golden"
    made = (folder / "trail-v1.pdf").read_bytes()
    found = seals_of.read(made)
    assert ed25519.public_key((folder / "trail-v1.key").read_text().strip()) == found.key
    assert ed25519.is_signature(found.key, found.message, found.signature)
    for at in range(0, len(made), 17):
        raw = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
        try:
            again = seals_of.read(raw)
        except seals_of.NotSealed:
            continue
        assert not is_signature(again), at


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_that_holds_what_looks_like_a_seal_is_sealed_with_the_rest(
    version: int, seal: Seal
) -> None:
    chance = random.Random(7)  # so much of it that its bytes are kept as they are
    key, signature = chance.randbytes(32), chance.randbytes(64)
    words = b"portal-seal/v1 " + f"{key.hex()} {signature.hex()}".encode()
    if version == 2:
        words = (seals_of.WORDS + key + signature).hex().upper().encode()
    held = chance.randbytes(3000) + words
    file = pdf.Enclosure("event-1-x.bin", held + chance.randbytes(3000), "application/zip")
    made = seals.rendered(blocks(3), dataclasses.replace(SHEET, enclosures=(file,)))
    assert words in made
    assert is_sound(seals.sealed(made, seal), seal)


def cut_off(made: bytes, pages: bytes) -> bytes:
    """Only what was there before the seal."""
    return made[: len(pages)]


def a_revision_more(made: bytes, pages: bytes) -> bytes:
    """An incremental update in which the first page looks otherwise."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(made))
    content = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 800 re f"))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = content
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bytes_after_the_end(made: bytes, pages: bytes) -> bytes:
    return made + b"\n% approved by the board\n"


def saved_anew(made: bytes, pages: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made)) as document:
        document.save(out)
    return out.getvalue()


def proofs_added(made: bytes, pages: bytes) -> bytes:
    """A store of proofs that the signature does not know of."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(made))
    writer.root["/DSS"] = writer.add_object(generic.DictionaryObject())
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def shadowed(made: bytes, pages: bytes) -> bytes:
    """A byte range that leaves out more than the signature, so that something may hide there."""
    return re.sub(
        rb"/ByteRange \[0 (\d+) (\d+) (\d+)",
        lambda m: b"/ByteRange [0 %d %d %d" % (int(m[1]), int(m[2]) + 9, int(m[3]) - 9),
        made,
    )


def of_another_file(made: bytes, pages: bytes) -> bytes:
    """The signature of another trail, sealed by the same portal in the same minute."""
    other = Other.made
    theirs, ours = (re.search(rb"<30[0-9A-F]+>", one) for one in (other, made))
    assert theirs
    assert ours
    assert len(theirs[0]) == len(ours[0])
    return made[: ours.start()] + theirs[0] + made[ours.end() :]


class Other:
    made = b""


@pytest.mark.parametrize(
    "touch",
    [cut_off, a_revision_more, bytes_after_the_end, saved_anew, proofs_added, shadowed,
     of_another_file],
)  # fmt: skip
def test_whatever_is_put_in_taken_out_or_exchanged_shows(
    plain: bytes, pages: bytes, seal: Seal, touch: Callable[[bytes, bytes], bytes]
) -> None:
    Other.made = seals.sealed(laid_out(31), seal)
    assert not is_sound(touch(plain, pages), seal)
    assert is_caught_alone(touch(plain, pages))


def test_a_seal_put_on_by_somebody_else_bears_their_key(
    pages: bytes, seal: Seal, tmp_path: Path
) -> None:
    theirs = seals.sealed(pages, Seal.of(tmp_path), seals.own("Mallory"))
    assert not is_sound(theirs, seal)
    assert is_sound(theirs, Seal.of(tmp_path))
    assert pades_reading.read(theirs).signer.name == "Mallory"


@pytest.mark.parametrize("touch", [a_revision_more, proofs_added, bytes_after_the_end])
def test_a_reader_of_pdfs_sees_what_stands_behind_the_signature(
    plain: bytes, pages: bytes, touch: Callable[[bytes, bytes], bytes]
) -> None:
    found = pades_reading.read(touch(plain, pages))
    assert "something stands in the file that the PDF's signature does not cover" in found.faults


# Stamped

# Before the digest that is stamped: SHA-256, and that 32 bytes follow.
STAMPED = rb"300D0609608648016503040201(?:0500)?0420"


@pytest.mark.parametrize("pinned", [True, False])
def test_a_stamp_says_when_and_who(
    service: Service, pages: bytes, seal: Seal, tmp_path: Path, pinned: bool
) -> None:
    made = seals.sealed(pages, seal, stamper=asking(service, pinned=pinned))
    assert is_sound(made, seal)
    assert "Signature is Valid." in pdfsig(made, tmp_path)
    found = pades_reading.read(made)
    assert (found.level, found.faults, found.stamped_at) == ("PAdES B-T", (), seals.AT)
    assert found.stamper is not None
    assert (found.stamper.name, found.stamper.issuer) == ("Sea Time", "Time CA")
    said = alone(made)
    assert (said.findings, said.done) == ([], {14})
    assert f"sealed at {seals.AT:%Y-%m-%d %H:%M:%S} UTC at the latest" in said.remarks[-1]
    assert "by a time stamp of “Sea Time”" in said.remarks[-1]
    at = re.search(STAMPED, made.upper()).end()  # type: ignore[union-attr]
    other = made[:at] + b"0" * 64 + made[at + 64 :]
    said = alone(other)
    assert [one.text for one in said.findings] == [
        "the time stamp in the seal does not belong to it"
    ]
    assert said.remarks[-1].startswith("Time: proved by nothing"), "and no moment is told"
    assert pades_reading.read(other).stamped_at is None


@pytest.mark.parametrize(
    "certificate", [seals.own, lambda: seals.under("Sea CA", "Sea Ltd", lists=LISTED[0])]
)
def test_with_proofs_it_is_b_lt_in_one_piece(
    service: Service, pages: bytes, seal: Seal, tmp_path: Path,
    certificate: Callable[[], Certificate],
) -> None:  # fmt: skip
    with running(Service("Sea Time", by="Sea CA")) as authority:
        LISTED[0] = authority.url + timestamps.LISTS
        used = certificate()
        stamper = asking(service)
        stamper.proofs = proofs.collect(used, stamper, ("127.0.0.0/8",))
        made = seals.sealed(pages, seal, used, stamper=stamper)
    assert is_sound(made, seal)
    told = pdfsig(made, tmp_path)
    assert "Signature is Valid." in told
    assert "Total document signed" in told
    found = pades_reading.read(made)
    assert (found.level, found.faults) == ("PAdES B-LT", ())
    assert alone(made).findings == []
    with pikepdf.open(io.BytesIO(made)) as document:
        assert len(document.Root.DSS.CRLs) == (1 if used.is_own else 2)
        assert document.pdf_version == "1.7"
    # A list of revoked certificates that is put in the place of the one there shows as well.
    at = made.rfind(b"/DSS")
    assert not is_sound(made[: at + 2] + b"X" + made[at + 3 :], seal)


LISTED = [""]


def test_without_proofs_there_is_no_b_lt(service: Service) -> None:
    service.lists = False
    with pytest.raises(proofs.NoProofs, match="Nobody tells whether"):
        proofs.collect(seals.own(), asking(service), ("127.0.0.0/8",))


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (timestamps.wrong_nonce, "the nonce is wrong"),
        (timestamps.wrong_imprint, "something else than it was sent"),
        (timestamps.wrong_time, "more than five minutes"),
        (timestamps.refusing, "refused: not today"),
        (timestamps.forged, "no sound time stamp|signature is wrong"),
        (timestamps.nonsense, "no sound time stamp"),
        (timestamps.slow, "took too long"),
        (timestamps.somebody_else, "does not lead back to PORTAL_TSA_CERT"),
    ],
)
def test_e10_a_service_that_lies_or_is_slow_gives_no_stamp(
    service: Service, behave: timestamps.Bad, said: str
) -> None:
    service.behave = behave
    with pytest.raises(stamps.NoStamp, match=said):
        asking(service)


def test_a_service_inside_the_house_is_not_asked_unless_it_is_allowed(service: Service) -> None:
    stamper = stamps.Stamper(service.url, roots=(), allow=())
    with pytest.raises(stamps.NoStamp, match="not on the public net"):
        stamper.ask()
    assert service.asked == 0
