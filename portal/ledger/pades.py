"""Check 14 without a library: the PAdES signature of a sealed PDF. Standard library only.

Read are just the files that a portal seals: one signature (CMS, RFC 5652) in DER over every byte
of the file but its own, by an RSA key (PKCS #1 v1.5). A signature that is made otherwise may be
sound, and is told as not checked. Whether a certificate is that of whom it names, and was not
revoked, nobody can tell from a file.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

from portal.ledger.chain import Malformed
from portal.ledger.findings import ALTERED, OTHER_KEY, Report
from portal.ledger.seals import Sealed

_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_CONTENT, _DIGEST = "2a864886f70d010903", "2a864886f70d010904"  # signed: what of, and its digest
_CERTIFICATE = "2a864886f70d010910022f"  # signed: by which certificate (ESS, RFC 5035)
_STAMP = "2a864886f70d010910020e"  # beside the signature: a time stamp (RFC 3161)
_SIGNED_DATA, _NAME, _RSA = "2a864886f70d010702", "550403", "2a864886f70d010101"
_LARGEST_KEY = 2048  # bytes
_HASHES = {"608648016503040201": "sha256", "608648016503040202": "sha384",
           "608648016503040203": "sha512"}  # fmt: skip
_WITH_RSA = {_RSA, "2a864886f70d01010b", "2a864886f70d01010c", "2a864886f70d01010d"}
# What a stranger’s bytes may come to: each is a fault of the file, never of this program.
_DAMAGED = (ValueError, IndexError, KeyError, TypeError, StopIteration)
_NOT_MATCHING = "the bytes that the PDF’s signature covers were changed"
_OTHER_CERTIFICATE = "the file is sealed with another certificate than the one given"


class NotKnown(Exception):
    """It is signed in a way that this program does not know; the message says which."""


class _Item(NamedTuple):
    """One thing in DER: its tag, all its bytes, and those within."""

    tag: int
    whole: bytes
    within: bytes

    def items(self) -> "list[_Item]":
        return list(_items(self.within))


class _Certificate(NamedTuple):
    """What is needed of one (RFC 5280)."""

    sha256: str
    serial: bytes
    issuer: bytes
    name: str
    is_own: bool
    ends_at: str
    key: _Item


class _Signed(NamedTuple):
    """A CMS signature: what it says of itself, and by which certificate."""

    kind: str  # of what is signed
    content: bytes  # where it lies within
    attributes: bytes  # as they were signed
    told: dict[str, _Item]
    hash: str
    algorithm: str
    signature: bytes
    beside: dict[str, _Item]
    by: _Certificate


def check(report: Report, raw: bytes, seal: Sealed, pinned: str | None) -> None:
    """Judge the signature that the seal of a PDF stands in.

    ``pinned`` is the SHA-256 (hex) of the certificate it must be by.
    """
    if seal.version == 1:
        report.remarks.append("Seal: portal-seal/v1, with the ledger’s key alone, as seals were.")
        if pinned is not None:
            report.find(14, OTHER_KEY, "the file is sealed with no certificate at all")
        return
    try:
        first, last = _place(raw, seal.at)
        found = _read(bytes.fromhex(raw[first + 1 : last - 1].decode()))
        report.done.add(14)
        _judge(report, found, hashlib.new(found.hash, memoryview(raw)[:first]), raw[last:])
        if pinned is not None and found.by.sha256 != pinned:
            report.find(14, OTHER_KEY, _OTHER_CERTIFICATE)
        report.remarks += _told(found, is_pinned=pinned is not None)
        report.remarks.append(_stamped(report, found))
    except NotKnown as why:
        report.done.discard(14)
        report.why_not[14] = str(why)
    except _DAMAGED as fault:
        why_not = str(fault) if isinstance(fault, Malformed) else "it is damaged"
        report.find(14, ALTERED, f"the PDF’s signature (PAdES) can’t be read: {why_not}")


def _place(raw: bytes, at: int) -> tuple[int, int]:
    """From where to where the signature stands, which is all that it leaves out of the file."""
    first, last = raw.rfind(b"<", 0, at), raw.find(b">", at) + 1
    wanted = (first, last, len(raw) - last)
    if not any(tuple(map(int, one.groups())) == wanted for one in _RANGE.finditer(raw)):
        raise Malformed("it does not cover every byte of the file but its own")
    return first, last


def _judge(report: Report, found: _Signed, digest: "hashlib._Hash", rest: bytes) -> None:
    digest.update(rest)
    if found.content:
        report.find(14, ALTERED, "the PDF’s signature is of something within itself")
    if _octets(found.told, _DIGEST) != digest.digest():
        report.find(14, ALTERED, _NOT_MATCHING)
    named = found.told[_CERTIFICATE].items()[0].items()[0].items()
    if next(one.within.hex() for one in named if one.tag == 4) != found.by.sha256:
        report.find(14, ALTERED, "the PDF’s signature names another certificate than is in it")
    if not _is_signed(found):
        report.find(14, ALTERED, "the PDF’s signature is not one of the certificate in it")


def _is_signed(found: _Signed) -> bool:
    """Whether the certificate's key signed the attributes (RFC 8017, 8.2.2; RFC 5652, 5.4)."""
    kind, bits = found.by.key.items()
    if found.algorithm not in _WITH_RSA or _oid(kind.items()[0]) != _RSA:
        raise NotKnown("it is signed otherwise than by RSA, which this program alone can check")
    modulus, exponent = (int.from_bytes(one.within) for one in _only(bits.within[1:]).items())
    size = (modulus.bit_length() + 7) // 8
    if size > _LARGEST_KEY or exponent >> 64:
        raise NotKnown("its RSA key is larger than this program reckons with")
    signature = int.from_bytes(found.signature)
    if signature >= modulus:
        return False
    opened = pow(signature, exponent, modulus).to_bytes(size)
    oid = bytes.fromhex(next(one for one, name in _HASHES.items() if name == found.hash))
    digest = hashlib.new(found.hash, found.attributes).digest()
    told = _der(0x30, _der(0x30, _der(6, oid) + b"\5\0") + _der(4, digest))
    return opened == b"\0\1" + b"\xff" * (size - len(told) - 3) + b"\0" + told


