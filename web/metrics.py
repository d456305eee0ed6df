"""Metrics for Prometheus, counted from the rows at the moment of asking: every process says the same."""

from collections.abc import Iterator

from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from core.store import vitals
from worker.hub import Hub

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
def show() -> Response:
    """Counts and ages only; no name, no amount. Keep it inside: the reverse proxy should not pass it on."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Vitals(current_app.extensions["hub"]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Vitals(Collector):
    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._hub.clock.now()
        with self._hub.store.read() as database:
            counts = vitals.counts(database)
            ages = vitals.oldest_pending_seconds(database, now)
            connections = vitals.connection_states(database)
        work = GaugeMetricFamily(
            "subledger_work", "Rows by what they are and how they stand.", labels=["what", "state"]
        )
        for (what, state), count in counts.items():
            work.add_metric([what, state], count)
        yield work
        age = GaugeMetricFamily(
            "subledger_oldest_pending_seconds",
            "How long the oldest row that is to be worked on has waited.",
            labels=["what"],
        )
        for what, seconds in ages.items():
            age.add_metric([what], seconds)
        yield age
        up = GaugeMetricFamily(
            "subledger_connection_active",
            "1 where the connection works, 0 where it is paused.",
            labels=["vendor", "connection"],
        )
        calls = GaugeMetricFamily(
            "subledger_connection_window_calls",
            "Calls made in the present window of its budget.",
            labels=["vendor", "connection"],
        )
        for one in connections:
            up.add_metric([one.vendor, one.id], float(one.active))
            calls.add_metric([one.vendor, one.id], one.window_calls)
        yield up
        yield calls
