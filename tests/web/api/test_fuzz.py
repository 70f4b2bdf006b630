"""Whatever a program sends, the answer is never a fault of ours (L24).

What is sent is made from ``openapi.json``: half of it keeps to the description, half does not.
The same examples every time, so that a failure today is one tomorrow.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.python._constants.orchestrator import make_constants_value_source

from app import create_app
from portal import clock as house_clock
from portal import db
from portal.settings import Settings
from portal.web.api import entry
from portal.web.api.entry import CALLS, Call
from tests import people
from tests.web.api.conftest import Program
from tests.web.callers import new_world

EXAMPLES = 12
BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def app(sqlite: db.Database, clock: house_clock.Clock, tmp_path: Path) -> Iterator[Flask]:
    """The whole web application; which database it has makes no difference here."""
    url = sqlite.url.render_as_string(hide_password=False)
    data = {"PORTAL_DATA_DIR": str(tmp_path / "data"), "PORTAL_DATABASE_URL": url}
    made = create_app(Settings.load(data))
    people.settle()
    yield made
    db.current().close()


@pytest.fixture(scope="module")
def sources() -> Callable[[Any], FeedbackSources]:
    """What stands in the sources and may be sent; they are the same in every test."""
    found: list[FeedbackSources] = []

    def of(described: Any) -> FeedbackSources:
        if not found:
            pool = make_constants_value_source(described)
            found.append(FeedbackSources(constants_value_source=pool))
        return found[0]

    return of


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_l24_no_call_ends_in_a_fault_of_ours(
    app: Flask,
    program: Callable[..., Program],
    sources: Callable[[Any], FeedbackSources],
    call: Call,
) -> None:
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    operation: Any = described[re.sub(r"<(\w+)>", r"{\1}", call.path)][call.method]
    headers = {"Authorization": f"Bearer {program('dana').token}"}
    names = new_world(app).names

    def send(case: Case) -> None:
        entry.forget_callers()
        # An id of its own making leads nowhere; every other example gets one that leads in.
        if sum(map(ord, str(case.body))) % 2:
            case.path_parameters = {name: names[name] for name in case.path_parameters or ()}
        answer = case.call(headers=headers)
        assert answer.status_code < 500, answer.text
        assert "Traceback" not in answer.text

    for mode in GenerationMode:
        made = operation.as_strategy(generation_mode=mode, feedback=sources(described))
        BOUNDED(given(case=made)(send))()
