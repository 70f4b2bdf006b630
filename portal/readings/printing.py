"""The small words of the printed audit trail, in the language that is spoken."""

import re
from datetime import UTC, datetime
from typing import Any

from portal import language
from portal.language import gettext as _
from portal.language import mark, ngettext
from portal.readings import assurance, words
from portal.readings.entries import Told
from portal.readings.sentences.base import nobody, person, quoted

_OFFERED = {
    "opened": mark("Offered to"),
    "reassigned": mark("Given to"),
    "delegated": mark("Passed on to"),
}
_ENDED = {
    "done": mark("done %(at)s"),
    "withdrawn": mark("withdrawn %(at)s"),
    "expired": mark("its time ran out %(at)s"),
    "handed_on": mark("given to somebody else %(at)s"),
}

_APART, _END = "\u2068", "\u2069"  # Unicode's first strong isolate, and its end
_EDGE = re.compile(f"([{_APART}{_END}])")
_INNERMOST = re.compile(f"{_APART}[^{_APART}{_END}]*{_END}")


def names(tz: str) -> dict[str, Any]:
    """What the template of the trail may call; moments are told in ``tz``."""
    return {
        "_": language.gettext,
        "apart": apart,
        "assurance": assurance.told,
        "command": _command,
        "device": words.device,
        "devices": _devices,
        "ending": lambda how, at: _(_ENDED[how], at=at),
        "exact_size": _exact_size,
        "grouped_hash": words.grouped_hash,
        "lang": language.current(),
        "listed": words.listed,
        "ledger_page": _ledger_page(),
        "moment": words.moment,
        "nobody": nobody,
        "number": words.number,
        "offered": lambda how: _(_OFFERED[how]),
        "person_of": person,
        "quoted": quoted,
        "row_of": _row_of,
        "short_assurance": assurance.short,
        "span": words.span,
        "state": lambda state: f"state={state}",
        "zone_name": str(words.zone(tz)),
    }


def apart(data: object) -> str:
    """What is no sentence of ours, kept in its own direction on a page that runs the other way.

    Without it the signs within a hash or an address change places there. A filled sentence of
    ours keeps what fills it apart by itself.
    """
    if language.direction() == "ltr" or _APART in str(data):
        return str(data)
    return "\n".join(f"{_APART}{line}{_END}" for line in str(data).split("\n"))


def flat(block: str) -> str:
    """The block with only that kept apart which holds nothing kept apart, each line for itself.

    What holds such a thing is a sentence of ours, and runs as the page does. The page setter's
    library (FriBidi) tells the direction of what follows a nest wrongly; and a line's end ends
    what is kept apart, so that the next lines would run the other way.
    """
    if _APART not in block:
        return block
    kept: list[str] = []
    begun: list[int] = []
    for part in _EDGE.split(block):
        if part == _APART:
            if begun:
                kept[begun[-1]] = ""
            begun.append(len(kept))
        elif part == _END and not (begun and kept[begun.pop()]):
            continue
        kept.append(part)
    return _INNERMOST.sub(lambda one: one[0].replace("\n", f"{_END}\n{_APART}"), "".join(kept))


def _row_of(entry: Told) -> str:
    """The line by which ``portal verify`` finds an event on a page.

    All of it is one piece of data: on a page from right to left, two would change places, and
    the time would stand before the number by which it is found.
    """
    return apart(f"#{entry.seq} {entry.hash[:16]} \u00a0 {entry.type} · {_utc(entry.at)}")


def _ledger_page() -> str:
    """Where a portal shows its key; begun with a letter where a leading sign would change sides."""
    path = "/.well-known/portal-ledger"
    return path if language.direction() == "ltr" else f"https://…{path}"


def _command(public_key: str) -> str:
    return f"portal verify THIS-FILE.pdf --key '{public_key}'"


def _devices(agents: list[str]) -> str:
    return words.listed(list(dict.fromkeys(map(words.device, agents))))


def _exact_size(size: int) -> str:
    if size < 1000:
        return words.size(size)
    exact = ngettext("%(n)s byte", "%(n)s bytes", size)
    return _("%(size)s (%(exact)s)", size=words.size(size), exact=exact)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC")
