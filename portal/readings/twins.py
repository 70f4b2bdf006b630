"""Files with the same content: whoever sends one again, under any name, is told so."""

from collections.abc import Sequence
from typing import Any

Row = Any


def twin(one: Row, files: Sequence[Row]) -> Row | None:
    """The first of the same sender's earlier files, by its row, that has the content of ``one``.

    Of other people's files nobody is told anything, not even that they are alike.
    """
    return next((other for other in files if _is_alike(other, one)), None)


def _is_alike(other: Row, one: Row) -> bool:
    return bool(
        other.sha256 == one.sha256
        and other.participant_id == one.participant_id
        and other.state != "dropped"
        and (other.arrived_at, other.id) < (one.arrived_at, one.id)
    )
