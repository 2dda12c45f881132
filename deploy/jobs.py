"""The one table of Flink jobs. Archive, image, local submission, container, CDK stack, permissions and alarms take what
they need from a job's row, and nothing else in build or deployment knows a job by name.

To add a job:

1. Its folder: a module with a function ``main``, the model of its properties with a function that loads a property
   file, the reference property file with every key and its default, and the same for Docker Compose with what differs.
2. A row here. Its own topics go into ``contracts/topics.py``, its libraries into an extra of ``pyproject.toml``.
3. Three services in Docker Compose (JobManager, TaskManager, submission) and their names in Prometheus's targets.

``tests/deploy/test_jobs.py`` walks the table and names what a row refers to and does not exist.
"""

from collections.abc import Mapping
from types import MappingProxyType

from contracts import fixed_topics
from contracts.topics import BEHAVIOUR_EVENTS, ENRICHED, OUTCOMES, RAW, SECURITY
from deploy import profiles
from deploy.jars import LAKE_SERVICE, PARQUET, SERVICE
from deploy.job_spec import CloudNames, Container, JobSpec, PropertyKey
from deploy.paths import PROJECT

ENRICHMENT = JobSpec(
    name="enrichment",
    entry="enrichment_job.main",
    config="enrichment_job.config:load",
    reference=PROJECT / "deploy" / "application_properties.json",
    packages=("contracts", "common", "core", "enrichment_job"),
    extras=("job-runtime",),
    files=("contracts/purposes/purposes.yaml",),
    jar=SERVICE,
    resources={
        "kafka": PropertyKey("kafka", "bootstrap.servers"),
        "lookup_url": PropertyKey("lookup", "url"),
        "lookup_api_key": PropertyKey("lookup", "api.key"),
        "opt_outs_url": PropertyKey("privacy", "suppression.redis.url"),
        "privacy_keys": PropertyKey("privacy", "keys.source"),
        "policy": PropertyKey("job", "purposes.path"),
        "site_hosts": PropertyKey("job", "internal.hosts"),
    },
    group_id=PropertyKey("source", "group.id"),
    transactions=PropertyKey("sink", "transactional.id.prefix"),
    reads=(RAW,),
    writes=(*ENRICHED, *OUTCOMES),
    production_profile=profiles.PRODUCTION,
    container=Container(
        prefix="",
        properties=PROJECT / "deploy" / "compose" / "application_properties.json",
        profile=profiles.COMPOSE,
    ),
    # Deployed under these names before there was a table.
    cloud=CloudNames(
        stack="Application",
        description="Clickstream enrichment: the Flink application",
        group="JobGroup",
        group_description="The Flink application",
        log_stream="flink",
        alarm_prefix="",
    ),
    alarms=("flink", "outcomes", "lookup", "opt_outs", "kafka", "input"),
    scales_by_lag=True,
)
LAKE = JobSpec(
    name="lake",
    entry="lake.main",
    config="lake.config:load",
    reference=PROJECT / "deploy" / "lake_properties.json",
    packages=("contracts", "common", "lake"),
    extras=("lake-runtime",),
    jar=LAKE_SERVICE,
    local_jar=PARQUET,
    resources={
        "kafka": PropertyKey("kafka", "bootstrap.servers"),
        "store": PropertyKey("lake", "path"),
        "purposes": PropertyKey("lake", "purposes"),
    },
    group_id=PropertyKey("lake", "group.id"),
    # What it may read. The events of the purpose behaviour are those of analytics once more, with ids: a lake has them,
    # for training sets, where the property lake.purposes names them, and sessions where lake.sessions says so.
    reads=(*ENRICHED, fixed_topics.SESSIONS),
    parallelism=4,
    local_profile=profiles.LAKE_LOCAL,
    production_profile=profiles.LAKE_PRODUCTION,
    container=Container(
        prefix="lake-",
        properties=PROJECT / "deploy" / "compose" / "lake_properties.json",
        profile=profiles.LAKE_COMPOSE,
        flink={
            "jobmanager.memory.process.size": "896m",
            "taskmanager.memory.process.size": "1280m",
            # No Python runs here and no state is kept by key. The heap gets what RocksDB and the interpreter would
            # take, because row groups of open files grow there.
            "taskmanager.memory.managed.size": "16m",
            "taskmanager.memory.jvm-overhead.min": "192m",
            "taskmanager.memory.jvm-overhead.max": "192m",
        },
    ),
    cloud=CloudNames.of("lake", "the lake"),
)
BEHAVIOUR = JobSpec(
    name="behaviour",
    entry="applications.behaviour.main",
    config="applications.behaviour.config:load",
    reference=PROJECT / "deploy" / "behaviour_properties.json",
    packages=("contracts", "common", "core", "applications"),
    extras=("behaviour-runtime",),
    files=("deploy/features.yaml",),
    jar=SERVICE,
    resources={
        "kafka": PropertyKey("kafka", "bootstrap.servers"),
        "opt_outs_url": PropertyKey("privacy", "suppression.redis.url"),
        "features": PropertyKey("features", "path"),
        "cache_url": PropertyKey("features", "redis.url"),
    },
    group_id=PropertyKey("job", "group.id"),
    transactions=PropertyKey("sink", "transactional.id.prefix"),
    reads=(BEHAVIOUR_EVENTS, fixed_topics.BEHAVIOUR_MESSAGES),
    writes=(*fixed_topics.BEHAVIOUR, fixed_topics.FEATURES),
    restores=(fixed_topics.FEATURES,),
    parallelism=4,
    local_profile=profiles.BEHAVIOUR_LOCAL,
    production_profile=profiles.BEHAVIOUR_PRODUCTION,
    container=Container(
        prefix="behaviour-",
        properties=PROJECT / "deploy" / "compose" / "behaviour_properties.json",
        profile=profiles.BEHAVIOUR_COMPOSE,
    ),
    cloud=CloudNames.of("behaviour", "sessions and features"),
    alarms=("flink", "sessions", "features", "kafka"),
)
ACCOUNT_SECURITY = JobSpec(
    name="account_security",
    entry="applications.account_security.main",
    config="applications.account_security.config:load",
    reference=PROJECT / "deploy" / "account_security_properties.json",
    packages=("contracts", "common", "core", "applications"),
    extras=("account-security-runtime",),
    folders=("deploy/rules",),
    jar=SERVICE,
    resources={
        "kafka": PropertyKey("kafka", "bootstrap.servers"),
        "rules": PropertyKey("rules", "path"),
        "cache_url": PropertyKey("risk", "redis.url"),
    },
    group_id=PropertyKey("job", "group.id"),
    transactions=PropertyKey("sink", "transactional.id.prefix"),
    reads=(SECURITY, fixed_topics.LABELS, fixed_topics.RULES),
    writes=fixed_topics.ACCOUNT_SECURITY,
    # Of a billion events a day 3 to 4% are of this purpose: about 1,000 a second at the peak.
    parallelism=2,
    local_profile=profiles.ACCOUNT_SECURITY_LOCAL,
    production_profile=profiles.ACCOUNT_SECURITY_PRODUCTION,
    container=Container(
        prefix="account-security-",
        properties=PROJECT / "deploy" / "compose" / "account_security_properties.json",
        profile=profiles.ACCOUNT_SECURITY_COMPOSE,
    ),
    cloud=CloudNames.of("account_security", "account security"),
    alarms=("flink", "kafka"),
)
FEATURES = JobSpec(
    name="features",
    entry="applications.features.main",
    config="applications.features.config:load",
    reference=PROJECT / "deploy" / "features_properties.json",
    packages=("contracts", "common", "core", "applications"),
    extras=("features-runtime",),
    files=("deploy/features.yaml",),
    jar=SERVICE,
    resources={
        "kafka": PropertyKey("kafka", "bootstrap.servers"),
        "features": PropertyKey("features", "path"),
        "cache_url": PropertyKey("features", "redis.url"),
    },
    group_id=PropertyKey("job", "group.id"),
    transactions=PropertyKey("sink", "transactional.id.prefix"),
    reads=(fixed_topics.SESSIONIZED, SECURITY, fixed_topics.BEHAVIOUR_MESSAGES),
    writes=(fixed_topics.FEATURES,),
    restores=(fixed_topics.FEATURES,),
    parallelism=4,
    local_profile=profiles.FEATURES_LOCAL,
    production_profile=profiles.FEATURES_PRODUCTION,
    container=Container(
        prefix="features-",
        properties=PROJECT / "deploy" / "compose" / "features_properties.json",
        profile=profiles.FEATURES_COMPOSE,
    ),
    cloud=CloudNames.of("features", "features of accounts, listings and sellers"),
    alarms=("flink", "features", "kafka"),
)

JOBS: Mapping[str, JobSpec] = MappingProxyType(
    {spec.name: spec for spec in (ENRICHMENT, BEHAVIOUR, ACCOUNT_SECURITY, FEATURES, LAKE)}
)
