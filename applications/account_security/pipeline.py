"""The pipeline: this function is the architecture diagram.

enriched security ─▶ observe ─┬──────────────────────────▶ keyed by ──▶ judge ─▶ verdicts, one exactly-once sink
events, uncommitted           │                             subject ▲
                              └─▶ keyed by facet ─▶ facets ─ parts ─┤
labels ─▶ read ─────────────────────────────────────────────────────┘

Events are read before they are committed, and verdicts are for readers who do not wait for commits: a verdict that
comes a second later is of little use. Whoever reads so may read a verdict again after a restart; equal ones have the
same id. What two accounts share is known by the facet's state alone, so that an attack on many accounts is seen without
any of their states. Verdicts are told anew when events come late, so live events need no event time. It says how far
all partitions have been read: while the job catches up, facets take their events in that order.
"""

from collections.abc import Mapping

from pyflink.datastream import DataStream, StreamExecutionEnvironment

from applications.account_security.config import Config
from applications.account_security.operators.facets import Facets
from applications.account_security.operators.judge import Judge
from applications.account_security.operators.observe import TO_FACETS, Observe, ReadLabels
from common.flink.batching import batch_type
from common.flink.exactly_once_sink import write_exactly_once
from common.flink.keyed_source import (
    keyed_row_type,
    keyed_stream,
    no_time,
    read_up_to,
    source_stream,
    uncommitted_values,
)
from common.flink.side_outputs import side_output
from contracts.fixed_topics import ACCOUNT_SECURITY, LABELS, enriched_name

_FLUSH_MS = 1
"""How long a network buffer that is not full waits. Events are few, and each verdict passes two of them."""


def build(env: StreamExecutionEnvironment, config: Config, files: Mapping[str, str]) -> None:
    """Lay the whole job out on ``env``. Every operator has a uid, so that savepoints survive changes around it.

    :param files: the rules: file name → text.
    """
    job, kafka = config.job, config.kafka
    events = source_stream(
        env,
        uncommitted_values(kafka, (enriched_name(job.purpose),), job.group_id, job.start),
        read_up_to(job.quiet_ms, job.live_ms),
        "events",
        "security-events",
    )
    labels = source_stream(
        env, uncommitted_values(kafka, (LABELS.name,), job.group_id, job.start), no_time(), "labels", "security-labels"
    )
    row = keyed_row_type
    observed = _prompt(events.process(Observe(config, files), output_type=row()), "observe")
    read = _prompt(labels.process(ReadLabels(), output_type=row()), "read-labels")
    asked = keyed_stream(side_output(observed, TO_FACETS, row()))
    parts = _prompt(asked.process(Facets(config, files), output_type=row()), "facets")
    subjects = keyed_stream(observed, parts, read)
    verdicts = _prompt(subjects.process(Judge(config, files), output_type=batch_type()), "judge")
    write_exactly_once(verdicts, [topic.name for topic in ACCOUNT_SECURITY], kafka, config.sink)


def _prompt(stream: DataStream, name: str) -> DataStream:
    return stream.name(name).uid(name).set_buffer_timeout(_FLUSH_MS)
