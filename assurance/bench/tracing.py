"""Cost of tracing: throughput without it, with no event sampled, and with one event in 1,000 and in 100."""

from assurance.bench import throughput
from assurance.servers.otlp import otlp_server
from deploy.profiles import THROUGHPUT

RATIOS = (None, 0.0, 0.001, 0.01)
"""Share of sampled events; None: tracing is off."""


def measure(events: int, *, limit_s: float) -> list[throughput.Throughput]:
    """With a warm cache. The collector runs in this process and decodes the spans."""
    return [_measure(ratio, events, limit_s) for ratio in RATIOS]


def _measure(ratio: float | None, events: int, limit_s: float) -> throughput.Throughput:
    with otlp_server() as collector:
        sampling = {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": str(ratio)}
        return throughput.measure(
            "tracing off" if ratio is None else f"tracing {ratio:g} of all events",
            events=events,
            checkpoint_interval_ms=THROUGHPUT.checkpoint_interval_ms,
            limit_s=limit_s,
            users=500,
            listings=1_000,
            changes={} if ratio is None else {"tracing": {"endpoint": collector.url}},
            producer_env={} if not ratio else {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, **sampling},
        )
