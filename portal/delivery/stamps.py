"""Time stamps from outside (RFC 3161): asked for by the house's own rules, and judged.

A service that does not answer, refuses, answers something else than it was asked, tells a time far
from ours or is not the one that was pinned gives no stamp; and where there is none, nothing takes
its place. Imported only where something is stamped: it brings pyHanko along.
"""

import asyncio
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from asn1crypto import cms, core, tsp, x509
from cryptography import x509 as public
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext

from portal import clock
from portal.certificates import read_roots
from portal.delivery import http
from portal.delivery.apart import apart
from portal.errors import PortalError
from portal.settings import Sealing

MOST_OFF = timedelta(minutes=5)
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_LONGEST = 20_000  # of a stamp, in bytes: it is reserved in the file before it comes
_DIGEST = "sha256"
Send = Callable[..., http.Response]


class Answer(core.Sequence):  # type: ignore[misc]
    """A TimeStampResp (RFC 3161, 2.4.2), in which a refusal has no stamp."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class NoStamp(PortalError):
    """No sound time stamp is to be had now."""

    status, code, title = 502, "no-stamp", "The time-stamp service gave no stamp"


class Stamper(TimeStamper):
    """A time-stamp service. ``proofs`` are what makes a seal one of PAdES B-LT, once collected."""

    def __init__(self, url: str, *, roots: Sequence[public.Certificate], allow: Sequence[str],
                 send: Send = http.send) -> None:  # fmt: skip
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = urlsplit(url).hostname or url
        self.name = self.host
        self.proofs: ValidationContext | None = None
        self.roots = [der(one) for one in roots]
        self._url, self._allow, self._send = url, allow, send

    @classmethod
    def of(cls, plan: Sealing, allow: Sequence[str]) -> "Stamper":
        """The service of the settings, asked once: whether it answers, and whose it is.

        Raises NoStamp.
        """
        assert plan.tsa_url is not None
        roots = read_roots(plan.tsa_roots) if plan.tsa_roots else ()
        made = cls(plan.tsa_url, roots=roots, allow=allow)
        made.ask()
        return made

    def ask(self) -> None:
        """Have one stamp made of nothing much. Raises NoStamp."""
        apart(lambda: asyncio.run(self.async_dummy_response(_DIGEST)))

    @property
    def certificates(self) -> list[x509.Certificate]:
        """Those that the service's stamps came with, its own first."""
        own = list(self._certs.values())
        return own + [one for one in self.cert_registry if one not in own]

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A stamp of a digest, judged. Raises NoStamp."""
        asked = self.request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        nonce, request = asked
        raw = self._answer(request.dump())
        try:
            token = _token(raw)
            own = _require_answer(token, nonce, message_digest, md_algorithm)
            await self._require_sound(token, own, message_digest)
        except NoStamp:
            raise
        except Exception as fault:  # whatever a parser of somebody else's bytes trips over
            raise NoStamp(f"{self.host} gave no sound time stamp.") from fault
        self.name = own.subject.native.get("common_name") or self.host
        return token

    def _answer(self, body: bytes) -> bytes:
        headers = (("content-type", _QUERY), ("accept", _REPLY))
        try:
            answer = self._send(http.Request("POST", self._url, headers, body), self._allow)
        except http.NoAnswer as fault:
            raise NoStamp(fault.sentence) from fault
        if answer.status != 200:
            raise NoStamp(f"{self.host} answered {answer.status} instead of a time stamp.")
        return answer.body

    async def _require_sound(
        self, token: cms.ContentInfo, own: x509.Certificate, digest: bytes
    ) -> None:
        """Refuse what its signature does not prove, or what nobody pinned has signed."""
        others = [one.chosen for one in token["content"]["certificates"]]
        trusted = ValidationContext(
            trust_roots=self.roots or [own],
            other_certs=others,
            allow_fetching=False,
            revocation_mode="soft-fail",
            moment=clock.now(),
        )
        found = await validate_tst_signed_data(token["content"], trusted, lambda _: digest)
        if not (found["intact"] and found["valid"]):
            raise NoStamp(f"{self.host} gave a time stamp whose signature is wrong.")
        if found.get("trust_problem_indic") is not None or found.get("validation_path") is None:
            whom = "PORTAL_TSA_CERT" if self.roots else "its own certificate"
            raise NoStamp(f"{self.host} gave a time stamp that does not lead back to {whom}.")


def der(one: public.Certificate) -> x509.Certificate:
    """The same certificate as pyHanko knows them."""
    return x509.Certificate.load(one.public_bytes(Encoding.DER))


def _token(raw: bytes) -> cms.ContentInfo:
    response = Answer.load(raw, strict=True)
    status = response["status"]["status"].native
    if status not in ("granted", "granted_with_mods"):
        said = "; ".join(response["status"]["status_string"].native or [])
        raise NoStamp(f"The time-stamp service refused: {_plain(said) or status}.")
    token = response["time_stamp_token"]
    if len(token.dump()) > _LONGEST:
        raise NoStamp("The time-stamp service gave a stamp that is too long.")
    return token


def _require_answer(
    token: cms.ContentInfo, nonce: Any, digest: bytes, algorithm: str
) -> x509.Certificate:
    """Whose stamp it is; NoStamp where it is not one of what was asked, or of another time."""
    info: tsp.TSTInfo = token["content"]["encap_content_info"]["content"].parsed
    if info["nonce"].native != nonce:
        raise NoStamp("The time-stamp service answered another question: the nonce is wrong.")
    imprint = info["message_imprint"]
    is_same = hmac.compare_digest(imprint["hashed_message"].native, digest)
    if not is_same or imprint["hash_algorithm"]["algorithm"].native != algorithm:
        raise NoStamp("The time-stamp service stamped something else than it was sent.")
    told: datetime = info["gen_time"].native
    if abs(told - clock.now()) > MOST_OFF:
        raise NoStamp(
            f"The time-stamp service says {told:%Y-%m-%d %H:%M:%S} UTC, which is more than five "
            "minutes from this machine's clock."
        )
    return _own(token)


def _own(token: cms.ContentInfo) -> x509.Certificate:
    """The certificate that signed a stamp, which has to come with it."""
    [signer] = token["content"]["signer_infos"]
    wanted = signer["sid"].chosen
    for one in token["content"]["certificates"]:
        found = one.chosen
        same_number = found.serial_number == wanted["serial_number"].native
        if same_number and found.issuer.dump() == wanted["issuer"].dump():
            return found
    raise NoStamp("The time-stamp service did not send the certificate of its stamp.")


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:200].rstrip(".")
