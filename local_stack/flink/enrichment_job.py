"""The enrichment job on a local stack: its properties file, and its submission."""

from pathlib import Path

from common.flink.property_groups import Groups, changed, read, write
from contracts.purposes.load import REFERENCE as PURPOSES
from core.privacy.new_keys import ensure_keys
from deploy.paths import PROJECT, REFERENCE
from local_stack.stack import LocalStack

ENTRY = PROJECT / "enrichment_job" / "main.py"
SITE_HOST = "www.market.example"
"""Of the generated stream."""


def job_exists() -> bool:
    return ENTRY.exists()


def local_job(run_dir: Path, optouts_url: str) -> dict[str, dict[str, str]]:
    """The properties that every local job has: this project's policy, keys of this machine, the site's own host."""
    return {
        "job": {"purposes.path": str(PURPOSES), "internal.hosts": SITE_HOST},
        "privacy": {
            "keys.source": keys_source(run_dir),
            "suppression.redis.url": optouts_url,
        },
    }


def keys_source(run_dir: Path) -> str:
    """The place of the run's key ring, which is made if need be."""
    return f"file:{ensure_keys(run_dir / 'privacy_keys.json')}"


def write_properties(stack: LocalStack, changes: Groups | None = None) -> Path:
    """The reference properties with this stack's addresses and then ``changes`` (group → key → text) put in.

    Raises StackError where the stack has no lookup service and ``changes`` names no ``lookup.url``.
    """
    addresses: dict[str, dict[str, str]] = {"kafka": {"bootstrap.servers": stack.bootstrap_servers}}
    addresses |= local_job(stack.run_dir, stack.optouts_url if stack.options.with_lookup else "")
    if "url" not in (changes or {}).get("lookup", {}):
        addresses["lookup"] = {"url": stack.lookup_url}
    return write(stack.run_dir / "application_properties.json", changed(read(REFERENCE), addresses, changes or {}))


def submit_enrichment_job(stack: LocalStack, changes: Groups | None = None, *, timeout_s: float = 90.0) -> str:
    """Submit the job with one task per TaskManager and wait until all of it runs; returns the job id.

    Raises JobSubmitError, JobFailedError or NotReadyError, each with the job's own error.
    """
    job_id = stack.flink.submit(
        ENTRY, parallelism=stack.options.taskmanagers, properties_path=write_properties(stack, changes)
    )
    stack.flink.rest.wait_running(job_id, timeout_s)
    return job_id
