"""What was put before whoever decided: the question, and the answers that stood then."""

from portal.definition import ways
from portal.definition.text import Text
from portal.definition.tree import ApprovalStep, Definition
from portal.language import gettext as _
from portal.language import ngettext
from portal.ledger import catalogue as c
from portal.readings import spoken, words
from portal.readings.entries import ANSWERS, Told
from portal.readings.given import Rows
from portal.readings.sentences import Names
from portal.readings.sentences.base import quoted

MOST_NAMED = 12  # answers of one step, as in a step that runs for each of many


class PutBefore:
    """The answers that stand, step by step and item by item: those of the latest round."""

    def __init__(self) -> None:
        self._stands: dict[tuple[str, str], tuple[int, list[int]]] = {}
        self._scopes: dict[str, str] = {}

    def note(self, entry: Told) -> None:
        """A task is of a scope; an answer takes the place of those of earlier rounds."""
        if isinstance(entry.event, c.TaskOpened):
            self._scopes[str(entry.task)] = entry.event.scope or ""
        if not isinstance(entry.event, ANSWERS):
            return
        key = str(entry.step), self._scope(entry)
        round_ = int(entry.data.get("round") or 0)
        known, seqs = self._stands.get(key, (round_, []))
        self._stands[key] = (round_, [*seqs, entry.seq] if known == round_ else [entry.seq])

    def told(self, entry: Told, tree: Definition, names: Names) -> Rows:
        """What a decision was about; nothing for another answer."""
        step = tree.step(entry.step) if entry.step and tree.has_step(entry.step) else None
        if not isinstance(step, ApprovalStep):
            return []
        shown = [
            self._of(one.id, self._scope(entry), names.steps.get(one.id, one.id))
            for one in ways.shown(tree, step)
        ]
        before = words.listed([one for one in shown if one]) or _("nothing that was answered")
        return [(_("Question"), _text(step.question)), (_("Put before them"), before)]

    def _of(self, step: str, scope: str, name: str) -> str:
        seqs = sorted(
            seq
            for (known, other), (_round, found) in self._stands.items()
            if known == step and _is_beside(other, scope)
            for seq in found
        )
        if not seqs:
            return ""
        numbers = [str(seq) for seq in seqs[:MOST_NAMED]]
        if len(seqs) > MOST_NAMED:
            more = len(seqs) - MOST_NAMED
            numbers.append(ngettext("%(n)s more", "%(n)s more", more))
        source = ngettext("[event %(list)s]", "[events %(list)s]", len(seqs),
                          list=words.listed(numbers))  # fmt: skip
        return f"{quoted(name)} {source}"

    def _scope(self, entry: Told) -> str:
        return self._scopes.get(str(entry.task), "")


def _is_beside(one: str, other: str) -> bool:
    """Whether two scopes are of one item, or one of them lies within the other."""
    shorter, longer = sorted((one, other), key=len)
    return not shorter or longer == shorter or longer.startswith(f"{shorter}/")


def _text(text: Text) -> str:
    return str(text) if text.is_constant else spoken.filled(text)
