"""The pipeline: this function is the architecture diagram.

enriched events ──┐                  ┌─▶ sessionized events ─┐
                  ├─▶ keyed by ──▶ behaviour ─▶ sessions ────┤─▶ one exactly-once sink,
messages ─────────┘   visitor        ├─▶ late events ────────┤    topic and key per record
   ▲                                 ├─▶ identities ─────────┤
   │                                 ├─▶ features ───────────┤    and features to their store (Redis), at once
   └─────────────────────────────────┴── messages ◀──────────┘

``behaviour`` is the only operator in Python: two of them in one task manager wait for each other's interpreter. What
one visitor's state tells another's goes through the topic of messages, in the transaction of everything else. So that
is exactly once as well, and a commit interval later (docs/decisions/0020-sessions.md).
"""

from pyflink.datastream import StreamExecutionEnvironment

from applications.behaviour.config import Config
from applications.behaviour.operator import BehaviourOperator
from common.flink.batching import batch_type
from common.flink.exactly_once_sink import write_exactly_once
from common.flink.keyed_source import committed_records, keyed_stream, no_time, running_clock, source_stream
from contracts.fixed_topics import BEHAVIOUR, BEHAVIOUR_MESSAGES, FEATURES, enriched_name


def build(env: StreamExecutionEnvironment, config: Config, features: str = "") -> None:
    """Lay the whole job out on ``env``. Every operator has a uid, so that savepoints survive changes around it.

    :param features: the text of their file; empty: none are kept.
    """
    job, kafka = config.job, config.kafka
    events = source_stream(
        env,
        committed_records(kafka, (enriched_name(job.purpose),), job.group_id, job.start),
        running_clock(job.out_of_orderness_ms, job.quiet_ms, config.sessions.lateness_ms),
        "events",
        "behaviour-events",
    )
    messages = source_stream(
        env,
        committed_records(kafka, (BEHAVIOUR_MESSAGES.name,), job.group_id, job.start),
        no_time(),
        "messages",
        "behaviour-messages",
    )
    visitors = keyed_stream(events, messages)
    operator = BehaviourOperator(config, features)
    records = visitors.process(operator, output_type=batch_type()).name("behaviour").uid("behaviour")
    write_exactly_once(records, [topic.name for topic in (*BEHAVIOUR, FEATURES)], config.kafka, config.sink)
