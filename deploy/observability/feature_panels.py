"""What the board of operations shows of features: what the job features counts, and what both jobs have to write."""

from deploy.observability.panels import BEHAVIOUR_JOB, OPERATOR, Panel, Unit, rate_of

FEATURES_JOB = 'job_name="clickstream-features"'


def _rate(title: str, counter: str, explained: str = "", job: str = FEATURES_JOB) -> Panel:
    return Panel(title, rate_of(counter, job), "eps", explained=explained)


def _store(before: str, job: str) -> tuple[Panel, ...]:
    """What a job has to write. The store is one for each process, so the highest value is that of the slowest one."""

    def of(title: str, gauge: str, unit: Unit = "short", explained: str = "") -> Panel:
        return Panel(before + title, f"max({OPERATOR}_{gauge}{{{job}}})", unit, explained=explained)

    return (
        of("waiting for Redis", "store_waiting", explained="Entities. Events wait when it is full."),
        of("Redis behind", "store_behind_ms", "ms", "How long the oldest of them has waited."),
        of("states written", "store_written", explained="Since the process's start."),
        of("time to Redis, median", "store_p50_us", "µs", "Of the last few thousand states, from the operator on."),
        of("time to Redis, p99", "store_p99_us", "µs"),
    )


FEATURES: tuple[Panel, ...] = (
    _rate("Features: events read", "events_read"),
    _rate("Features: contributions", "contributions_counted", "An event counts for an account, a listing, a seller."),
    _rate("Features: events repeated", "events_repeated", "Marked by the job behaviour: they do not count again."),
    _rate("Features: accounts' events repeated", "contributions_repeated", "Known by their ids, or older than those."),
    _rate("Features: contributions erased", "contributions_erased", "Of a time before an opt-out or an erasure."),
    _rate("Features: events ahead", "events_ahead", "Ahead of the clock: they count for nothing."),
    _rate("Features: unreadable", "events_unreadable", "No event of the topic."),
    _rate("Features: failed", "events_failed", "Met a bug: they count for nothing."),
    _rate("Features: messages unreadable", "messages_unreadable", "Between the job's operators: a bug."),
    _rate("Features: erasures read", "erasures_read", "Opt-outs and single entities."),
    _rate("Features: erasures unreadable", "erasures_unreadable", "A bug: something is not erased."),
    _rate("Features: records", "entities_published", "On their topic: an entity's changes of a second are one."),
    _rate("Features: entities erased", "entities_erased"),
    _rate("Features: entities expired", "entities_expired", "They did not change for their whole time to live."),
    *_store("Features: ", FEATURES_JOB),
    Panel(
        "Features: entities in the mirror",
        f"sum({OPERATOR}_mirror_entities{{{FEATURES_JOB}}})",
        explained="Whose state the tasks hold unpacked in memory: job.mirrored.entities for each task at most.",
    ),
    Panel("Features: records behind", f"sum({OPERATOR}_pendingRecords{{{FEATURES_JOB}}})"),
    Panel("Features: checkpoint duration", f"flink_jobmanager_job_lastCheckpointDuration{{{FEATURES_JOB}}}", "ms"),
    Panel("Features: restarts", f"flink_jobmanager_job_numRestarts{{{FEATURES_JOB}}}"),
)
OF_VISITORS: tuple[Panel, ...] = (
    _rate("Visitors' features: erased", "features_erased", "Browsers and sessions.", BEHAVIOUR_JOB),
    _rate("Visitors' features: failed", "features_failed", "Events that met a bug in features alone.", BEHAVIOUR_JOB),
    _rate(
        "Visitors' features: session incomplete",
        "session_features_incomplete",
        "Made anew by a late event when its minutes were no longer kept.",
        BEHAVIOUR_JOB,
    ),
    *_store("Visitors' features: ", BEHAVIOUR_JOB),
)
"""Browsers and their sessions, by the job behaviour."""
