"""What breaks a running portal, at random but by a seed: every turn one thing, then a breath."""

import signal
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random

import psutil  # type: ignore[import-untyped]

from tests.servers import Portal, Smtp

_BREATH = (1.0, 4.0)
_ROLES = ("web", "worker", "scheduler", "redis")


class Nemesis(threading.Thread):
    """Kills, stops and cuts parts of one portal's own process tree until told to stop."""

    def __init__(self, portal: Portal, smtp: Smtp, over: threading.Event, random: Random) -> None:
        super().__init__(name="nemesis", daemon=True)
        self.portal, self.smtp, self.over, self.random = portal, smtp, over, random
        self.did: Counter[str] = Counter()
        self.deeds: dict[str, Callable[[], None]] = {
            **{f"kill {role}": partial(self._signal, role, signal.SIGKILL) for role in _ROLES},
            "stall worker": self._stall,
            "mail server away": self._mail_away,
            "mail server drops after taking": self._mail_drops,
            "a day passes": lambda: self.portal.advance(hours=20),
        }

    def run(self) -> None:
        """One deed, a breath, the next."""
        while not self.over.wait(self.random.uniform(*_BREATH)):
            deed = self.random.choice(sorted(self.deeds))
            self.deeds[deed]()
            self.did[deed] += 1

    def _children(self, role: str) -> list[psutil.Process]:
        """The processes of a role and all that they forked; none of anybody else's."""
        assert self.portal.process is not None
        found = []
        for child in psutil.Process(self.portal.process.pid).children():
            words = child.cmdline()
            if role in words or (
                role == "redis" and any("redis" in w or "valkey" in w for w in words)
            ):
                found += [child, *child.children(recursive=True)]
        return found

    def _stall(self) -> None:
        self._signal("worker", signal.SIGSTOP)
        self.over.wait(2)
        self._signal("worker", signal.SIGCONT)

    def _signal(self, role: str, which: signal.Signals) -> None:
        try:
            found = self._children(role)
            for process in found:
                process.send_signal(which)
        except psutil.NoSuchProcess:
            return
        if not found:
            self.did[f"nobody there: {role}"] += 1

    def _mail_away(self) -> None:
        self.smtp.stop()
        self.over.wait(2)
        self.smtp.start()

    def _mail_drops(self) -> None:
        self.smtp.drops_after = 1
