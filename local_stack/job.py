"""The enrichment job on a local stack: its properties file, and its submission."""

import json
from collections.abc import Mapping
from pathlib import Path

from enrichment_job.privacy.new_keys import ensure_keys
from local_stack.paths import PROJECT
from local_stack.stack import LocalStack

ENTRY = PROJECT / "enrichment_job" / "main.py"
REFERENCE = PROJECT / "deploy" / "application_properties.json"
SITE_HOST = "www.market.example"
"""Of the generated stream."""

Groups = Mapping[str, Mapping[str, str]]


def job_exists() -> bool:
    return ENTRY.exists()


def local_job(run_dir: Path, redis_url: str) -> dict[str, dict[str, str]]:
    """The properties that every local job has: this project's policy, keys of this machine, the site's own host."""
    return {
        "job": {"purposes.path": str(PROJECT / "deploy" / "purposes.yaml"), "internal.hosts": SITE_HOST},
        "privacy": {
            "keys.source": f"file:{ensure_keys(run_dir / 'privacy_keys.json')}",
            "suppression.redis.url": redis_url,
        },
    }


def write_properties(stack: LocalStack, changes: Groups | None = None) -> Path:
    """The reference properties with this stack's addresses and then ``changes`` (group → key → text) put in.

    Raises StackError where the stack has no lookup service and ``changes`` names no ``lookup.url``.
    """
    groups = {str(group["PropertyGroupId"]): dict(group["PropertyMap"]) for group in json.loads(REFERENCE.read_text())}
    addresses: dict[str, dict[str, str]] = {"kafka": {"bootstrap.servers": stack.bootstrap_servers}}
    addresses |= local_job(stack.run_dir, stack.redis_url if stack.options.with_lookup else "")
    if "url" not in (changes or {}).get("lookup", {}):
        addresses["lookup"] = {"url": stack.lookup_url}
    for update in (addresses, changes or {}):
        for name, values in update.items():
            groups.setdefault(name, {}).update(values)
    path = stack.run_dir / "application_properties.json"
    shape = [{"PropertyGroupId": name, "PropertyMap": values} for name, values in groups.items()]
    path.write_text(json.dumps(shape, indent=2) + "\n")
    return path


def submit_enrichment_job(stack: LocalStack, changes: Groups | None = None, *, timeout_s: float = 90.0) -> str:
    """Submit the job with one task per TaskManager and wait until all of it runs; returns the job id.

    Raises JobSubmitError, JobFailedError or NotReadyError, each with the job's own error.
    """
    job_id = stack.flink.submit(
        ENTRY, parallelism=stack.options.taskmanagers, properties_path=write_properties(stack, changes)
    )
    stack.flink.rest.wait_running(job_id, timeout_s)
    return job_id
