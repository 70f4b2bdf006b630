"""Named places where a test may kill, stop or stall the portal.

F1 after BEGIN · F2 state written, events not · F3 events and effects written, before COMMIT ·
F4 after COMMIT, before the answer · F5 effects claimed, not enqueued · F6 enqueued · F7 before the
effect · F8 the mail server took the mail, not recorded · F10 bytes of a file on disk, no row ·
F11 audit trail stored, not recorded · F12 checkpoint signed, not published.

``PORTAL_FAULT=F3:2:kill`` acts when place F3 is reached for the second time in a process.
Without the variable every call is one look at ``None``.
"""

import os
import signal
import time

_PLAN = os.environ.get("PORTAL_FAULT")
_seen: dict[str, int] = {}


class InjectedFault(RuntimeError):
    """Raised at a place whose plan says ``raise``."""


def at(place: str) -> None:
    """Act out the plan if it names this place and this visit."""
    if _PLAN is None:
        return
    name, nth, what = (*_PLAN.split(":"), "1", "kill")[:3]
    if name != place:
        return
    _seen[place] = _seen.get(place, 0) + 1
    if _seen[place] == int(nth if nth.isdigit() else 1):
        _act(what if nth.isdigit() else nth, place)


def _act(what: str, place: str) -> None:
    if what == "raise":
        raise InjectedFault(place)
    if what == "stall":
        time.sleep(3600)
    os.kill(os.getpid(), signal.SIGKILL)