def _told(found: _Signed, *, is_pinned: bool) -> Iterator[str]:
    """Who sealed, when, and what nobody here could check."""
    yield f"Seal: PAdES, by “{found.by.name}”, certificate SHA-256 {found.by.sha256}"
    if found.by.is_own:
        yield "The certificate vouches for itself: it shows sameness, not who somebody is"
    yield f"The certificate is valid until {found.by.ends_at}"
    if not is_pinned:
        yield (
            "Not checked: whether the certificate is that of whom it names. Compare its SHA-256 "
            "with /.well-known/portal-ledger of the portal, or give it: --certificate SHA256"
        )
    if not found.by.is_own:
        yield "Not checked: who issued the certificate, and whether it was revoked"


def _stamped(report: Report, found: _Signed) -> str:
    """What is to be said of the time, which a stamp of somebody else may prove."""
    if _STAMP not in found.beside:
        return "Time: no time stamp; when the file was sealed the portal alone says"
    try:
        stamp = _read(found.beside[_STAMP].whole)
        _version, _policy, imprint, _serial, at, *_ = _only(stamp.content).items()
        kind, of = imprint.items()
        own = hashlib.new(_hash(kind), found.signature).digest() == of.within
        own &= hashlib.new(stamp.hash, stamp.content).digest() == _octets(stamp.told, _DIGEST)
        if not (own and _is_signed(stamp)):
            report.find(14, ALTERED, "the time stamp in the seal does not belong to it")
            return "Time: proved by nothing, since the time stamp does not belong to the seal"
    except (NotKnown, *_DAMAGED):
        return "Not checked: the time stamp, of a kind that portal verify alone can judge"
    return (
        f"Time: sealed at {_moment(at)} at the latest, by a time stamp of “{stamp.by.name}” "
        f"(certificate SHA-256 {stamp.by.sha256}). Not checked: whether to trust that service"
    )


