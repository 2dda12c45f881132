"""The summary of a run, ``build/replay/summary.json``: for people, tests and graphs."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from assurance.reconciliation.balancing.balance import Balance
from assurance.reconciliation.features.summary import FeaturesSummary
from assurance.reconciliation.reporting.latency import Percentiles
from assurance.reconciliation.security.summary import SecuritySummary
from assurance.reconciliation.sessions.balance import SessionsSummary
from assurance.reconciliation.sinks.comparison import SinkReport


class Latencies(msgspec.Struct, frozen=True, kw_only=True):
    """From send to receipt of enriched events, for consumers of each isolation level."""

    read_committed: Percentiles = Percentiles()
    read_uncommitted: Percentiles = Percentiles()


class Lookups(msgspec.Struct, frozen=True, kw_only=True):
    """What the job looked up: keys, and the requests to the lookup service for those that its cache did not have."""

    keys: int = 0
    requests: int = 0
    cache_hit_ratio: float = 0.0


class Applications(msgspec.Struct, frozen=True, kw_only=True):
    """The stateful jobs."""

    sessions: SessionsSummary
    account_security: SecuritySummary | None = None
    """None in summaries that are older than it; so is the next one."""
    features: FeaturesSummary | None = None

    @property
    def balanced(self) -> bool:
        others = (self.account_security, self.features)
        return self.sessions.balanced and all(each is None or each.balanced for each in others)


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename={"sinks": "outlets"}):
    """Counts are records. What was not measured is None or empty. The JSON keys are public: they must not change."""

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
    """The first 20; so are the other lists of ids."""
    duplicate_ids: list[str]
    unexpected_ids: list[str]
    failed_reasons: dict[str, int]
    late_reasons: dict[str, int]
    suppressed_reasons: dict[str, int] = {}
    """The field that caused the suppression, and how, such as ``context.consent refused``."""
    repaired: dict[str, int] = {}
    """Field and reason → enriched events in which that value was repaired or left out."""
    invalid: dict[str, int] = {}
    """Status field → enriched events whose lookup key for that enrichment was invalid."""
    events_per_second: float | None = None
    latency_ms: Latencies = Latencies()
    lookups: Lookups | None = None
    timings_s: dict[str, float] = {}
    peak_rss_mb: dict[str, float] = {}
    restarts: int = 0
    interrupted: bool = False
    """The user stopped the run before all events were sent. The counts cover the events sent until then."""
    applications: Applications | None = None
    """None: no stateful job ran. ``balanced`` above does not include them."""
    sinks: list[SinkReport] = []
    """Sinks that were compared with the enriched topics. ``balanced`` above does not include them."""


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
    """Writes indented JSON and creates missing folders. A reader never sees a partial file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    part.replace(path)


def read_summary(path: Path) -> Summary:
    return msgspec.json.decode(path.read_bytes(), type=Summary)
