"""Check 14: the PDF's own signature, told in words for whoever has to rely on it.

Check 13 says that every byte is the portal's; this says what any reader of PDFs would find, and
what nobody but a person can decide: whether a certificate is that of whom it names.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from portal.ledger import seals
from portal.ledger.findings import ALTERED, OTHER_KEY, Report

if TYPE_CHECKING:
    from portal.delivery.pades_reading import Found, Holder


def check_signature(report: Report, raw: bytes, pinned: str | None) -> None:
    """Judge the signature of a PDF; ``pinned`` is the SHA-256 of the certificate it must have.

    A file of before there were any has none, and says so.
    """
    try:
        version = seals.read(raw).version
    except seals.NotSealed:
        return  # check 13 has said it
    if version == 1:
        report.remarks.append(
            "Seal: portal-seal/v1, with the ledger's key alone: no certificate and no time stamp "
            "were part of seals then."
        )
        if pinned is not None:
            report.find(14, OTHER_KEY, "the file is sealed with no certificate at all")
        return
    from portal.delivery import pades_reading
    from portal.delivery.pdf_reading import NotReadable

    report.done.add(14)
    try:
        found = pades_reading.read(raw)
    except NotReadable as refusal:
        report.find(14, ALTERED, str(refusal))
        return
    for fault in found.faults:
        report.find(14, ALTERED, fault)
    if pinned is not None and found.signer.fingerprint != pinned:
        report.find(14, OTHER_KEY, "the file is sealed with another certificate than the one given")
    report.remarks += _told(found, is_pinned=pinned is not None)


def _told(found: "Found", *, is_pinned: bool) -> Iterator[str]:
    """Who sealed, when, and what nobody here could check."""
    signer = found.signer
    yield f"Seal: {found.level}, by “{signer.name}”, {_vouched(signer)}"
    yield f"Certificate SHA-256 {signer.fingerprint}, valid until {_utc(signer.ends_at)}"
    if found.stamper is not None and found.stamped_at is not None:
        yield (
            f"Time: sealed at {_utc(found.stamped_at)} at the latest, by a time stamp of "
            f"“{found.stamper.name}” (certificate SHA-256 {found.stamper.fingerprint}), "
            f"{_vouched(found.stamper)}"
        )
    elif found.claimed_at is not None:
        yield f"Time: sealed at {_utc(found.claimed_at)} by the portal's own clock, NOT PROVED"
    yield from _open_questions(found, is_pinned=is_pinned)


def _open_questions(found: "Found", *, is_pinned: bool) -> Iterator[str]:
    if not is_pinned:
        yield (
            "Not checked: whether the certificate is that of whom it names. Compare its SHA-256 "
            "with /.well-known/portal-ledger of the portal, or give it: --certificate SHA256"
        )
    if found.stamper is not None:
        yield "Not checked: whether that time-stamp service is one to trust, see above"
    if found.signer.issuer is not None:
        store = (
            " (the file carries what its issuer said when it was sealed)" if found.proofs else ""
        )
        yield f"Not checked: whether the certificate was revoked, as nothing is fetched{store}"


def _vouched(holder: "Holder") -> str:
    if holder.issuer is None:
        return "whose certificate vouches for itself: it shows sameness, not who somebody is"
    return f"whose certificate was issued by “{holder.issuer}”"


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
