"""Sends one mail at once, to try the server and the sender, and brings what the server said."""

from portal import clock, db, installation
from portal.delivery.mail import Mailer
from portal.readings.letters import Letter, Reader
from portal.settings import Settings
from tasks import letterhead

# Somebody sits before the page and waits.
_CONNECT_SECONDS, _ANSWER_SECONDS = 5.0, 15.0


def send(settings: Settings, user_id: str, email: str, name: str) -> str:
    """What the mail server said to a letter signed as the house's are; Refused, Unreachable."""
    now, holds = clock.now(), installation.current
    reader = Reader(email, name, holds.timezone, user_id)
    letter = Letter(reader, "trial", holds.timezone, {"since": now}, place="/settings/sender")
    message = letterhead.message(
        letter, db.new_id(), at=now, brand=holds.brand, sender=holds.sender
    )
    with Mailer(
        settings, connect_seconds=_CONNECT_SECONDS, answer_seconds=_ANSWER_SECONDS
    ) as mailer:
        return mailer.send(message).answer
