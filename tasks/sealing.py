"""Seals what was typeset: as far as the house wants it, or as far as it can be had, and says so.

The pages tell what their seal bears, so the time-stamp service is asked before they are set. Where
it falls silent between then and the signature they are set anew, without it: no seal ever claims a
stamp that is not there, and nothing else stands in its place.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from portal import clock
from portal.certificates import Certificate
from portal.delivery import certificate as certificates
from portal.delivery.seal import Seal
from portal.language import gettext as _
from portal.settings import Settings

if TYPE_CHECKING:
    from portal.delivery.stamps import Stamper

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What the pages say of their seal.

    ``issuer`` is None where the portal made the certificate itself. ``level`` is that of PAdES;
    ``stamped_by`` names who stamps the time. ``lacks`` is what the house wanted and could not
    have: the ``stamp`` or, of a B-LT, the ``proofs``; ``service`` is whom it was asked of.
    """

    name: str
    issuer: str | None
    fingerprint: str
    ends_at: datetime
    level: str = "b-b"
    stamped_by: str | None = None
    lacks: str | None = None
    service: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """How far a PDF is sealed; ``lacks`` as in ``Told``, with ``why`` as a sentence."""

    level: str
    lacks: str | None
    why: str


def made(settings: Settings, key: Seal, pages: Callable[[Told, Path], None], into: Path) -> Made:
    """Have the pages set in a file and seal it. Raises Unusable and Expired of the certificate."""
    from portal.delivery import pades, stamps

    certificate = certificates.of(settings)
    certificate.require_valid(clock.now())
    stamper, lacks, why = _stamper(settings, certificate)
    while True:
        told = _told(settings, certificate, stamper, lacks)
        pages(told, into)
        # What a reader of PDFs shows beside the signature.
        reason = pades.Reason(_("Seal of the audit trail"), settings.base_url)
        try:
            pades.seal(into, key=key, certificate=certificate, at=clock.now(), reason=reason,
                       stamper=stamper)  # fmt: skip
            return Made(told.level, lacks, why)
        except stamps.NoStamp as fault:
            stamper, lacks, why = None, "stamp", fault.sentence
            log.warning("seal.unstamped", why=why)


def lacking(settings: Settings) -> tuple[str | None, str]:
    """What of a seal that the house wants is not to be had now (None: nothing), and why."""
    _, lacks, why = _stamper(settings, certificates.of(settings))
    return lacks, why


def _stamper(
    settings: Settings, certificate: Certificate
) -> tuple["Stamper | None", str | None, str]:
    """The service if one is wanted and answers, what is lacking, and why."""
    if settings.sealing.level == "b-b":
        return None, None, ""
    from portal.delivery import proofs, stamps

    allow = settings.outbound_allow
    try:
        stamper = stamps.Stamper.of(settings.sealing, allow)
    except stamps.NoStamp as fault:
        log.warning("seal.unstamped", why=fault.sentence)
        return None, "stamp", fault.sentence
    if settings.sealing.level == "b-lt":
        try:
            stamper.proofs = proofs.collect(certificate, stamper, allow)
        except proofs.NoProofs as fault:
            log.warning("seal.unproved", why=fault.sentence)
            return stamper, "proofs", fault.sentence
    return stamper, None, ""


def _told(
    settings: Settings, certificate: Certificate, stamper: "Stamper | None", lacks: str | None
) -> Told:
    level = "b-b" if stamper is None else "b-t" if stamper.proofs is None else "b-lt"
    return Told(
        name=certificate.name,
        issuer=None if certificate.is_own else certificate.issuer,
        fingerprint=certificate.fingerprint,
        ends_at=certificate.ends_at,
        level=level,
        stamped_by=stamper.name if stamper else None,
        lacks=lacks,
        service=urlsplit(settings.sealing.tsa_url or "").hostname or "",
    )
