"""Ties the life of a process to that of the process that started it.

``portal up`` names itself to its children in ``PORTAL_PARENT``. A child asks the kernel for a
signal at its parent's death, so that nothing is left behind even where the parent is killed
outright. On systems without ``prctl``, and where a library takes that signal for itself, the
child also looks now and then whether its parent is still there.
"""

import ctypes
import os
import signal
import sys
import threading

PARENT = "PORTAL_PARENT"
_PR_SET_PDEATHSIG = 1
_LOOK_EVERY, _TIME_TO_END = 1.0, 12.0


def end_with(parent: int, by: signal.Signals) -> None:
    """End this process by a signal when ``parent`` ends, at once where it has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), by)


def watch(parent: int) -> None:
    """Look from now on, beside the work, whether ``parent`` is there; end soon after it has gone.

    There is a moment left for the orderly end that its signal asked for; then it is over.
    """
    threading.Thread(target=_watching, args=(parent,), name="kin", daemon=True).start()


def _watching(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(_LOOK_EVERY)
    pause.wait(_TIME_TO_END)
    os.kill(os.getpid(), signal.SIGKILL)


def end_with_named_parent() -> None:
    """End with the parent that ``PORTAL_PARENT`` names; without the variable nothing is tied.

    The variable is taken away, for it is not meant for the children of this process.
    """
    named = os.environ.pop(PARENT, "")
    if named.isdigit():
        end_with(int(named), signal.SIGTERM)
        watch(int(named))
