"""The certificate that audit trails are sealed with: one's own, or the portal's.

The portal's own is made once, beside the key of the ledger, and signed by nobody but itself: it
shows that two trails come from the same portal, and says nothing about who runs it. With
``PORTAL_SEAL_CERT`` and ``PORTAL_SEAL_KEY`` the seal is by a certificate that somebody else
vouches for. The key is RSA: an elliptic one makes PDF 2.0 of the file, which PDF/A-3 is not.
"""

from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from portal import clock, installation
from portal.certificates import Certificate, Unusable, read
from portal.delivery.seal import keep
from portal.settings import Settings

FILE = Path("keys/seal.pem")
_BITS = 3072
_YEARS = 10


def of(settings: Settings) -> Certificate:
    """The certificate of this house, its own made on first use. Raises Unusable."""
    if settings.sealing.files is not None:
        return read(*settings.sealing.files)
    path = settings.data_dir / FILE
    try:
        if not path.exists():
            keep(path, _made(installation.current.brand.name))
        return read(path, path)
    except OSError as fault:
        raise Unusable(
            f"The key of the seal {path} can't be read.",
            "Put the file back from a backup, readable for the portal's own user.",
        ) from fault


def known(settings: Settings) -> Certificate | None:
    """The same, but nothing is made: None where the portal's own was never needed yet."""
    if settings.sealing.files is None and not (settings.data_dir / FILE).exists():
        return None
    return of(settings)


def _made(house: str) -> bytes:
    """A fresh key and a certificate that it signs itself, as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, house[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{house[:40]}: audit trails"),
        ]
    )
    now = clock.now()
    uses = ("digital_signature", "content_commitment")
    others = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
              "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    usage = x509.KeyUsage(**dict.fromkeys(uses, True), **dict.fromkeys(others, False))
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    public = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # for clocks that are behind
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return public.public_bytes(Encoding.PEM) + private
