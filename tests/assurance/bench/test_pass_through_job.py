"""The pass-through has the enrichment job's own settings of source and sink, so that only the work differs."""

from pathlib import Path

from assurance.bench.pass_through_job import TOPIC, sink, source
from common.flink.property_groups import changed, read, write
from contracts.topics import RAW
from deploy.jobs import ENRICHMENT
from enrichment_job.config import JobConfig, load


def config(tmp_path: Path) -> JobConfig:
    changes = {
        "source": {"group.id": "own-group", "start": "latest", "fetch.max.wait.ms": "7"},
        "sink": {"transactional.id.prefix": "own-prefix", "linger.ms": "9", "compression.type": "zstd"},
    }
    return load(write(tmp_path / "properties.json", changed(read(ENRICHMENT.reference), changes)))


def test_the_source_reads_as_the_job_is_configured(tmp_path: Path) -> None:
    statement = source(config(tmp_path))
    for option in (
        f"'topic' = '{RAW.name}'",
        "'properties.group.id' = 'own-group'",
        "'properties.auto.offset.reset' = 'latest'",
        "'properties.fetch.max.wait.ms' = '7'",
    ):
        assert option in statement


def test_the_sink_writes_exactly_once_as_the_job_is_configured(tmp_path: Path) -> None:
    statement = sink(config(tmp_path))
    for option in (
        f"'topic' = '{TOPIC}'",
        "'sink.delivery-guarantee' = 'exactly-once'",
        "'sink.transaction-naming-strategy' = 'POOLING'",
        "'sink.transactional-id-prefix' = 'own-prefix'",
        "'properties.linger.ms' = '9'",
        "'properties.compression.type' = 'zstd'",
    ):
        assert option in statement
