"""Jobs on a local stack: a property file with the stack's addresses, and the submission. A job's row says the rest."""

from pathlib import Path

from common.flink.property_groups import ConfigError, Groups, changed, read, write
from contracts.purposes.load import REFERENCE as POLICY
from core.privacy.new_keys import ensure_keys
from deploy.build.jars import ensure
from deploy.job_spec import JobSpec, Resource
from deploy.paths import FEATURES_FILE, PROJECT
from deploy.profiles import Profile
from local_stack.errors import JobSubmitError
from local_stack.flink.cluster import FlinkCluster
from local_stack.flink.config import flink_uri
from local_stack.stack import LocalStack

RULES = PROJECT / "deploy" / "rules"
SITE_HOST = "www.market.example"
"""The site of the generated stream."""


def machine_resources(job: JobSpec, run_dir: Path) -> dict[Resource, str]:
    """What a job finds on this machine without any server: the policy, the run's keys, the site's own host."""
    offered: dict[Resource, str] = {
        "policy": str(POLICY),
        "site_hosts": SITE_HOST,
        "rules": str(RULES),
        "features": str(FEATURES_FILE),
    }
    if "privacy_keys" in job.resources:
        offered["privacy_keys"] = keys_source(run_dir)
    return offered


def keys_source(run_dir: Path) -> str:
    """The place of the run's key ring, which is made if there is none."""
    return f"file:{ensure_keys(run_dir / 'privacy_keys.json')}"


def stored_at(job: JobSpec, place: Path | str) -> Groups:
    """The properties that make the job write to ``place``, a directory or a URI."""
    return job.located({"store": place if isinstance(place, str) else flink_uri(place.resolve())})


def write_properties(stack: LocalStack, job: JobSpec, changes: Groups | None = None) -> Path:
    """The job's reference properties with this stack's addresses, then ``changes`` (group → key → text), in the run
    directory.

    Raises StackError where the job asks the lookup service, the stack has none, and ``changes`` names none.
    """
    changes = changes or {}
    offered = machine_resources(job, stack.run_dir)
    offered["kafka"] = stack.bootstrap_servers
    offered["opt_outs_url"] = stack.optouts_url if stack.options.with_lookup else ""
    offered["cache_url"] = stack.redis_url if stack.options.with_lookup else ""
    if "lookup_url" in job.resources:
        group, key = job.resources["lookup_url"]
        if key not in changes.get(group, {}):
            offered["lookup_url"] = stack.lookup_url
    return write(stack.run_dir / job.reference.name, changed(read(job.reference), job.located(offered), changes))


def submit(
    stack: LocalStack,
    job: JobSpec,
    changes: Groups | None = None,
    *,
    cluster: FlinkCluster | None = None,
    entry: Path | None = None,
    profile: Profile | None = None,
    parallelism: int = 1,
    savepoint: str | None = None,
    timeout_s: float = 90.0,
) -> str:
    """Submit a job and wait until all of it runs; returns the job id. Needs as many free slots as ``parallelism``.

    :param changes: properties that differ, group → key → text.
    :param cluster: one beside the stack's own.
    :param entry: a program in place of the job's own.
    :param profile: in place of the job's local one, without which the job has the cluster's settings.
    :param savepoint: path or URI of a savepoint or retained checkpoint to start from.

    Raises JobSubmitError, JobFailedError or NotReadyError, each with the job's own error.
    """
    cluster = cluster or stack.flink
    profile = profile or job.local_profile
    properties = write_properties(stack, job, changes)
    try:
        job.check(properties)
    except ConfigError as error:
        # The job would say the same, seconds later.
        raise JobSubmitError(f"configuration: {error}") from error
    job_id = cluster.submit(
        entry or job.entry_file,
        parallelism=parallelism,
        savepoint=savepoint,
        properties_path=properties,
        jar=ensure(job.local_jar) if job.local_jar is not None else None,
        settings=profile.flink_settings() if profile is not None else {},
    )
    cluster.rest.wait_running(job_id, timeout_s)
    return job_id
