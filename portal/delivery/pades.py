"""Seals a PDF as PAdES, so that every reader of PDFs can check it, and as ``portal-seal/v2``.

One revision is appended to the file, and nothing before it is touched: a certification signature
(ISO 32000-2, 12.8; ETSI EN 319 142-1) that allows no change, over all bytes but its own. Its own
bytes hold, as an unsigned attribute, the signature with the portal's ledger key over the whole
file (``sealed``), this one's bytes included. So a page, a later revision, a certificate, a time
stamp or a list of revoked certificates cannot be changed, added or taken out unseen.

This module is imported where something is sealed or read, never before: pyHanko costs half a
second.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from asn1crypto import cms, core, keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import attributes, fields, signers
from pyhanko.sign.signers.pdf_cms import DefaultUnsignedAttributes
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSigningSession,
    SigDSSPlacementPreference,
)
from pyhanko_certvalidator.registry import SimpleCertificateStore

from portal.certificates import Certificate
from portal.delivery import sealed
from portal.delivery.apart import apart
from portal.delivery.seal import Seal
from portal.delivery.stamps import Stamper, der

# An attribute that nobody else knows is passed over by every reader (RFC 5652, 11). Made from a
# UUID, as anybody may (ITU-T X.667).
OID = "2.25.337609382813896243251059294198469185186"
FIELD = "Seal"


@dataclass(frozen=True, slots=True)
class Reason:
    """What the signature says of itself to those who look at it in their reader."""

    text: str
    place: str


def seal(
    path: Path,
    *,
    key: Seal,
    certificate: Certificate,
    at: datetime,
    reason: Reason,
    stamper: Stamper | None = None,
) -> None:
    """Put the seal on a PDF: PAdES B-B, with a stamper B-T, and B-LT where it has the proofs.

    It is appended where the file lies. Without a stamper, the same file becomes the same at the
    same moment. Raises Expired, and ``stamps.NoStamp`` where no sound time stamp is to be had:
    the file is of no use then.
    """
    certificate.require_valid(at)
    proofs = stamper.proofs if stamper else None
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        name=certificate.name,
        reason=reason.text,
        location=reason.place,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        embed_validation_info=proofs is not None,
        validation_context=proofs,
        # In the one revision that the signature covers, so that nobody can change them either.
        dss_settings=DSSContentSettings(
            include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
        ),
    )
    signer = _Signer(meta, _key(certificate, sealed.slot(key), stamper), timestamper=stamper)
    signer.at = at
    with path.open("r+b") as file:
        apart(lambda: signer.sign_pdf(_Writer(file), in_place=True))
        sealed.fill(file, key)


class _Slot(attributes.CMSAttributeProvider):
    """The place for the seal with the ledger's key."""

    def __init__(self, slot: bytes) -> None:
        self._slot = slot

    async def get_attribute(self, dry_run: bool = False) -> cms.CMSAttribute:
        kind, value = cms.CMSAttributeType(OID), core.OctetString(self._slot)
        return cms.CMSAttribute({"type": kind, "values": [value]})


class _Beside(attributes.UnsignedAttributeProviderSpec):
    """What stands beside the signature: a time stamp, where one was asked for, and our slot."""

    def __init__(self, slot: bytes, stamper: Stamper | None) -> None:
        self._slot, self._stamper = slot, stamper

    def unsigned_attr_providers(
        self, *args: Any, **named: Any
    ) -> Iterator[attributes.CMSAttributeProvider]:
        usual = DefaultUnsignedAttributes(self._stamper)
        yield from usual.unsigned_attr_providers(*args, **named)
        yield _Slot(self._slot)


def _key(certificate: Certificate, slot: bytes, stamper: Stamper | None) -> signers.SimpleSigner:
    private = certificate.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=der(certificate.public),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore.from_certs(map(der, certificate.chain)),
    )
    signer.unsigned_attr_prov_spec = _Beside(slot, stamper)
    return signer


class _Writer(IncrementalPdfFileWriter):
    """A writer that takes nothing from the machine's clock or chance.

    Title, dates and the maker's name stay what they were: they belong to the pages, and PDF/A
    wants the two places that tell them to agree.
    """

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:
        first = super()._handle_id(prev)[0]  # type: ignore[no-untyped-call]
        prev.stream.seek(0)
        digest = hashlib.file_digest(prev.stream, lambda: hashlib.sha256(b"sealed\0"))
        name = digest.digest()[:16]
        return generic.ArrayObject([first, generic.ByteStringObject(name)])

    def _update_meta(self) -> None:
        return


class _Signer(signers.PdfSigner):
    """A signer that is told what time it is."""

    at: datetime

    def init_signing_session(self, *args: Any, **named: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **named)
        session.system_time = self.at
        return session
