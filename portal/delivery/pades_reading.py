"""Reading the PAdES signature of a PDF back, offline: whether it holds, whose it is, and when.

Whose a certificate is, only somebody outside can say: so it is judged here as its own root, and
told. Made for a stranger's file, in which everything may be wrong: whatever goes amiss is one
refusal, ``NotReadable``. Imported only where a PDF is checked.
"""

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from portal.delivery.apart import apart
from portal.delivery.pdf_reading import NotReadable

_QUIET = ("pyhanko", "pyhanko_certvalidator")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a certificate is; ``issuer`` is None where it vouches for itself."""

    name: str
    issuer: str | None
    fingerprint: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One PAdES signature. ``faults`` are sentences, none where it holds.

    ``claimed_at`` is the signer's own word, ``stamped_at`` that of the service ``stamper``, where
    its stamp belongs to the seal.
    ``proofs`` tells whether there is a store with proofs against revocation.
    """

    signer: Holder
    claimed_at: datetime | None
    stamped_at: datetime | None
    stamper: Holder | None
    proofs: bool
    faults: tuple[str, ...]

    @property
    def level(self) -> str:
        """How far the seal goes, in the words of PAdES."""
        if self.stamper is None:
            return "PAdES B-B"
        return "PAdES B-LT" if self.proofs else "PAdES B-T"


def read(raw: bytes) -> Found:
    """The one signature of a PDF, judged. Raises NotReadable."""
    for name in _QUIET:  # what they have to say is said by ``faults``
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return _read(raw)
    except NotReadable:
        raise
    except Exception as fault:  # a hostile file may break any assumption of the parser
        raise NotReadable("The PDF's signature (PAdES) can't be read.") from fault


def _read(raw: bytes) -> Found:
    reader = PdfFileReader(io.BytesIO(raw))
    signatures = reader.embedded_signatures
    if len(signatures) != 1:
        count = f"{len(signatures)} signatures" if signatures else "no signature"
        raise NotReadable(f"The PDF bears {count} of the kind PAdES instead of one.")
    [one] = signatures
    token = _token(one)
    stamper = None if token is None else _holder(_signer_of(token))
    status = _judged(one)
    stamp = status.timestamp_validity
    return Found(
        signer=_holder(one.signer_cert),
        claimed_at=one.self_reported_timestamp,
        stamped_at=stamp.timestamp if stamp and stamp.intact and stamp.valid else None,
        stamper=stamper,
        proofs="/DSS" in reader.root,
        faults=tuple(_faults(one, status)),
    )


def _token(one: EmbeddedPdfSignature) -> Any:
    """The one time stamp of a signature; None where there is none."""
    tokens = list(extract_tst_data_iter(one.signer_info, signed=False))
    if len(tokens) > 1:
        raise NotReadable("The PDF's signature bears more than one time stamp.")
    return tokens[0] if tokens else None


def _judged(one: EmbeddedPdfSignature) -> PdfSignatureStatus:
    """What the mathematics say, and the file around it."""
    token = _token(one)
    moment = one.self_reported_timestamp
    stamps = None if token is None else _believing(_signer_of(token), None)
    signer = _believing(one.signer_cert, moment)
    return apart(
        lambda: validate_pdf_signature(
            one, signer_validation_context=signer, ts_validation_context=stamps
        )
    )


def _believing(certificate: x509.Certificate, moment: datetime | None) -> ValidationContext:
    """A view in which just this certificate is believed, as it was at that moment."""
    # Within its time: whether it had ended by then is a question for whoever knows the time.
    first, last = certificate.not_valid_before, certificate.not_valid_after
    at = min(max(moment or last, first), last)
    return ValidationContext(trust_roots=[certificate], allow_fetching=False, moment=at)


def _faults(one: EmbeddedPdfSignature, status: PdfSignatureStatus) -> Any:
    if not status.intact:
        yield "the bytes that the PDF's signature covers were changed"
    elif not status.valid:
        yield "the PDF's signature is not one of the certificate in it"
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        yield "something stands in the file that the PDF's signature does not cover"
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.intact and stamp.valid):
        yield "the time stamp in the seal does not belong to it"
    at = stamp.timestamp if stamp is not None and stamp.valid else one.self_reported_timestamp
    if at is not None and at > one.signer_cert.not_valid_after:
        yield "the certificate of the seal had ended when the file was sealed"


def _signer_of(token: Any) -> x509.Certificate:
    [signer] = token["signer_infos"]
    wanted = signer["sid"].chosen
    for one in token["certificates"]:
        found = one.chosen
        if found.serial_number == wanted["serial_number"].native:
            return found
    raise NotReadable("The time stamp in the seal came without its certificate.")


def _holder(certificate: x509.Certificate) -> Holder:
    own = certificate.subject.dump() == certificate.issuer.dump()
    return Holder(
        name=_name(certificate.subject),
        issuer=None if own else _name(certificate.issuer),
        fingerprint=certificate.sha256.hex(),
        ends_at=certificate.not_valid_after,
    )


def _name(name: x509.Name) -> str:
    """What to call somebody, on one line."""
    told = name.native
    text = str(told.get("common_name") or told.get("organization_name") or name.human_friendly)
    return "".join(sign for sign in text if sign.isprintable())[:200]
