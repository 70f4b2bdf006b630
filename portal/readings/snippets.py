"""What of a process matched a search, as its reader sees it: where it stands, the words marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.definition.tree import Definition, FormStep, UploadStep
from portal.models.searching import places_of_words
from portal.readings import spoken
from portal.readings.search import Found, is_hit

_BEFORE, _LONGEST = 48, 160  # characters before the first hit, and of a whole snippet
_MOST = 4  # places that are shown of one process
_LABELS = {"comment": "comment", "note": "note", "signature": "signature"}

Marked = list[tuple[str, bool]]
"""A text in pieces, each with whether it is one of the words."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A place that holds some of the words."""

    label: str
    text: Marked


def of_found(found: Found, tree: Definition | None, wanted: Sequence[str]) -> list[Snippet]:
    """What matched beside the title and the reference, which stand above it; a few places."""
    some = [place for place in found.told if place not in ("title", "reference")]
    return [
        Snippet(label(place, tree), marked(_around(found.told[place], wanted), wanted))
        for place in some[:_MOST]
    ]


def marked(text: str, wanted: Sequence[str]) -> Marked:
    """A text with the words marked."""
    pieces: Marked = []
    at = 0
    for start, end, word in places_of_words(text):
        if is_hit(word, wanted):
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    return [piece for piece in (*pieces, (text[at:], False)) if piece[0]]


def _around(text: str, wanted: Sequence[str]) -> str:
    """As much of a text as shows its first hit."""
    if len(text) <= _LONGEST:
        return text
    first = next((start for start, _, word in places_of_words(text) if is_hit(word, wanted)), 0)
    start = text.rfind(" ", 0, max(0, first - _BEFORE)) + 1
    end = text.rfind(" ", start, start + _LONGEST)
    end = end if end > first else start + _LONGEST
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def label(place: str, tree: Definition | None) -> str:
    """What a place of a search document is called (``engine/searching`` names them)."""
    kind, has_kind, name = place.rpartition("/")[2].partition(":")
    if has_kind:
        return _of_process(kind, name, tree)
    step_id, _, name = kind.partition(".")
    if tree is None or not tree.has_step(step_id):
        return name.replace("_", " ").capitalize()
    step = tree.step(step_id)
    called = _LABELS.get(name, name.replace("_", " "))
    if isinstance(step, FormStep):
        called = next((str(one.label) for one in step.fields if one.id == name), called)
    elif isinstance(step, UploadStep):
        called = next((spoken.filled(one.name) for one in step.documents if one.id == name), called)
    return f"{spoken.filled(step.name)}: {called}"


def _of_process(kind: str, name: str, tree: Definition | None) -> str:
    if kind == "in" and tree is not None:
        return next((str(one.label) for one in tree.inputs if one.id == name), name)
    return {"who": "Takes part", "said": "Said"}.get(kind, name.replace("_", " ").capitalize())
