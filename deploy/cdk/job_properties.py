"""The job's property groups on the managed service: the reference file, with this environment's values put in."""

from dataclasses import dataclass
from pathlib import Path

from common.flink.property_groups import SERVICE_GROUPS, Groups, changed, read
from deploy.build.target import ENRICHMENT, LAKE
from deploy.cdk.settings import Settings
from deploy.paths import LAKE_REFERENCE, REFERENCE

(RUN_GROUP,) = SERVICE_GROUPS

KAFKA_IAM = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}


@dataclass(frozen=True, kw_only=True)
class JobSecrets:
    """In the template references alone; who may describe the deployed application sees the first two."""

    lookup_api_key: str
    opt_outs_url: str
    privacy_keys_arn: str


def property_groups(settings: Settings, *, bootstrap_servers: str, secrets: JobSecrets) -> dict[str, dict[str, str]]:
    """Group → key → text: every key of the reference file is set, so that no default hides.

    But for empty ones, which the service refuses and which are defaults all the same.
    """
    own: Groups = {
        "job": {"name": settings.job_name},
        "kafka": {"bootstrap.servers": bootstrap_servers, **KAFKA_IAM},
        "source": {"group.id": settings.job_name},
        "sink": {"transactional.id.prefix": settings.job_name},
        "lookup": {"url": f"https://{settings.lookup_host}", "api.key": secrets.lookup_api_key},
        "privacy": {
            "keys.source": f"secretsmanager:{secrets.privacy_keys_arn}",
            "suppression.redis.url": secrets.opt_outs_url,
        },
        RUN_GROUP: ENRICHMENT.run_options,
    }
    return _changed(REFERENCE, own, settings.job_properties)


def lake_property_groups(settings: Settings, *, bootstrap_servers: str, place: str) -> dict[str, dict[str, str]]:
    """The same for the lake's job, which writes to ``place``, an ``s3://`` URI."""
    own: Groups = {
        "kafka": {"bootstrap.servers": bootstrap_servers, **KAFKA_IAM},
        "lake": {
            "name": settings.lake_name,
            "group.id": settings.lake_name,
            "purposes": ",".join(settings.lake_purposes),
            "path": place,
        },
        RUN_GROUP: LAKE.run_options,
    }
    return _changed(LAKE_REFERENCE, own)


def _changed(reference: Path, *changes: Groups) -> dict[str, dict[str, str]]:
    groups = changed(read(reference), *changes)
    return {name: {key: text for key, text in values.items() if text} for name, values in groups.items()}
