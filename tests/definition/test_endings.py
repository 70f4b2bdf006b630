"""What a document may ask for is what arriving files are judged by, and nothing else."""

import io

import pytest

from portal.definition.endings import BY_NAME, KNOWN, NEVER, wrong_ending
from portal.delivery.filetypes import KINDS, OPAQUE, TypeFault, judge

UNREADABLE = b"\x01\x02\x03" * 40


def test_what_is_known_is_what_is_told_by_content() -> None:
    assert {ending for kind in KINDS.values() for ending in kind.endings} == KNOWN


@pytest.mark.parametrize("ending", sorted(BY_NAME))
def test_what_goes_by_its_name_arrives(ending: str) -> None:
    assert wrong_ending(ending) is None
    assert judge(io.BytesIO(UNREADABLE), f"plan.{ending}", [ending]) == OPAQUE


@pytest.mark.parametrize("ending", sorted(NEVER - {"docm", "dotm", "pptm", "xlsm", "xltm"}))
def test_what_is_never_taken_could_not_arrive(ending: str) -> None:
    assert "never taken" in str(wrong_ending(ending))
    with pytest.raises(TypeFault):
        judge(io.BytesIO(UNREADABLE), f"plan.{ending}", [ending])
