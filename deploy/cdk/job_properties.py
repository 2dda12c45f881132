"""A job's property groups on the managed service: its reference file with this environment's values put in."""

from common.flink.property_groups import SERVICE_GROUPS, Groups, changed, read
from contracts.topics import BEHAVIOUR_EVENTS
from deploy.cdk.foundation import FoundationStack
from deploy.cdk.settings import Settings
from deploy.job_spec import JobSpec, PropertyKey, Resource

(RUN_GROUP,) = SERVICE_GROUPS

KAFKA_IAM = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}


def offered(
    job: JobSpec, settings: Settings, foundation: FoundationStack, *, bootstrap_servers: str, place: str | None
) -> dict[Resource, str]:
    """What this environment offers its jobs; ``place`` is the URI of the job's own bucket.

    The template has references to secrets alone. But whoever may describe the deployed application sees the lookup
    service's key and the password of the opt-outs' store.
    """
    found: dict[Resource, str] = {
        "kafka": bootstrap_servers,
        "lookup_url": f"https://{settings.lookup_host}",
        "lookup_api_key": foundation.lookup_api_key.secret_value.unsafe_unwrap(),
        "opt_outs_url": foundation.opt_outs_url.secret_value.unsafe_unwrap(),
        "privacy_keys": f"secretsmanager:{foundation.privacy_keys.secret_arn}",
        "cache_url": foundation.redis_url.secret_value.unsafe_unwrap(),
        # Not those of behaviour, which are analytics once more: who wants them there names them.
        "purposes": ",".join(each.purpose for each in job.reads if each.purpose and each != BEHAVIOUR_EVENTS),
    }
    if place is not None:
        found["store"] = place
    return found


def property_groups(
    job: JobSpec, resources: dict[Resource, str], changes: Groups | None = None
) -> dict[str, dict[str, str]]:
    """Group → key → text. Every key of the reference file is set, so that no default is hidden.

    Except for keys without a text: the service refuses those, and the job's default for them is the same.
    """
    kafka = {job.resources["kafka"].group: KAFKA_IAM}
    run = {RUN_GROUP: job.run_options}
    groups = changed(read(job.reference), job.located(resources), kafka, run, changes or {})
    return {name: {key: text for key, text in values.items() if text} for name, values in groups.items()}


def value(groups: Groups, place: PropertyKey) -> str:
    """What the job will find under a key."""
    return groups[place.group][place.key]
