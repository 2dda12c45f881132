"""What the dashboards show. Each panel is one question with one query. Account security has a module of its own.

Flink's reporter exports counters as gauges under the names of their scopes; ``rate`` works on them, too. The jobs' own
counters are those of ``enrichment_job.metric_names`` and of ``metric_names`` in each folder of ``applications``.
"""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "eps", "ms", "µs", "s", "percentunit", "reqps", "bytes"]
OPERATOR = "flink_taskmanager_job_task_operator"
JOB = 'job_name="clickstream-enrichment"'
BEHAVIOUR_JOB = 'job_name="clickstream-behaviour"'


@dataclass(frozen=True)
class Panel:
    """``query`` is PromQL on the operations board, and a name of ``deploy.druid.queries`` on the business board."""

    title: str
    query: str
    unit: Unit = "short"
    legend: str = ""
    explained: str = ""


EMITTED = f"{OPERATOR}_le_event_emitted_seconds_bucket"
"""``le`` is a group of metrics in Flink. So it is in the name, and also a label."""


def _emitted(part: str) -> str:
    return f"histogram_quantile({part}, sum by (le, operator_name) (rate({EMITTED}{{{JOB}}}[1m])))"


def _visible(part: str) -> str:
    return f"histogram_quantile({part}, sum by (le, purpose) (rate(event_visible_seconds_bucket[1m])))"


def rate_of(counter: str, job: str = JOB) -> str:
    return f"sum(rate({OPERATOR}_{counter}{{{job}}}[1m]))"


def _sessions(title: str, counter: str, explained: str = "") -> Panel:
    return Panel(title, rate_of(counter, BEHAVIOUR_JOB), "eps", explained=explained)


OPERATIONS: tuple[Panel, ...] = (
    Panel("Enriched", rate_of("events_enriched"), "eps", explained="Hot and cold path together."),
    Panel("Failed", rate_of("events_failed"), "eps"),
    Panel("Late", rate_of("events_late"), "eps"),
    Panel("Suppressed", rate_of("events_suppressed"), "eps", explained="The subject has opted out: no failure."),
    Panel(
        "Collector to emission, p50",
        _emitted("0.5"),
        "s",
        "{{operator_name}}",
        "Not yet committed; of a replayed old log it is as old as the log.",
    ),
    Panel("Collector to emission, p99", _emitted("0.99"), "s", "{{operator_name}}"),
    Panel(
        "Collector to consumer, p50",
        _visible("0.5"),
        "s",
        "{{purpose}}",
        "As a consumer that reads committed sees it (python -m assurance.live.export).",
    ),
    Panel("Collector to consumer, p99", _visible("0.99"), "s", "{{purpose}}"),
    Panel(
        "Visible records by outcome",
        "sum by (topic, outcome) (rate(events_visible_total[1m]))",
        "eps",
        "{{topic}} {{outcome}}",
    ),
    Panel("Parked", rate_of("events_parked"), "eps", explained="Events that had to wait for a lookup."),
    Panel("Waiting for a lookup now", f"sum({OPERATOR}_parked_now{{{JOB}}})"),
    Panel(
        "Breaker",
        f"max({OPERATOR}_lookup_breaker{{{JOB}}})",
        explained="0: closed, 1: trying, 2: open, so that lookups are answered from memory or not at all.",
    ),
    Panel("Last lookup request", f"max({OPERATOR}_lookup_request_ms{{{JOB}}})", "ms"),
    Panel("Repaired", rate_of("events_repaired"), "eps", explained="Had a value that was repaired or left out."),
    Panel(
        "Partial", rate_of("events_partial"), "eps", explained="Left without an enrichment that timed out or failed."
    ),
    Panel(
        "Records behind",
        f"sum({OPERATOR}_pendingRecords{{{JOB}}})",
        explained="In the raw topic, not read yet.",
    ),
    Panel(
        "Watermark lag",
        f"time() * 1000 - min({OPERATOR}_currentOutputWatermark{{{JOB}}} > 0)",
        "ms",
        explained="How far event time is behind the clock. Of a replayed old log it is as old as the log.",
    ),
    Panel(
        "Cache hit ratio",
        f"{rate_of('lookup_cache_hits')} / ({rate_of('lookup_keys')} > 0)",
        "percentunit",
        explained="Lookups answered from the job's own memory.",
    ),
    Panel("Lookup requests", rate_of("lookup_requests"), "reqps"),
    Panel("Keys per request", f"{rate_of('lookup_keys_asked')} / ({rate_of('lookup_requests')} > 0)"),
    Panel(
        "Lookup service, p99",
        "histogram_quantile(0.99, sum by (le) (rate(lookup_request_seconds_bucket[1m])))",
        "s",
        explained="From receipt to answer, as the service sees it.",
    ),
    Panel("Lookup answers by status", "sum by (status) (rate(lookup_keys_total[1m]))", "reqps", "{{status}}"),
    Panel("Lookup dependencies up", "lookup_dependency_up", legend="{{dependency}}"),
    Panel("Checkpoint duration", f"flink_jobmanager_job_lastCheckpointDuration{{{JOB}}}", "ms"),
    Panel("Failed checkpoints", f"flink_jobmanager_job_numberOfFailedCheckpoints{{{JOB}}}"),
    Panel("Restarts", f"flink_jobmanager_job_numRestarts{{{JOB}}}"),
    Panel(
        "Busy",
        f"max by (task_name) (flink_taskmanager_job_task_busyTimeMsPerSecond{{{JOB}}}) / 1000",
        "percentunit",
        "{{task_name}}",
    ),
    Panel("Heap used", "flink_taskmanager_Status_JVM_Memory_Heap_Used", "bytes", "{{tm_id}}"),
)

