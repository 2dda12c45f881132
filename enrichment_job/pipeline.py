"""The pipeline: this function is the architecture diagram.

raw topic ─▶ batches ─▶ hot path ──cached───────────▶ one per purpose ────┐
                         │  │  └─miss─▶ PENDING ─▶ cold path ─▶ likewise ─┤─▶ records ─▶ one exactly-once sink,
                         │  └─▶ LATE ─────────────────────────────────────┤              topic and key per record
                         ├────▶ FAILED ◀── cold path ─────────────────────┤
                         └────▶ SUPPRESSED ◀── cold path ─────────────────┘

From ``batches`` to ``records`` every element is a batch of records, because a call from the JVM into Python costs
nearly as much as the work on one event (docs/decisions/0017-batches.md).
"""

from pyflink.datastream import StreamExecutionEnvironment

from common.flink.batching import batch_type, in_batches
from common.flink.exactly_once_sink import write_exactly_once
from common.flink.side_outputs import side_output
from contracts.fixed_topics import OUTCOMES
from contracts.purposes.model import Purpose
from enrichment_job.config import JobConfig
from enrichment_job.operators.cold_path import ColdPath
from enrichment_job.operators.hot_path import HotPath
from enrichment_job.operators.pending_events import bucket_hashes, keyed_by_bucket
from enrichment_job.output.side_outputs import FAILED, LATE, PENDING, SUPPRESSED, pending_type
from enrichment_job.runtime import RuntimeConfig
from enrichment_job.source import raw_source, watermarks

_COLD_FLUSH_MS = 5
"""The cold path's output is thin: left to itself a network buffer waits for the next checkpoint barrier. The hot
path's buffers fill within milliseconds, and flushing them as often made latency worse, not better
(docs/decisions/0005-flush-and-linger.md)."""


def build(
    env: StreamExecutionEnvironment, config: JobConfig, purposes: tuple[Purpose, ...], crawlers: tuple[str, ...] = ()
) -> None:
    """Lay the whole job out on ``env``. Every operator has a uid, so that savepoints survive changes around it.

    :param crawlers: the lines of the operator's own list of crawlers.
    """
    runtime = RuntimeConfig(config.lookup, config.privacy, purposes, config.internal_hosts, config.tracing, crawlers)

    raw = env.from_source(raw_source(config.kafka, config.source), watermarks(config.source), "raw events").uid(
        "raw-source"
    )

    hot = (
        in_batches(raw)
        .process(HotPath(config.source, runtime, bucket_hashes()), output_type=batch_type())
        .name("hot path")
        .uid("hot-path")
    )
    cold = (
        keyed_by_bucket(side_output(hot, PENDING, pending_type()))
        .process(ColdPath(runtime), output_type=batch_type())
        .name("cold path")
        .uid("cold-path")
        .set_buffer_timeout(_COLD_FLUSH_MS)
    )

    enriched = hot.union(cold)
    failed = side_output(hot, FAILED, batch_type()).union(side_output(cold, FAILED, batch_type()))
    suppressed = side_output(hot, SUPPRESSED, batch_type()).union(side_output(cold, SUPPRESSED, batch_type()))
    late = side_output(hot, LATE, batch_type())

    write_exactly_once(
        enriched.union(failed, suppressed, late),
        [*(purpose.topic for purpose in purposes), *(topic.name for topic in OUTCOMES)],
        config.kafka,
        config.sink,
    )
