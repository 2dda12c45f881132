import json
from pathlib import Path

from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.reporting.latency import percentiles
from assurance.reconciliation.reporting.summary import (
    Latencies,
    Lookups,
    Summary,
    read_summary,
    summarize,
    write_summary,
)
from contracts.topics import ANALYTICS
from tests.assurance.reconciliation.builders import enriched, failed, late, raw

PERCENTILES = {"p50", "p95", "p99", "p99.9", "max", "count"}


def _summary() -> Summary:
    a, b, c, d = (raw(f"event-{name}") for name in "abcd")
    found = balance([a, b, c, d], [enriched(a), enriched(a), late(b), failed(c)])
    return summarize(
        found,
        events_per_second=8123.0,
        latency_ms=Latencies(read_committed=percentiles([53_000_000, 90_000_000])),
        lookups=Lookups(keys=10, requests=2, cache_hit_ratio=0.75),
        timings_s={"start": 4.5},
        peak_rss_mb={"broker": 400.0},
        restarts=1,
    )


def test_the_file_has_the_published_shape(tmp_path: Path) -> None:
    path = tmp_path / "build" / "replay" / "summary.json"
    write_summary(_summary(), path)
    written = json.loads(path.read_text())
    latency = written.pop("latency_ms")
    assert latency["read_committed"] == {"p50": 53.0, "p95": 90.0, "p99": 90.0, "p99.9": 90.0, "max": 90.0, "count": 2}
    assert latency["read_uncommitted"] == dict.fromkeys(PERCENTILES - {"count"}) | {"count": 0}
    assert written == {
        "raw": 4,
        "enriched": {ANALYTICS.name: 2},
        "late": 1,
        "failed": 1,
        "suppressed": 0,
        "missing": 1,
        "duplicates": 1,
        "unexpected": 0,
        "balanced": False,
        "missing_ids": ["event-d"],
        "duplicate_ids": ["event-a"],
        "unexpected_ids": [],
        "failed_reasons": {"schema actor.user_id": 1},
        "late_reasons": {"up to 1 min late": 1},
        "suppressed_reasons": {},
        "repaired": {},
        "invalid": {},
        "events_per_second": 8123.0,
        "lookups": {"keys": 10, "requests": 2, "cache_hit_ratio": 0.75},
        "timings_s": {"start": 4.5},
        "peak_rss_mb": {"broker": 400.0},
        "restarts": 1,
        "interrupted": False,
        "applications": None,
        "outlets": [],
    }
    assert [entry.name for entry in path.parent.iterdir()] == ["summary.json"]


def test_a_written_summary_can_be_read_back(tmp_path: Path) -> None:
    write_summary(_summary(), tmp_path / "summary.json")
    assert read_summary(tmp_path / "summary.json") == _summary()


def test_what_was_not_measured_is_none() -> None:
    summary = summarize(balance([], []))
    assert summary.balanced
    assert summary.lookups is None
    assert summary.events_per_second is None
    assert summary.latency_ms.read_committed.p50 is None
