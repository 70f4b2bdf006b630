"""A definition is looked at before it is published: what would hurt is told, nothing happens."""

from portal.models import DefinitionRow
from tests import makers
from tests.web.staff.test_start import Desks

TEXT = f"{makers.HEAD}steps:\n{makers.FORM}\n"


def test_a_first_look_tells_what_would_hurt_and_publishes_nothing(desk: Desks) -> None:
    dana = desk("dana")
    page = dana.send("/definitions/publish", text=TEXT, look="yes")
    assert page.status_code == 200
    assert "would become version 1 of demo" in page.text
    assert "details may stay undone for ever" in page.text
    assert not makers.rows(DefinitionRow)
    dana.send("/definitions/publish", text=TEXT)
    assert "details may stay undone for ever" in dana.get("/definitions/demo")
