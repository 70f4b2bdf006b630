"""Which values of a ledger were erased since, when and on what basis, as the ledger itself says."""

from collections.abc import Iterable, Sequence

from portal.language import gettext as _
from portal.language import mark
from portal.ledger import catalogue as c
from portal.readings import words
from portal.readings.entries import Told

_BASES = {
    "request": mark("at the person’s request"),
    "consent": mark("consent was withdrawn"),
    "purpose": mark("no longer needed"),
    "duty": mark("the law demands it"),
    "retention": mark("its time is over"),
}


def basis(word: str) -> str:
    """Why something was erased (``models.privacy.BASES``), in the language that is spoken."""
    return _(_BASES.get(word, word))


class Gone:
    """What the erasures among some entries took; moments are told in ``tz``."""

    def __init__(self, entries: Iterable[Told], tz: str) -> None:
        self._tz = tz
        self._of: dict[int, list[tuple[Sequence[str], Told, str]]] = {}
        for entry in entries:
            event = entry.event
            if isinstance(event, c.DisclosureErased):
                self._note(entry, event.basis, event.seq, event.fields)
                for seq, fields in (event.also or {}).items():
                    self._note(entry, event.basis, int(seq), fields)

    def _note(self, entry: Told, why: str, seq: int, fields: Sequence[str]) -> None:
        if fields:
            self._of.setdefault(seq, []).append((fields, entry, why))

    def of_event(self, seq: int) -> str:
        """That values of an event were erased, by its last erasure; empty where none was."""
        return self._told(*self._of[seq][-1][1:]) if seq in self._of else ""

    def told(self, seq: int, *names: str, otherwise: str = "") -> str:
        """What stands where a value of an event is missing: when and why it was erased.

        ``otherwise`` (empty: not recorded) where none of the fields was erased.
        """
        return self.any_of(seq, *names) or otherwise or _("not recorded")

    def any_of(self, seq: int, *names: str) -> str:
        """That one of these fields was erased; empty where none was."""
        for fields, entry, why in self._of.get(seq, ()):
            if not set(names).isdisjoint(fields):
                return self._told(entry, why)
        return ""

    def of_some(self, seqs: Iterable[int], name: str) -> str:
        """The same of a field that several events had."""
        found = (self.any_of(seq, name) for seq in seqs)
        return next((one for one in found if one), _("not recorded"))

    def short(self, seq: int, name: str, otherwise: str) -> str:
        """The same in one word, where the rest is told beside it."""
        return _("erased") if self.any_of(seq, name) else otherwise

    def _told(self, entry: Told, why: str) -> str:
        return _(
            "erased on %(at)s (%(basis)s) [event %(seq)s]",
            at=words.moment(entry.at, self._tz), basis=basis(why), seq=entry.seq,
        )  # fmt: skip
