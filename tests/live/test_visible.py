"""What the exporter counts."""

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from contracts.topics import ANALYTICS, FAILED, LATE, SECURITY
from live.visible import Visible

T0 = 1_700_000_000.0


def _found(visible: Visible) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(generate_latest(visible.registry).decode())
        for sample in family.samples
    }


def test_latency_by_purpose_and_outcomes_by_topic() -> None:
    visible = Visible()
    for age_ms in (10, 45, 120, 90_000, -5):
        visible.add(ANALYTICS.name, b"anything", int(T0 * 1000) - age_ms, T0)
    visible.add(LATE.name, b"{}", 0, T0)
    for kind in ("schema", "schema", "suppressed"):
        visible.add(FAILED.name, b'{"failure":{"type":"%b","stage":"parse"}}' % kind.encode(), 0, T0)
    visible.add(FAILED.name, b"\xff", 0, T0)
    visible.add(FAILED.name, b'{"failure":{"type":"81.2.69.142"}}', 0, T0)
    found = _found(visible)
    buckets = {
        key[-1]: n for key, n in found.items() if key[0] == "event_visible_seconds_bucket" and "analytics" in key
    }
    assert (buckets["0.02"], buckets["0.05"], buckets["0.15"], buckets["30.0"], buckets["+Inf"]) == (2, 3, 4, 4, 5)
    assert found["events_visible_total", ANALYTICS.name, "enriched"] == 5
    assert found["events_visible_total", LATE.name, "late"] == 1
    failed = {key[-1]: n for key, n in found.items() if key[0] == "events_visible_total" and FAILED.name in key}
    assert failed == {"schema": 2, "suppressed": 1, "unreadable": 2}, "labels are the contract's, never a record's text"


def test_every_purpose_is_there_before_its_first_event() -> None:
    found = _found(Visible())
    assert found["event_visible_seconds_count", "security"] == 0
    assert found["events_visible_total", SECURITY.name, "enriched"] == 0
