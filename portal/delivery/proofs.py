"""What makes a seal checkable for years (PAdES B-LT): that no certificate of it was revoked.

Collected while the certificates still answer for themselves, from the addresses that stand in
them (OCSP first, then lists), by the house's own outbound rules. Imported only for such a seal.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from asn1crypto import crl, ocsp, x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.fetchers.common_utils import (
    enumerate_delivery_point_urls,
    format_ocsp_request,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.util import get_ocsp_urls, get_relevant_crl_dps

from portal import clock
from portal.certificates import Certificate
from portal.delivery import http
from portal.delivery.apart import apart
from portal.delivery.stamps import Stamper, der
from portal.errors import PortalError

_LARGEST_LIST = 5_000_000  # bytes; those of large authorities have megabytes
Send = Callable[..., http.Response]


class NoProofs(PortalError):
    """It could not be told of every certificate that it was not revoked."""

    status, code, title = 502, "no-proofs", "What a long-lived seal needs is not to be had"


def collect(
    certificate: Certificate, stamper: Stamper, allow: Sequence[str], send: Send = http.send
) -> ValidationContext:
    """The proofs for the certificate of the seal and for that of its stamps. Raises NoProofs."""
    own, *others = [der(one) for one in (certificate.public, *certificate.chain)]
    stamps, *around = stamper.certificates
    # A certificate that nobody vouches for is its own root, and so is the last of a chain.
    roots = [*stamper.roots, others[-1] if others else own]
    between = [*others, *around]
    wanted = [(own, False), (stamps, True)]
    try:
        loose = ValidationContext(
            trust_roots=roots, other_certs=between, allow_fetching=False,
            revocation_mode="soft-fail", moment=clock.now(),
        )  # fmt: skip
        paths = [_path(leaf, between, loose, stamp) for leaf, stamp in wanted]
        found = [one for path in paths for one in _told(path, allow, send)]
        proofs = ValidationContext(
            trust_roots=roots,
            other_certs=between,
            allow_fetching=False,
            crls=[one for one in found if isinstance(one, crl.CertificateList)],
            ocsps=[one for one in found if isinstance(one, ocsp.OCSPResponse)],
            revocation_mode="hard-fail",
            moment=clock.now(),
        )
        for leaf, is_stamp in wanted:
            _path(leaf, between, proofs, is_stamp)
    except NoProofs:
        raise
    except Exception as fault:  # whatever a parser of somebody else's bytes trips over
        raise NoProofs(
            f"It can't be shown that no certificate of the seal was revoked: {_said(fault)}."
        ) from fault
    return proofs


def _path(
    leaf: x509.Certificate,
    between: Sequence[x509.Certificate],
    context: ValidationContext,
    is_stamp: bool,
) -> ValidationPath:
    """From a certificate to its root, each of them judged."""
    judge = CertificateValidator(leaf, intermediate_certs=between, validation_context=context)
    usages = {"time_stamping"} if is_stamp else None

    async def judged() -> ValidationPath:
        found: ValidationPath = await judge.async_validate_usage(set(), extended_key_usage=usages)
        return found

    return apart(lambda: asyncio.run(judged()))


def _told(
    path: ValidationPath, allow: Sequence[str], send: Send
) -> Iterator[crl.CertificateList | ocsp.OCSPResponse]:
    for one in path.iter_certs(include_root=False):
        yield _of(one, path, allow, send)


def _of(
    one: x509.Certificate, path: ValidationPath, allow: Sequence[str], send: Send
) -> crl.CertificateList | ocsp.OCSPResponse:
    """What its issuer says of a certificate now. Raises NoProofs."""
    question = format_ocsp_request(
        one, path.find_issuing_authority(one), certid_hash_algo="sha1", request_nonces=False
    )
    asked = (("content-type", "application/ocsp-request"),)
    for url in get_ocsp_urls(one):
        body = _got(http.Request("POST", url, asked, question.dump()), allow, send)
        if body is not None:
            response = ocsp.OCSPResponse.load(body)
            if response["response_status"].native == "successful":
                return response
    for point in get_relevant_crl_dps(one, use_deltas=False):
        for url in enumerate_delivery_point_urls(point):
            body = _got(http.Request("GET", url), allow, send)
            if body is not None:
                return crl.CertificateList.load(body)
    raise NoProofs(f"Nobody tells whether {one.subject.human_friendly} was revoked.")


def _got(request: http.Request, allow: Sequence[str], send: Send) -> bytes | None:
    try:
        answer = send(request, allow, most=_LARGEST_LIST)
    except http.NoAnswer:
        return None
    return answer.body if answer.status == 200 else None


def _said(fault: Exception) -> str:
    return " ".join(str(fault).split())[:300].rstrip(".")
