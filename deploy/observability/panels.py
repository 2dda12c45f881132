"""What the dashboards show. Each panel is one question with one query.

Flink's reporter exports counters as gauges under the names of their scopes; ``rate`` works on them, too. The jobs' own
counters are those of ``enrichment_job.metric_names`` and of ``metric_names`` in each folder of ``applications``.
"""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["short", "eps", "ms", "s", "percentunit", "reqps", "bytes"]
_OPERATOR = "flink_taskmanager_job_task_operator"
JOB = 'job_name="clickstream-enrichment"'
BEHAVIOUR_JOB = 'job_name="clickstream-behaviour"'
SECURITY_JOB = 'job_name="clickstream-account-security"'


@dataclass(frozen=True)
class Panel:
    """``query`` is PromQL on the operations board, and a name of ``deploy.druid.queries`` on the business board."""

    title: str
    query: str
    unit: Unit = "short"
    legend: str = ""
    explained: str = ""


EMITTED = f"{_OPERATOR}_le_event_emitted_seconds_bucket"
"""``le`` is a group of metrics in Flink. So it is in the name, and also a label."""


def _emitted(part: str) -> str:
    return f"histogram_quantile({part}, sum by (le, operator_name) (rate({EMITTED}{{{JOB}}}[1m])))"


def _visible(part: str) -> str:
    return f"histogram_quantile({part}, sum by (le, purpose) (rate(event_visible_seconds_bucket[1m])))"


def _rate(counter: str, job: str = JOB) -> str:
    return f"sum(rate({_OPERATOR}_{counter}{{{job}}}[1m]))"


def _sessions(title: str, counter: str, explained: str = "") -> Panel:
    return Panel(title, _rate(counter, BEHAVIOUR_JOB), "eps", explained=explained)


