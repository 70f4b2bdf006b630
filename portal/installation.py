"""What a definition leaves to the installation: time zone, language, life of links, scanning."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """``timezone`` is an IANA name, ``language`` as in RFC 5646, ``link_days`` whole days.

    ``scans`` tells that there is a malware scanner.
    """

    timezone: str = "UTC"
    link_days: int = 30
    language: str = "en"
    scans: bool = False


current = Installation()


def configure(*, timezone: str, link_days: int, language: str = "en", scans: bool = False) -> None:
    """Take over the settings; called once by every door and by the night shift."""
    global current
    current = Installation(timezone, link_days, language, scans)
