"""What the board of operations shows of account security: the job, ``/v1/risk`` and the webhook."""

from deploy.observability.panels import EMITTED, OPERATOR, Panel, Unit, rate_of

SECURITY_JOB = 'job_name="clickstream-account-security"'


def _security(title: str, counter: str, explained: str = "") -> Panel:
    return Panel(title, rate_of(counter, SECURITY_JOB), "eps", explained=explained)


def _security_gauge(title: str, gauge: str, unit: Unit = "short", explained: str = "") -> Panel:
    return Panel(title, f"max({OPERATOR}_{gauge}{{{SECURITY_JOB}}})", unit, explained=explained)


_LABELLED = f"{OPERATOR}_rule_labels"
_FIRST = f"{OPERATOR}_flow_first_verdicts"
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
    _security("Ahead of the clock", "events_ahead", "Not judged, and counted by nothing."),
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
        f"sum by (operator_name) ({OPERATOR}_mirror_keys{{{SECURITY_JOB}}})",
        legend="{{operator_name}}",
        explained="Facets and subjects whose state is held unpacked in memory.",
    ),
    Panel("Account security: records behind", f"sum({OPERATOR}_pendingRecords{{{SECURITY_JOB}}})"),
    Panel(
        "Account security: checkpoint duration", f"flink_jobmanager_job_lastCheckpointDuration{{{SECURITY_JOB}}}", "ms"
    ),
    Panel("Account security: restarts", f"flink_jobmanager_job_numRestarts{{{SECURITY_JOB}}}"),
)

RISK: tuple[Panel, ...] = (
    Panel("Risk answers", "sum by (status) (rate(lookup_risk_requests_total[1m]))", "reqps", "{{status}}"),
    Panel("Risk decisions", "sum by (decision) (rate(lookup_risk_requests_total[1m]))", "reqps", "{{decision}}"),
    Panel(
        "Risk answers without a verdict",
        'sum(rate(lookup_risk_requests_total{status!="ok"}[5m])) / (sum(rate(lookup_risk_requests_total[5m])) > 0)',
        "percentunit",
        explained="Allowed, because the state did not come in time, could not be read, or is not there.",
    ),
    Panel(
        "Risk answer time, p99",
        "histogram_quantile(0.99, sum by (le) (rate(lookup_risk_seconds_bucket[1m])))",
        "s",
        explained="From receipt to answer. No longer than the caller's deadline.",
    ),
    Panel("Risk: rules in use", "min(lookup_risk_rules)"),
    Panel("Risk: rules refused", "max(lookup_risk_rules_refused)", explained="1: the job's newest cannot be used."),
    Panel("Risk: rules in quarantine", "max(lookup_risk_rules_quarantined)", explained="Too slow, or they fail."),
    Panel(
        "Risk: states unreadable",
        "sum(rate(lookup_risk_unreadable_states_total[5m]))",
        "eps",
        explained="Of a newer version of the job, or damaged.",
    ),
    Panel(
        "Webhook: verdicts read",
        "sum by (choice) (rate(webhook_verdicts_total[5m]))",
        "eps",
        "{{choice}}",
        "Sent, or why not.",
    ),
    Panel("Webhook: requests", "sum by (result) (rate(webhook_attempts_total[5m]))", "reqps", "{{result}}"),
    Panel(
        "Webhook: delivered and given up",
        'sum by (__name__) (increase({__name__=~"webhook_(delivered|given_up|unreadable)_total"}[1h]))',
        legend="{{__name__}}",
        explained="Within an hour.",
    ),
    Panel(
        "Webhook: delivery time, p99",
        "histogram_quantile(0.99, sum by (le) (rate(webhook_delivery_seconds_bucket[5m])))",
        "s",
        explained="From the first request until the receiver has accepted.",
    ),
)
