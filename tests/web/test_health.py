import pytest
from flask import Flask

from portal.readings.gauges import Gauge
from portal.web import health
from portal.web.health import Probes


class Away(Exception):
    """What a part that is away raises."""


@pytest.fixture
def parts():
    return {"database": lambda: None, "redis": lambda: None}


@pytest.fixture
def visitor(parts):
    app = Flask("portal")
    readings = [Gauge("portal_age_seconds", "Age.", (("role", "worker"),), 3.0)]
    health.install(app, Probes(parts, lambda: readings))
    return app.test_client()


def away():
    raise Away("postgresql://desk:hunter2@db refused")


def test_alive_and_ready(visitor):
    assert visitor.get("/healthz").json == {"status": "alive"}
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")


def test_not_ready_names_the_part_and_no_more(visitor, parts):
    parts["redis"] = away
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"] == {"database": "ok", "redis": "away"}
    assert "hunter2" not in answer.text


def test_alive_even_with_everything_away(visitor, parts):
    parts["database"] = parts["redis"] = away
    assert visitor.get("/healthz").status_code == 200


def test_metrics_count_by_endpoint_and_never_by_path(visitor):
    visitor.get("/t/secret-token")
    told = visitor.get("/metrics").text
    assert 'portal_requests_total{endpoint="none",status="404"}' in told
    assert 'portal_age_seconds{role="worker"} 3.0' in told
    assert "secret-token" not in told
