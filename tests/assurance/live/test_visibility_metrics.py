"""The exporter's metrics."""

from assurance.live.visibility_metrics import VisibilityMetrics
from contracts.topics import ANALYTICS, FAILED, LATE, SECURITY, SUPPRESSED

T0 = 1_700_000_000.0


def _value(metrics: VisibilityMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_latency_by_purpose_and_outcomes_by_topic() -> None:
    metrics = VisibilityMetrics()
    for age_ms in (10, 45, 120, 90_000, -5):
        metrics.add(ANALYTICS.name, b"anything", int(T0 * 1000) - age_ms, T0)
    metrics.add(LATE.name, b"{}", 0, T0)
    metrics.add(SUPPRESSED.name, b"{}", 0, T0)
    for kind in ("schema", "schema", "enrichment"):
        metrics.add(FAILED.name, b'{"failure":{"type":"%b","stage":"parse"}}' % kind.encode(), 0, T0)
    metrics.add(FAILED.name, b"\xff", 0, T0)
    metrics.add(FAILED.name, b'{"failure":{"type":"81.2.69.142"}}', 0, T0)
    for le, count in {"0.02": 2, "0.05": 3, "0.15": 4, "30.0": 4, "+Inf": 5}.items():
        assert _value(metrics, "event_visible_seconds_bucket", purpose="analytics", le=le) == count, le
    assert _value(metrics, "events_visible_total", topic=ANALYTICS.name, outcome="enriched") == 5
    assert _value(metrics, "events_visible_total", topic=LATE.name, outcome="late") == 1
    assert _value(metrics, "events_visible_total", topic=SUPPRESSED.name, outcome="suppressed") == 1
    # Labels are the contract's failure types, never text from a record.
    failed: dict[str, int | None] = {"schema": 2, "enrichment": 1, "unreadable": 2, "81.2.69.142": None}
    for outcome, expected in failed.items():
        assert _value(metrics, "events_visible_total", topic=FAILED.name, outcome=outcome) == expected, outcome


def test_every_purpose_has_metrics_before_its_first_event() -> None:
    metrics = VisibilityMetrics()
    assert _value(metrics, "event_visible_seconds_count", purpose="security") == 0
    assert _value(metrics, "events_visible_total", topic=SECURITY.name, outcome="enriched") == 0
