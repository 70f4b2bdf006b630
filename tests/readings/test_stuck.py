"""Every kind of exception is told on the desk."""

from typing import get_args

from portal.models.troubles import Kind
from portal.readings import stuck


def test_the_desk_knows_why_each_kind_of_exception_stands() -> None:
    assert stuck.CAUSES.keys() == set(get_args(Kind))
