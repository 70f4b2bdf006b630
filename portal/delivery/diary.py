"""A moment as a file that calendars take: one entry, without an invitation to answer.

The form is iCalendar, RFC 5545. There is no METHOD, so a mail program offers to add the entry
and asks nobody to accept anything.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event

from portal.delivery.mime import Attachment, one_line

_PRODUCT = "-//Portico//EN"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at which moment. ``uid`` names the entry: the same one is never added twice."""

    uid: str
    at: datetime
    title: str
    text: str


def attachment(entry: Entry, name: str, written_at: datetime) -> Attachment:
    """The entry as a file called ``name``; the same entry and moment give the same bytes."""
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", _utc(written_at))
    event.add("dtstart", _utc(entry.at))
    event.add("dtend", _utc(entry.at))
    event.add("summary", one_line(entry.title))
    event.add("description", entry.text)
    event.add("transp", "TRANSPARENT")  # it is a date to keep, not an hour that is taken
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add_component(event)
    return Attachment(name, "text/calendar", calendar.to_ical())


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
