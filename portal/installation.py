"""What a definition leaves to the installation: time zone, working hours, sender, brand and more.

The environment gives it; what admins decide on pages lies over that. Every process looks for what
was decided meanwhile every few seconds (``readings.rules``), so that nobody has to start anew.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from portal.brand import Brand, Logo, palette

VERSION = "version"
"""The rule that is another one after every change of any of them."""


@dataclass(frozen=True, slots=True)
class Sender:
    """How mails are signed, beside the address that the environment gives.

    ``name`` in place of the name in ``PORTAL_MAIL_FROM``; ``shows`` is ``owner`` (who asks, with
    the house) or ``house``. ``replies`` go to the ``owner``, to one ``address``, or, with
    ``none``, to where the mail came from.
    """

    name: str | None = None
    shows: str = "owner"
    replies: str = "owner"
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """``timezone`` is an IANA name, ``language`` as in RFC 5646, ``link_days`` whole days.

    ``scans`` tells that there is a malware scanner. ``hours`` and ``holidays`` are as in a
    definition's ``calendar``; on ``closed`` days nobody works beside those. ``provider`` is who
    vouches for staff from outside: as it names itself, and as the house calls it.
    """

    timezone: str = "UTC"
    link_days: int = 30
    language: str = "en"
    scans: bool = False
    hours: str | None = None
    holidays: str | None = None
    closed: tuple[date, ...] = ()
    brand: Brand = field(default_factory=lambda: Brand("Portico"))
    sender: Sender = Sender()
    provider: tuple[str, str] | None = None


given = Installation()
"""What the environment says."""
current = given
"""What holds."""
version: str | None = None
"""Which state of the admins' decisions holds here."""


def configure(
    *,
    timezone: str,
    link_days: int,
    language: str = "en",
    scans: bool = False,
    brand: Brand | None = None,
    provider: tuple[str, str] | None = None,
) -> None:
    """Take over the settings; called once by every door and by the night shift."""
    global given, current, version
    own = brand or Brand("Portico")
    given = Installation(timezone, link_days, language, scans, brand=own, provider=provider)
    current, version = given, None


def decide(rules: Mapping[str, Sequence[Any]]) -> None:
    """Lay what admins decided over what the environment says, for this process."""
    global current, version
    current, version = decided(given, rules), version_of(rules)


def version_of(rules: Mapping[str, Sequence[Any]]) -> str | None:
    """Which state of the decisions these rules are; None where there never was one."""
    return next(iter(rules.get(VERSION, ())), None)


def decided(base: Installation, rules: Mapping[str, Sequence[Any]]) -> Installation:
    """An installation with rules laid over it; a rule is a list, as it is kept."""
    one = {name: value[0] for name, value in rules.items() if value}
    return replace(
        base,
        timezone=one.get("timezone", base.timezone),
        link_days=one.get("link_days", base.link_days),
        hours=one.get("hours", base.hours),
        holidays=one.get("holidays", base.holidays),
        closed=tuple(date.fromisoformat(day) for day, _ in rules.get("closed_days", ())),
        brand=_brand(base.brand, one),
        sender=Sender(
            one.get("sender_name"),
            one.get("sender_shows", "owner"),
            one.get("replies", "owner"),
            one.get("reply_address"),
        ),
    )


def _brand(base: Brand, one: Mapping[str, Any]) -> Brand:
    colour, logo = one.get("brand_colour"), one.get("brand_logo")
    return Brand(
        one.get("brand_name", base.name),
        palette(colour) if colour else base.palette,
        read_logo(logo) if logo else base.logo,
    )


def kept_logo(logo: Logo) -> dict[str, Any]:
    """A logo as a rule keeps it."""
    content = base64.b64encode(logo.content).decode()
    return {"content": content, "type": logo.media_type, "is_wordmark": logo.is_wordmark}


def read_logo(kept: Mapping[str, Any]) -> Logo:
    """The logo of a rule."""
    return Logo(base64.b64decode(kept["content"]), kept["type"], kept["is_wordmark"])
