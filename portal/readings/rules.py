"""What admins decided for the house, followed by every process without a new start."""

import threading
from time import monotonic

import sqlalchemy.exc
import structlog

from portal import db, installation
from portal.models.house import rules as all_of

__all__ = ["EVERY", "all_of", "follow", "follow_now_and_then", "keep_following"]

EVERY = 2.0
"""Seconds after which a decision holds everywhere, at the latest."""

log = structlog.get_logger(__name__)
_looked_at = -EVERY


def follow() -> None:
    """Take over what was decided meanwhile; one statement where nothing was.

    Where the database can't be asked, or has no tables yet, what held goes on holding.
    """
    global _looked_at
    _looked_at = monotonic()
    try:
        with db.reading() as conn:
            # First which state it is: what is decided in between is met at the next look.
            known = all_of(conn, installation.VERSION)
            if installation.version_of(known) != installation.version:
                installation.decide({**all_of(conn), **known})
    except sqlalchemy.exc.SQLAlchemyError as error:
        if "house_rules" in str(getattr(error, "orig", "")):
            return  # the tables are made in a moment: nobody has decided anything
        log.warning("rules.unread", error=type(error).__name__)


def follow_now_and_then() -> None:
    """The same, at most once in ``EVERY`` seconds; for what begins often."""
    if monotonic() - _looked_at >= EVERY:
        follow()


def keep_following() -> None:
    """Follow beside everything else for as long as this process lives; no page waits for it."""
    threading.Thread(target=_follow_on, name="rules", daemon=True).start()


def _follow_on() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        follow()
