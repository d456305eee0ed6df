"""Metrics for Prometheus, counted from the rows at the moment of asking: every process says the same."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from connectors.registry import CONNECTORS
from core.store import vendors, vitals
from core.store.vitals import ConnectionState
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
            pending = vitals.pending(database)
            ages = vitals.oldest_pending_seconds(database, now)
            parked = vitals.parked(database)
            connections = vitals.connection_states(database)
            away = vendors.away(database)
        yield _gauge("work", "Rows by what they are and how they stand.", ["what", "state"], counts.items())
        yield _gauge(
            "pending", "Rows that are to be worked on, by their lane.", ["what", "connection", "kind"], pending.items()
        )
        yield _gauge(
            "oldest_pending_seconds",
            "How long the oldest row that is to be worked on has waited.",
            ["what"],
            (((what,), seconds) for what, seconds in ages.items()),
        )
        yield _gauge("parked", "Rows that wait for a person, by cause.", ["what", "reason"], parked.items())
        yield from _of_connections(connections, now)
        yield _gauge(
            "vendor_away_seconds",
            "For how long a vendor has answered hardly any of its connections; absent where it answers.",
            ["vendor", "environment"],
            (((one.vendor, one.environment), (now - one.since).total_seconds()) for one in away),
        )
        yield _gauge(
            "connection_day_left",
            "Calls left of the day, where the vendor tells.",
            ["vendor", "connection"],
            (((one.vendor, one.id), one.day_left) for one in connections if one.day_left is not None),
        )


def _of_connections(connections: Sequence[ConnectionState], now: datetime) -> Iterator[GaugeMetricFamily]:
    names = [(one.vendor, one.id) for one in connections]
    for name, text, values in (
        ("active", "1 where the connection works, 0 where it is paused.", [one.active for one in connections]),
        ("window_calls", "Calls made in the present window.", [_calls(one, now) for one in connections]),
        ("window_calls_max", "Calls that one window may have.", [_calls_max(one) for one in connections]),
        ("window_seconds", "How long a window is.", [CONNECTORS[one.vendor].limit.per_seconds for one in connections]),
        ("failures", "Calls that failed in a row.", [one.failures for one in connections]),
        (
            "resting_seconds",
            "How much longer it is left alone: its vendor asked for it, or calls failed.",
            [_seconds(one.not_before, now) for one in connections],
        ),
    ):
        yield _gauge(f"connection_{name}", text, ["vendor", "connection"], zip(names, values, strict=True))


def _gauge(
    name: str, text: str, labels: Sequence[str], values: Iterable[tuple[Sequence[str], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"subledger_{name}", text, labels=labels)
    for named, value in values:
        family.add_metric(named, value)
    return family


def _calls(one: ConnectionState, now: datetime) -> int:
    """None of them count once their window is over."""
    if one.window_started_at is None:
        return 0
    over = (now - one.window_started_at).total_seconds() >= CONNECTORS[one.vendor].limit.per_seconds
    return 0 if over else one.window_calls


def _calls_max(one: ConnectionState) -> float:
    return float(one.options.get("calls_per_window", CONNECTORS[one.vendor].limit.calls))


def _seconds(until: datetime | None, now: datetime) -> float:
    return 0.0 if until is None else max(0.0, (until - now).total_seconds())
