"""What a definition leaves to the installation: time zone, language, how long links live."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """``timezone`` is an IANA name, ``language`` as in RFC 5646, ``link_days`` whole days."""

    timezone: str = "UTC"
    link_days: int = 30
    language: str = "en"


current = Installation()


def configure(*, timezone: str, link_days: int, language: str = "en") -> None:
    """Take over the settings; called once by every door and by the night shift."""
    global current
    current = Installation(timezone, link_days, language)
