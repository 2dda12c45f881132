"""The lake job on a local stack: its properties file, and its submission beside the enrichment job."""

from pathlib import Path

from common.flink.property_groups import changed, read, write
from deploy.build.jars import ensure_lake_jar
from deploy.paths import LAKE_REFERENCE, PROJECT
from local_stack.flink.cluster import FlinkCluster
from local_stack.flink.config import duration, flink_uri
from local_stack.stack import LocalStack

ENTRY = PROJECT / "lake" / "main.py"
CHECKPOINT_MS = 10_000
"""A file is complete with a checkpoint, so fewer of them make larger files; the enrichment job's 50 ms would make
twenty files a second."""


def write_lake_properties(stack: LocalStack, path: Path | str, changes: dict[str, str] | None = None) -> Path:
    """The reference file with the stack's brokers and these values, in the run directory, named by the group."""
    own = {"path": path if isinstance(path, str) else flink_uri(path.resolve()), **(changes or {})}
    groups = changed(read(LAKE_REFERENCE), {"kafka": {"bootstrap.servers": stack.bootstrap_servers}, "lake": own})
    return write(stack.run_dir / f"{groups['lake']['group.id']}.json", groups)


def submit_lake_job(
    stack: LocalStack,
    path: Path | str,
    changes: dict[str, str] | None = None,
    *,
    cluster: FlinkCluster | None = None,
    entry: Path = ENTRY,
    checkpoint_ms: int = CHECKPOINT_MS,
    parallelism: int = 1,
    savepoint: str | None = None,
    timeout_s: float = 90.0,
) -> str:
    """Submit and wait until all of it runs; returns the job id.

    ``path`` is a directory or an ``s3://`` URI, ``changes`` are of the property group ``lake``, ``cluster`` is one
    beside the stack's own.

    Needs a free slot. Raises JobSubmitError, JobFailedError or NotReadyError, each with the job's own error.
    """
    cluster = cluster or stack.flink
    job_id = cluster.submit(
        entry,
        parallelism=parallelism,
        savepoint=savepoint,
        properties_path=write_lake_properties(stack, path, changes),
        jar=ensure_lake_jar(),
        settings={"execution.checkpointing.interval": duration(checkpoint_ms)},
    )
    cluster.rest.wait_running(job_id, timeout_s)
    return job_id
