"""Certificates for tests: a seal's own, an authority that issues them, a time-stamp service."""

import functools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy.engine import Connection

from portal.certificates import Certificate
from portal.delivery import pades, pdf
from portal.delivery.seal import Seal
from portal.delivery.stamps import Stamper
from tasks import typeset
from tasks.sealing import Told

BEGINS, ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
REASON = pades.Reason("Seal of the audit trail", "https://portal.example")
TOLD = Told("Sea Works: audit trails", None, "ab" * 32, ENDS)


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    """The key of somebody; making one takes long, so each is made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@functools.cache
def own(name: str = "Sea Works: audit trails", ends: datetime = ENDS) -> Certificate:
    """A certificate that vouches for itself, as a portal makes it."""
    return Certificate(key(name), issued(name, by=name, ends=ends), ())


@functools.cache
def under(authority: str, name: str, lists: str | None = None) -> Certificate:
    """A certificate that an authority issued, with the authority's own."""
    above = issued(authority, by=authority, ca=True)
    return Certificate(key(name), issued(name, by=authority, lists=lists), (above,))


@functools.cache
def issued(
    name: str,
    *,
    by: str,
    ca: bool = False,
    stamps: bool = False,
    ends: datetime = ENDS,
    lists: str | None = None,
) -> x509.Certificate:
    """A certificate of ``name`` that ``by`` signed; ``lists`` is where revoked ones are told."""
    builder = (
        x509.CertificateBuilder(issuer_name=named(by), subject_name=named(name))
        .public_key(key(name).public_key())
        .serial_number(int.from_bytes(name.encode()[:15], "big"))
        .not_valid_before(BEGINS)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage(signs=not ca, issues=ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key(name).public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key(by).public_key()), False
        )
    )
    if stamps:
        only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(only, critical=True)
    if lists:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(lists)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    return builder.sign(key(by), SHA256())


def revoked(by: str, *names: str, now: datetime = AT) -> x509.CertificateRevocationList:
    """The list of those whose certificates an authority took back."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(named(by))
        .last_update(now - timedelta(hours=1))
        .next_update(now + timedelta(days=7))
    )
    for name in names:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(int.from_bytes(name.encode()[:15], "big"))
            .revocation_date(now - timedelta(days=1))
            .build()
        )
    return builder.sign(key(by), SHA256())


def pem(certificate: Certificate) -> bytes:
    """Certificate, chain and key in one file."""
    private = certificate.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = (certificate.public, *certificate.chain)
    return b"".join(one.public_bytes(Encoding.PEM) for one in public) + private


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def usage(*, signs: bool, issues: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs, content_commitment=signs, key_cert_sign=issues, crl_sign=issues,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def rendered(blocks: Iterable[str], sheet: pdf.Sheet) -> bytes:
    """The bytes of a document."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        pdf.render(blocks, sheet, path)
        return path.read_bytes()


def trail(conn: Connection, process_id: str, upto: int, **named: Any) -> bytes:
    """The bytes of an audit trail, not sealed yet."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        typeset.trail(conn, process_id, upto, path, **{"told": TOLD, **named})
        return path.read_bytes()


def sealed(
    raw: bytes,
    seal: Seal,
    certificate: Certificate | None = None,
    *,
    stamper: Stamper | None = None,
    at: datetime = AT,
) -> bytes:
    """A PDF as a portal seals it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.pdf"
        path.write_bytes(raw)
        pades.seal(
            path, key=seal, certificate=certificate or own(), at=at, reason=REASON, stamper=stamper
        )
        return path.read_bytes()
