"""The run's summary: build/replay/summary.json, for people, tests and graphs."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from assurance.reconciliation.balance import Balance
from assurance.reconciliation.latency import Percentiles
from assurance.reconciliation.sink_report import SinkReport


class Latencies(msgspec.Struct, frozen=True, kw_only=True):
    """Send to receipt of enriched events, as consumers of either isolation level see it."""

    read_committed: Percentiles = Percentiles()
    read_uncommitted: Percentiles = Percentiles()


class Lookups(msgspec.Struct, frozen=True, kw_only=True):
    """What the job asked the lookup service for."""

    keys: int = 0
    requests: int = 0
    cache_hit_ratio: float = 0.0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts are records. What was not measured is None or empty."""

    raw: int
    enriched: dict[str, int]
    late: int
    failed: int
    suppressed: int = 0
    """Events of subjects who have opted out."""
    missing: int
    duplicates: int
    unexpected: int
    balanced: bool
    missing_ids: list[str]
    """The first 20, as are the other lists of ids."""
    duplicate_ids: list[str]
    unexpected_ids: list[str]
    failed_reasons: dict[str, int]
    late_reasons: dict[str, int]
    suppressed_reasons: dict[str, int] = {}
    """Field that says so and how, such as ``context.consent refused``."""
    repaired: dict[str, int] = {}
    """Field and reason: enriched events in which that value was repaired or left out."""
    invalid: dict[str, int] = {}
    """Status field: enriched events whose key for that enrichment could not be used."""
    events_per_second: float | None = None
    latency_ms: Latencies = Latencies()
    lookups: Lookups | None = None
    timings_s: dict[str, float] = {}
    peak_rss_mb: dict[str, float] = {}
    restarts: int = 0
    interrupted: bool = False
    """Somebody ended the run before all was sent; what was sent by then is what is counted."""
    outlets: list[SinkReport] = []
    """What else was held against the enriched topics; ``balanced`` above does not include it."""


def summarize(
    balance: Balance,
    *,
    events_per_second: float | None = None,
    latency_ms: Latencies | None = None,
    lookups: Lookups | None = None,
    timings_s: Mapping[str, float] | None = None,
    peak_rss_mb: Mapping[str, float] | None = None,
    restarts: int = 0,
) -> Summary:
    return Summary(
        raw=balance.raw,
        enriched=balance.enriched,
        late=balance.late,
        failed=balance.failed,
        suppressed=balance.suppressed,
        missing=balance.missing,
        duplicates=balance.duplicates,
        unexpected=balance.unexpected,
        balanced=balance.balanced,
        missing_ids=balance.missing_ids,
        duplicate_ids=balance.duplicate_ids,
        unexpected_ids=balance.unexpected_ids,
        failed_reasons=balance.failed_reasons,
        late_reasons=balance.late_reasons,
        suppressed_reasons=balance.suppressed_reasons,
        repaired=balance.repaired,
        invalid=balance.invalid,
        events_per_second=events_per_second,
        latency_ms=latency_ms or Latencies(),
        lookups=lookups,
        timings_s=dict(timings_s or {}),
        peak_rss_mb=dict(peak_rss_mb or {}),
        restarts=restarts,
    )


def write_summary(summary: Summary, path: Path) -> None:
    """Writes JSON, indented; folders are made. A reader never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    part.replace(path)


def read_summary(path: Path) -> Summary:
    return msgspec.json.decode(path.read_bytes(), type=Summary)
