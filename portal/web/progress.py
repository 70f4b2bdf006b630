"""How far a long form is: its parts, and how much of what each requires is answered so far."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.definition import hiding, sections
from portal.definition.tree import Field
from portal.readings.filled import filled
from portal.web.forms import Question, Typed

MANY_FIELDS = 12
"""Beyond so many a form tells how far it is, divided or not."""
FEW_FIELDS = 5
"""So many one counts oneself, also where they stand in several parts."""
MANY_PARTS = 2
"""Beyond so many parts there is a list of them to go by."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some questions under a heading (empty where nothing is divided), and how far they are.

    ``id`` is that of the heading on the page; ``faults`` are the faulty controls of the part.
    """

    id: str
    heading: str
    questions: Sequence[Question]
    answered: int
    needed: int
    faults: Sequence[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """A form in its parts."""

    parts: Sequence[Part]

    @property
    def questions(self) -> list[Question]:
        """Everything that is asked, in order."""
        return [one for part in self.parts for one in part.questions]

    @property
    def answered(self) -> int:
        """How much of what is required is answered."""
        return sum(part.answered for part in self.parts)

    @property
    def needed(self) -> int:
        """How much is required."""
        return sum(part.needed for part in self.parts)

    @property
    def is_told(self) -> bool:
        """Whether the page tells how far the form is."""
        is_divided = len(self.parts) > 1 and len(self.questions) > FEW_FIELDS
        return self.needed > 1 and (is_divided or self.is_long)

    @property
    def has_contents(self) -> bool:
        """Whether the page lists the parts."""
        is_divided = len(self.parts) > MANY_PARTS and len(self.questions) > FEW_FIELDS
        return is_divided or (len(self.parts) > 1 and self.is_long)

    @property
    def is_long(self) -> bool:
        """Whether there are more fields than one looks over."""
        return len(self.questions) > MANY_FIELDS


def of(
    fields: Sequence[Field],
    questions: Sequence[Question],
    facts: Mapping[str, object],
    typed: Typed,
    *,
    faults: Collection[str] = (),
    hidden: Collection[str] | None = None,
) -> Progress:
    """The form in its parts, as it stands.

    ``fields`` are all of the form, ``questions`` those that are asked. What is ``hidden`` needs no
    answer; where it is not known (``None``) that goes for everything that hangs on another answer.
    """
    asked = {one.id: one for one in questions}
    answered = hiding.answered([one for one in fields if one.id in asked], typed)
    parts: list[Part] = []
    for section in sections.of(fields):
        mine = [asked[one.id] for one in section.fields if one.id in asked]
        needed = {one.id for one in mine if _is_needed(one, hidden)}
        if mine:
            part = Part(
                id=f"_part-{len(parts) + 1}",
                heading=filled(section.heading, facts) if section.heading else "",
                questions=mine,
                answered=len(needed & answered),
                needed=len(needed),
                faults=[at for at in faults if at.partition("-")[0] in {one.id for one in mine}],
            )
            parts.append(part)
    return Progress(parts)


def _is_needed(one: Question, hidden: Collection[str] | None) -> bool:
    if one.is_conditional:
        return hidden is not None and one.id not in hidden
    return one.is_required
