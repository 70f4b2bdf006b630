"""Certificates and their keys, read from PEM files and judged whether one can sign with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from portal.errors import PortalError

FEWEST_BITS = 2048
WARNED = (60, 30, 7, 0)
"""Days before the end of a certificate at which admins are told of it."""


class Unusable(PortalError):
    """The certificate or its key can't be read or don't belong together."""

    status, code, title = 500, "seal-certificate", "The certificate of the seal can't be used"


class Expired(PortalError):
    """The certificate is not valid now, and nothing is sealed with it."""

    status, code, title = 500, "seal-expired", "The certificate of the seal is not valid now"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key; ``chain`` are those of its issuers that came with it."""

    key: RSAPrivateKey
    public: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def is_own(self) -> bool:
        """Whether nobody but itself vouches for it."""
        return self.public.subject == self.public.issuer

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex: what an auditor keeps."""
        return self.public.fingerprint(SHA256()).hex()

    @property
    def name(self) -> str:
        """Whose it is, as it says itself."""
        return name_of(self.public.subject)

    @property
    def issuer(self) -> str:
        """Who issued it."""
        return name_of(self.public.issuer)

    @property
    def ends_at(self) -> datetime:
        """The last moment at which it is valid."""
        return self.public.not_valid_after_utc

    def require_valid(self, at: datetime) -> None:
        """Raises Expired where nothing may be sealed with it at that moment."""
        if self.public.not_valid_before_utc <= at <= self.ends_at:
            return
        day = self.ends_at.strftime("%d %B %Y")
        what = f"ended on {day}" if at > self.ends_at else "is not valid yet"
        remedy = "`portal doctor` says how to renew it."
        raise Expired(f"The certificate that audit trails are sealed with {what}.", remedy)


def ending(found: Certificate, at: datetime) -> tuple[int, str] | None:
    """That a certificate ends, or has ended, told to an admin; None where that is far away.

    With the sentence comes the step that is reached: 60, 30 or 7 days before, or 0.
    """
    left = found.ends_at - at
    reached = [days for days in WARNED if left <= timedelta(days=days)]
    if not reached:
        return None
    day = found.ends_at.strftime("%d %B %Y")
    if left <= timedelta():
        return 0, f"The certificate of the seal ended on {day}: no audit trail is built any more."
    days = "a day" if left.days <= 1 else f"{left.days} days"
    return min(reached), f"The certificate of the seal of audit trails ends in {days}, on {day}."


def read(certificate: Path, key: Path) -> Certificate:
    """The first certificate of a PEM file, the others as its chain, and the key of another.

    Raises Unusable with a sentence that names the file.
    """
    public, *chain = _certificates(certificate)
    private = _private(key)
    if private.public_key() != public.public_key():
        raise Unusable(f"The key in {key} is not that of the certificate in {certificate}.")
    if not _may_sign(public):
        raise Unusable(f"The certificate in {certificate} is not one to sign with.")
    return Certificate(private, public, tuple(chain))


def read_roots(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file. Raises Unusable."""
    return tuple(_certificates(path))


def name_of(name: x509.Name) -> str:
    """What to call somebody: the common name, the organisation, or all that is said of them."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for found in name.get_attributes_for_oid(kind):
            return str(found.value)
    return name.rfc4514_string() or "nobody named"


def _certificates(path: Path) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as fault:
        raise Unusable(f"{path} can't be read ({fault.strerror}).") from fault
    except ValueError as fault:
        raise Unusable(f"{path} holds no certificate in PEM form.") from fault


def _private(path: Path) -> RSAPrivateKey:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as fault:
        raise Unusable(f"{path} can't be read ({fault.strerror}).") from fault
    except TypeError as fault:
        raise Unusable(f"The key in {path} is locked with a passphrase.") from fault
    except (ValueError, UnsupportedAlgorithm) as fault:
        raise Unusable(f"{path} holds no private key in PEM form.") from fault
    if not isinstance(private, RSAPrivateKey) or private.key_size < FEWEST_BITS:
        raise Unusable(f"The key in {path} is not an RSA key of {FEWEST_BITS} bits or more.")
    return private


def _may_sign(public: x509.Certificate) -> bool:
    try:
        usage = public.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return True
    return usage.digital_signature or usage.content_commitment
