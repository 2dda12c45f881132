"""The job's property groups on the managed service: the reference file, with this environment's values put in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deploy.cdk.settings import Settings
from deploy.package.target import ENRICHMENT, LAKE
from local_stack.paths import PROJECT

REFERENCE = PROJECT / "deploy" / "application_properties.json"
LAKE_REFERENCE = PROJECT / "deploy" / "lake_properties.json"
RUN_GROUP = "kinesis.analytics.flink.run.options"

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
    redis_url: str
    privacy_keys_arn: str


Groups = Mapping[str, Mapping[str, str]]


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
            "suppression.redis.url": secrets.redis_url,
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
    found = msgspec.json.decode(reference.read_bytes(), type=list[dict[str, str | dict[str, str]]])
    groups = {str(group["PropertyGroupId"]): dict(group["PropertyMap"]) for group in found}  # type: ignore[arg-type]
    for change in changes:
        for name, values in change.items():
            groups.setdefault(name, {}).update(values)
    return {name: {key: text for key, text in values.items() if text} for name, values in groups.items()}