OPERATIONS: tuple[Panel, ...] = (
    Panel("Enriched", _rate("events_enriched"), "eps", explained="Hot and cold path together."),
    Panel("Failed", _rate("events_failed"), "eps"),
    Panel("Late", _rate("events_late"), "eps"),
    Panel("Suppressed", _rate("events_suppressed"), "eps", explained="The subject has opted out: no failure."),
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
    Panel("Parked", _rate("events_parked"), "eps", explained="Events that had to wait for a lookup."),
    Panel("Waiting for a lookup now", f"sum({_OPERATOR}_parked_now{{{JOB}}})"),
    Panel(
        "Breaker",
        f"max({_OPERATOR}_lookup_breaker{{{JOB}}})",
        explained="0: closed, 1: trying, 2: open, so that lookups are answered from memory or not at all.",
    ),
    Panel("Last lookup request", f"max({_OPERATOR}_lookup_request_ms{{{JOB}}})", "ms"),
    Panel("Repaired", _rate("events_repaired"), "eps", explained="Had a value that was repaired or left out."),
    Panel("Partial", _rate("events_partial"), "eps", explained="Left without an enrichment that timed out or failed."),
    Panel(
        "Records behind",
        f"sum({_OPERATOR}_pendingRecords{{{JOB}}})",
        explained="In the raw topic, not read yet.",
    ),
    Panel(
        "Watermark lag",
        f"time() * 1000 - min({_OPERATOR}_currentOutputWatermark{{{JOB}}} > 0)",
        "ms",
        explained="How far event time is behind the clock. Of a replayed old log it is as old as the log.",
    ),
    Panel(
        "Cache hit ratio",
        f"{_rate('lookup_cache_hits')} / ({_rate('lookup_keys')} > 0)",
        "percentunit",
        explained="Lookups answered from the job's own memory.",
    ),
    Panel("Lookup requests", _rate("lookup_requests"), "reqps"),
    Panel("Keys per request", f"{_rate('lookup_keys_asked')} / ({_rate('lookup_requests')} > 0)"),
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
        f"sum({_OPERATOR}_mirror_visitors{{{BEHAVIOUR_JOB}}})",
        explained="Whose state the tasks hold unpacked in memory: job.mirrored.visitors for each task at most.",
    ),
    Panel(
        "Sessions: records behind",
        f"sum({_OPERATOR}_pendingRecords{{{BEHAVIOUR_JOB}}})",
        explained="Events and messages that are not read yet.",
    ),
    Panel(
        "Sessions: watermark lag",
        f"time() * 1000 - min({_OPERATOR}_currentOutputWatermark{{{BEHAVIOUR_JOB}}} > 0)",
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


def _security(title: str, counter: str, explained: str = "") -> Panel:
    return Panel(title, _rate(counter, SECURITY_JOB), "eps", explained=explained)


def _security_gauge(title: str, gauge: str, unit: Unit = "short", explained: str = "") -> Panel:
    return Panel(title, f"max({_OPERATOR}_{gauge}{{{SECURITY_JOB}}})", unit, explained=explained)


_LABELLED = f"{_OPERATOR}_rule_labels"
_FIRST = f"{_OPERATOR}_flow_first_verdicts"
SECURITY: tuple[Panel, ...] = (
    _security("Verdicts: allowed", "verdicts_allowed", "First verdicts on an event, of the rules that are live."),
    _security("Verdicts: challenged", "verdicts_challenged"),
    _security("Verdicts: denied", "verdicts_denied"),
    _security("Verdicts told anew", "verdicts_superseding", "A later event, a late one or a label told more."),
    _security("Shadow verdicts", "verdicts_shadow", "What rules that are tried out would decide."),
    Panel(
        "Share of events stopped",
        f"sum by (flow) (rate({_FIRST}_stopped{{{SECURITY_JOB}}}[5m])) "
        f"/ (sum by (flow) (rate({_FIRST}{{{SECURITY_JOB}}}[5m])) > 0)",
        "percentunit",
        "{{flow}}",
        "Challenged or denied at once.",
    ),
    Panel(
        "Share that may be stopped",
        f"sum by (flow) (rate({_FIRST}_allowance_ppm{{{SECURITY_JOB}}}[5m])) / 1e6 "
        f"/ (sum by (flow) (rate({_FIRST}{{{SECURITY_JOB}}}[5m])) > 0)",
        "percentunit",
        "{{flow}}",
        "challenge_rate in the rule files.",
    ),
    Panel(
        "Precision by rule",
        f"sum by (rule) (increase({_LABELLED}_right{{{SECURITY_JOB}}}[7d])) / (sum by (rule) "
        f'(increase({{__name__=~"{_LABELLED}_(right|wrong)", {SECURITY_JOB}}}[7d])) > 0)',
        "percentunit",
        "{{rule}}",
        "By the labels of a week: how many events that were stopped for this reason were abuse.",
    ),
    Panel(
        "Event to verdict, p99",
        f"histogram_quantile(0.99, sum by (le) (rate({EMITTED}{{{SECURITY_JOB}}}[1m])))",
        "s",
        explained="From the collector to the first verdict, not committed. Of a replayed log it is as old as the log.",
    ),
    _security("Events observed", "events_observed"),
    _security("Events counted by facets", "facet_events", "Once for each shared value that a rule counts."),
    _security(
        "Events put in order", "facet_events_waited", "They waited for other partitions while the job caught up."
    ),
    _security("Parts told by facets", "parts_told"),
    _security("Labels taken", "labels_taken"),
    _security("Labels unreadable", "labels_unreadable"),
    _security("Labels of nothing", "labels_without_subject", "They name no event, and need one."),
    _security("Failed in account security", "events_failed", "Met a bug: the verdict is unknown, or without a facet."),
    _security("Unreadable for account security", "events_unreadable", "No event of the purpose."),
    _security("Messages unreadable", "parts_unreadable", "Between the job's operators: a bug."),
    _security("Of no flow", "events_without_flow", "Events of the purpose that are not judged."),
    _security("Subjects erased", "subjects_erased"),
    _security_gauge("Rules refused", "rules_refused", explained="Changes on the topic that are not in effect."),
    _security_gauge("Rules in quarantine", "rules_quarantined", explained="Too slow, or fail: not evaluated any more."),
    _security_gauge(
        "Rules: last heard of", "rules_follower_age_ms", "ms", "How long ago the topic of changes was read."
    ),
    _security("Rule set unknown", "rules_version_unknown", "Judged by another rule set than observed with."),
    _security_gauge("States waiting for Redis", "risk_states_waiting"),
    _security_gauge("Redis behind", "risk_states_behind_ms", "ms", "How long Redis has taken no state."),
    _security_gauge(
        "Erasures waiting", "risk_erasures_waiting", explained="States of erased accounts that Redis still has."
    ),
    _security("States dropped", "risk_states_dropped", "Too many waited; each comes back with its next event."),
    Panel(
        "Keys in the mirrors",
        f"sum by (operator_name) ({_OPERATOR}_mirror_keys{{{SECURITY_JOB}}})",
        legend="{{operator_name}}",
        explained="Facets and subjects whose state is held unpacked in memory.",
    ),
    Panel("Account security: records behind", f"sum({_OPERATOR}_pendingRecords{{{SECURITY_JOB}}})"),
    Panel(
        "Account security: checkpoint duration", f"flink_jobmanager_job_lastCheckpointDuration{{{SECURITY_JOB}}}", "ms"
    ),
    Panel("Account security: restarts", f"flink_jobmanager_job_numRestarts{{{SECURITY_JOB}}}"),
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