# --- CMS and certificates -----------------------------------------------------------------------


def _read(raw: bytes) -> _Signed:
    """A CMS signature by one signer; zeros behind it fill its place."""
    kind, held = next(_items(raw)).items()
    if _oid(kind) != _SIGNED_DATA:
        raise Malformed("it is no CMS signature")
    _version, _digests, content, *more = held.items()[0].items()
    certificates = [_certificate(one) for part in more if part.tag == 0xA0 for one in part.items()]
    [signer] = more[-1].items()
    _version, whose, hashed, signed, algorithm, signature, *beside = signer.items()
    issuer, serial = whose.items()
    by = [one for one in certificates if (one.issuer, one.serial) == (issuer.whole, serial.whole)]
    if len(by) != 1 or signed.tag != 0xA0:
        raise Malformed("it came without its certificate, or signs no attributes")
    kind, *inner = content.items()
    told = dict(_attributes(signed))
    if _oid(told[_CONTENT]) != _oid(kind):
        raise Malformed("it is of another thing than it says")
    return _Signed(
        _oid(kind), inner[0].items()[0].within if inner else b"", b"\x31" + signed.whole[1:], told,
        _hash(hashed), _oid(algorithm.items()[0]), signature.within,
        dict(_attributes(beside[0])) if beside else {}, by[0],
    )  # fmt: skip


def _attributes(held: _Item) -> Iterator[tuple[str, _Item]]:
    for one in held.items():
        kind, values = one.items()
        yield _oid(kind), values.items()[0]


def _certificate(item: _Item) -> _Certificate:
    parts = [one for one in item.items()[0].items() if one.tag != 0xA0]
    serial, _algorithm, issuer, lasts, subject, key = parts[:6]
    names = [part for one in subject.items() for part in one.items()]
    name = next((one.items()[1].within for one in names if _oid(one.items()[0]) == _NAME), b"")
    text = "".join(sign for sign in name.decode(errors="replace") if sign.isprintable())[:200]
    digest, own = hashlib.sha256(item.whole).hexdigest(), subject.whole == issuer.whole
    return _Certificate(
        digest, serial.whole, issuer.whole, text, own, _moment(lasts.items()[1]), key
    )


def _octets(told: dict[str, _Item], kind: str) -> bytes:
    if kind not in told:
        raise Malformed("it lacks what it signs")
    return told[kind].within


def _hash(algorithm: _Item) -> str:
    name = _HASHES.get(_oid(algorithm.items()[0]))
    if name is None:
        raise NotKnown("its kind of digest is none that this program knows")
    return name


def _oid(item: _Item) -> str:
    return item.within.hex() if item.tag == 6 else ""


def _moment(item: _Item) -> str:
    """A time as it stands there, for people; in UTC."""
    digits = item.within.decode("ascii").rstrip("Z").partition(".")[0]
    full = digits if item.tag == 0x18 else ("20" if digits < "5" else "19") + digits
    day, time = "-".join((full[:4], full[4:6], full[6:8])), ":".join((full[8:10], full[10:12]))
    return f"{day} {time}:{full[12:14]} UTC"


# --- DER ----------------------------------------------------------------------------------------


def _items(raw: bytes) -> Iterator[_Item]:
    at = 0
    while at < len(raw):
        size, start = raw[at + 1], at + 2
        if size >= 0x80:
            start += size & 0x7F
            size = int.from_bytes(raw[at + 2 : start])
        if raw[at] & 0x1F == 0x1F or raw[at + 1] == 0x80:
            raise Malformed("it is not in DER")
        if start + size > len(raw):
            raise Malformed("it is cut off")
        yield _Item(raw[at], raw[at : start + size], raw[start : start + size])
        at = start + size


def _only(raw: bytes) -> _Item:
    [found] = _items(raw)
    return found


def _der(tag: int, within: bytes) -> bytes:
    return bytes((tag, len(within))) + within  # of less than 128 bytes