SESSIONS: tuple[Panel, ...] = (
    _sessions("Sessionized", "events_sessionized", "Events that got their session as they passed."),
    _sessions("Repeated", "events_repeated", "Had their session already: a producer or a restart sent them twice."),
    _sessions("Too late for a session", "events_too_late", "On the late topic, with the reason."),
    _sessions("Forwarded", "events_forwarded", "Of an account without a browser: sent to the account's browser."),
    _sessions("Moved", "events_moved", "Given by an account's sessions to those of the browser that showed up."),
    _sessions("Unplaced", "events_unplaced", "Moved when the browser's sessions of that time were no longer kept."),
    _sessions("Failed in sessions", "events_failed", "Met a bug: on the late topic, with the reason internal."),
    _sessions("Unreadable for sessions", "events_unreadable", "No event of the purpose and no message: a bug."),
    _sessions("Without a visitor", "events_without_visitor", "Neither a browser nor an account: in no session."),
    _sessions("Suppressed by sessions", "events_suppressed", "The visitor opted out after the enrichment."),
    _sessions("Visitors forgotten", "visitors_forgotten", "Their state was deleted after an opt-out."),
    Panel(
        "Visitors in the mirror",
        f"sum({OPERATOR}_mirror_visitors{{{BEHAVIOUR_JOB}}})",
        explained="Whose state the tasks hold unpacked in memory: job.mirrored.visitors for each task at most.",
    ),
    Panel(
        "Sessions: records behind",
        f"sum({OPERATOR}_pendingRecords{{{BEHAVIOUR_JOB}}})",
        explained="Events and messages that are not read yet.",
    ),
    Panel(
        "Sessions: watermark lag",
        f"time() * 1000 - min({OPERATOR}_currentOutputWatermark{{{BEHAVIOUR_JOB}}} > 0)",
        "ms",
        explained="Sessions end by event time. Of a replayed old log it is as old as the log.",
    ),
    Panel("Sessions: checkpoint duration", f"flink_jobmanager_job_lastCheckpointDuration{{{BEHAVIOUR_JOB}}}", "ms"),
    Panel(
        "Sessions: checkpoint size",
        f"flink_jobmanager_job_lastCheckpointSize{{{BEHAVIOUR_JOB}}}",
        "bytes",
        explained="With RocksDB what was new in the last checkpoint.",
    ),
    Panel("Sessions: restarts", f"flink_jobmanager_job_numRestarts{{{BEHAVIOUR_JOB}}}"),
)


BUSINESS: tuple[Panel, ...] = (
    Panel("Visitors and sessions", "visitors_over_time", explained="Without crawlers. Of the chosen country."),
    Panel(
        "From view to order",
        "conversion",
        explained="Visitors who viewed a listing; of them filled a cart; of them ordered. Of the chosen country.",
    ),
    Panel("Revenue by currency", "revenue", explained="Price times quantity of orders."),
    Panel("Visitors by country", "visitors_by_country", explained="Of the chosen country."),
    Panel("Visitors by city", "visitors_by_city", explained="Of the chosen country."),
    Panel("Events", "events_over_time"),
    Panel(
        "Traffic sources",
        "traffic_sources",
        explained="By campaign, else by referrer; steps inside the site left out. Of the chosen country.",
    ),
    Panel("Campaigns", "campaigns", explained="Of the chosen country."),
    Panel("Orders by category", "revenue_by_category"),
    Panel(
        "Conversion by segment", "conversion_by_segment", explained="As from view to order, by the account's segment."
    ),
    Panel("Conversion by category", "conversion_by_category", explained="Steps in the same category."),
    Panel("Browsers", "browsers", explained="Of the chosen country."),
    Panel("Operating systems", "systems", explained="Of the chosen country."),
    Panel("Crawlers", "crawlers", explained="Of the chosen country."),
    Panel("Crawlers' share of events", "crawler_share", "percentunit", explained="Of the chosen country."),
    Panel("Enrichment delay", "enrichment_delay", "ms", explained="From the collector to the enrichment."),
    Panel(
        "Events without a lookup's answer",
        "enrichment_gaps",
        "percentunit",
        explained="It timed out or failed. Druid has no late and failed events: those are on the operations board.",
    ),
)
