"""The least that an exactly-once job can do: it writes every raw value with its time to one topic.

A baseline for latency. No Python runs for a record, and it does not use the enrichment job's sink. Source, sink and
brokers have the settings of the enrichment job's property file, which it reads in the same way.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from contracts.fixed_topics import RAW
from enrichment_job.config import JobConfig, load

TOPIC = "bench.pass_through.v1"
_COLUMNS = "`value` BYTES, `at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp'"


def source(config: JobConfig) -> str:
    """The table of raw records, from the group's offsets, or else from where the configuration says."""
    return _table(
        "raw_records",
        {
            "topic": RAW.name,
            "scan.startup.mode": "group-offsets",
            "scan.topic-partition-discovery.interval": "60 s",
            "properties.bootstrap.servers": config.kafka.bootstrap_servers,
            "properties.group.id": config.source.group_id,
            "properties.auto.offset.reset": config.source.start,
            "properties.fetch.min.bytes": str(config.source.fetch_min_bytes),
            "properties.fetch.max.wait.ms": str(config.source.fetch_max_wait_ms),
        },
    )


def sink(config: JobConfig) -> str:
    """The table of passed records: exactly once, with pooled transactions as the enrichment job has them."""
    return _table(
        "passed_records",
        {
            "topic": TOPIC,
            "sink.delivery-guarantee": "exactly-once",
            "sink.transactional-id-prefix": config.sink.transactional_id_prefix,
            "sink.transaction-naming-strategy": "POOLING",
            "properties.bootstrap.servers": config.kafka.bootstrap_servers,
            "properties.transaction.timeout.ms": str(config.sink.transaction_timeout_ms),
            "properties.linger.ms": str(config.sink.linger_ms),
            "properties.compression.type": config.sink.compression_type,
            "properties.max.request.size": str(4 * 1024 * 1024),
        },
    )


def _table(name: str, options: Mapping[str, str]) -> str:
    every = {"connector": "kafka", "format": "raw", **options}
    listed = ", ".join(f"'{key}' = '{text}'" for key, text in every.items())
    return f"CREATE TEMPORARY TABLE {name} ({_COLUMNS}) WITH ({listed})"


def main() -> None:
    # Here, so that the process that measures can know the topic's name without loading Flink.
    from pyflink.datastream import StreamExecutionEnvironment  # noqa: PLC0415
    from pyflink.table import StreamTableEnvironment  # noqa: PLC0415

    config = load(Path(os.environ["APPLICATION_PROPERTIES"]))
    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    tables.get_config().set("pipeline.name", "pass-through")
    tables.execute_sql(source(config))
    tables.execute_sql(sink(config))
    tables.execute_sql("INSERT INTO passed_records SELECT `value`, `at` FROM raw_records")


if __name__ == "__main__":
    main()
