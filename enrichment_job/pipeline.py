"""The pipeline: this function is the architecture diagram.

raw topic ─▶ hot path ──cached───────────▶ one per purpose ────┐
              │  │  └─miss─▶ PENDING ─▶ cold path ─▶ likewise ─┤─▶ one exactly-once sink,
              │  └─▶ LATE ─────────────────────────────────────┤   topic and key per record
              ├────▶ FAILED ◀── cold path ─────────────────────┤
              └────▶ SUPPRESSED ◀── cold path ─────────────────┘
"""

from functools import partial

from pyflink.datastream import StreamExecutionEnvironment

from common.flink.exactly_once_sink import write_exactly_once
from common.flink.side_outputs import record_type, side_output
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
    record = partial(record_type, with_headers=config.tracing.is_on)

    raw = env.from_source(raw_source(config.kafka, config.source), watermarks(config.source), "raw events").uid(
        "raw-source"
    )

    hot = (
        raw.process(HotPath(config.source, runtime, bucket_hashes()), output_type=record())
        .name("hot path")
        .uid("hot-path")
    )
    cold = (
        keyed_by_bucket(side_output(hot, PENDING, pending_type()))
        .process(ColdPath(runtime), output_type=record())
        .name("cold path")
        .uid("cold-path")
        .set_buffer_timeout(_COLD_FLUSH_MS)
    )

    enriched = hot.union(cold)
    failed = side_output(hot, FAILED, record()).union(side_output(cold, FAILED, record()))
    suppressed = side_output(hot, SUPPRESSED, record()).union(side_output(cold, SUPPRESSED, record()))
    late = side_output(hot, LATE, record())

    write_exactly_once(
        env,
        enriched.union(failed, suppressed, late),
        [*(purpose.topic for purpose in purposes), *(topic.name for topic in OUTCOMES)],
        config.kafka,
        config.sink,
        with_headers=config.tracing.is_on,
    )
