"""What people write to each other in their own words: reasons, comments, notes."""

from portal.definition.values import holds_control
from portal.errors import Faulty
from portal.language import gettext as _
from portal.language import mark

LONGEST = 10_000  # characters
_UNFIT = mark("Remove the characters that can’t be shown, such as control signs.")


def words(at: str, text: str | None, ask: str, *, longest: int = LONGEST) -> str:
    """What somebody wrote, which may not be missing. Raises Faulty at ``at``; ``ask`` says why."""
    found = remark(at, text, longest=longest)
    if found is None:
        raise Faulty.one(at, ask)
    return found


def remark(at: str, text: str | None, *, longest: int = LONGEST) -> str | None:
    """What somebody wrote, if anything. Raises Faulty at ``at``."""
    found = (text or "").strip()
    if len(found) > longest:
        sentence = _(
            "Write at most %(most)s characters; it has %(n)s.",
            most=f"{longest:,}",
            n=f"{len(found):,}",
        )
        raise Faulty.one(at, sentence)
    if holds_control(found):
        raise Faulty.one(at, _(_UNFIT))
    return found or None
