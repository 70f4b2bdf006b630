"""``/healthz`` (alive), ``/readyz`` (what the portal leans on answers), ``/metrics``.

The probes are handed in by ``app.py``, for this room knows neither Redis nor the workers.
"""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from flask import Blueprint, Flask, Response, current_app, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from werkzeug.wrappers.response import Response as AnyResponse

from portal.readings.gauges import Gauge

log = structlog.get_logger(__name__)
doors = Blueprint("health", __name__)

REQUESTS = Counter("portal_requests_total", "Requests answered.", ["endpoint", "status"])
SECONDS = Histogram(
    "portal_request_seconds",
    "Time to answer a request.",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


@dataclass(frozen=True)
class Probes:
    """What ``/readyz`` asks and what ``/metrics`` reads beside the counters.

    Each call of ``parts`` returns, or raises when the part is away.
    """

    parts: Mapping[str, Callable[[], object]]
    readings: Callable[[], Iterable[Gauge]]


def install(app: Flask, probes: Probes) -> None:
    """Hang the three addresses and the counting of requests into the app."""
    app.extensions["probes"] = probes
    app.register_blueprint(doors)
    app.before_request(_begin)
    app.after_request(_count)


@doors.get("/healthz")
def healthz() -> Response:
    """Alive: this process answers."""
    return jsonify(status="alive")


@doors.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 where every part answers, else 503; each part by name."""
    probes: Probes = current_app.extensions["probes"]
    found = {name: _ask(name, probe) for name, probe in probes.parts.items()}
    ready = all(word == "ok" for word in found.values())
    status = "ready" if ready else "not ready"
    return jsonify(status=status, parts=found), 200 if ready else 503


@doors.get("/metrics")
def metrics() -> Response:
    """Counters of every web process and gauges of the moment, in Prometheus' text form."""
    registry = CollectorRegistry()
    if _is_multiprocess():
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_Gauges(current_app.extensions["probes"].readings))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Gauges(Collector):
    """Reads the gauges when asked; with the database away there are none."""

    def __init__(self, read: Callable[[], Iterable[Gauge]]) -> None:
        self.read = read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families: dict[str, GaugeMetricFamily] = {}
        try:
            for one in self.read():
                labels = [name for name, _ in one.labels]
                family = families.setdefault(
                    one.name, GaugeMetricFamily(one.name, one.help, labels=labels)
                )
                family.add_metric([value for _, value in one.labels], one.value)
        except Exception as error:  # noqa: BLE001, RUF100 - metrics never fail as a whole
            log.warning("gauges could not be read", error=str(error))
        return families.values()


def _ask(name: str, probe: Callable[[], object]) -> str:
    try:
        probe()
    except Exception as error:  # noqa: BLE001, RUF100 - away is away, whatever the reason
        log.warning("part does not answer", part=name, error=str(error))
        return "away"
    return "ok"


def _is_multiprocess() -> bool:
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: AnyResponse) -> AnyResponse:
    # The endpoint, never the path: paths hold tokens and would make endless series.
    endpoint = request.endpoint or "none"
    took = time.perf_counter() - g.get("began", time.perf_counter())
    REQUESTS.labels(endpoint, str(response.status_code)).inc()
    SECONDS.labels(endpoint).observe(took)
    log.debug(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        ms=round(took * 1000, 1),
    )
    return response
