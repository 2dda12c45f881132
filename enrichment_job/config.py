"""Configuration: one file of property groups, the same shape on a laptop and on Managed Service for Apache Flink.

An unknown, missing or malformed key stops the start with its name. The reference with every key is
``deploy/application_properties.json``, the file's shape :mod:`common.flink.property_groups`.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from common.flink.property_groups import (
    ConfigError,
    ExactlyOnceSinkConfig,
    Groups,
    KafkaConfig,
    Millis,
    Name,
    Positive,
    PropertyGroup,
    read,
    refuse_unknown,
    typed,
)
from common.secret import RedisUrl, Secret
from contracts.lookup_api.recent import DEFAULT_RESULTS, MAX_RESULTS
from core.derived.web.crawler_rules import CrawlerRulesError, read_crawler_lines
from core.privacy.payload_protection import PayloadPolicy


class JobGroup(PropertyGroup, frozen=True, kw_only=True):
    name: Name = "clickstream-enrichment"
    execution_mode: Literal["thread", "process"] = "thread"
    purposes_path: Name = "purposes.yaml"
    """The policy file, relative to this file's directory or to the application's."""
    internal_hosts: str = ""
    """Comma-separated: the site's own hosts, subdomains included; a visit that comes from them is internal, as is one
    from the visited page's own host.
    """
    crawlers_path: str = ""
    """The operator's own list of crawlers (:mod:`core.derived.web.crawler_rules`), found as the policy file is."""


class SourceConfig(PropertyGroup, frozen=True, kw_only=True):
    group_id: Name = "clickstream-enrichment"
    start: Literal["earliest", "latest"] = "earliest"
    """Where to begin when the group has committed nothing and there is no checkpoint."""
    out_of_orderness_ms: Millis = 2_000
    allowed_lateness_ms: Millis = 60_000
    """An event older than the watermark by more than this is late."""
    fetch_min_bytes: Positive = 65_536
    fetch_max_wait_ms: Positive = 10
    idleness_ms: Positive = 30_000
    """A partition without events for so long no longer holds the watermark back. Much longer than a backlog's chunk
    of one partition takes: the clock runs on while the others' events wait, and they would all be late."""


class SinkConfig(ExactlyOnceSinkConfig, frozen=True, kw_only=True):
    transactional_id_prefix: Name = "clickstream-enrichment"


class LookupConfig(PropertyGroup, frozen=True, kw_only=True):
    url: Annotated[str, msgspec.Meta(pattern=r"^https?://")]
    api_key: Secret = Secret()
    """Where the service asks for one (``LOOKUP_API_KEYS``)."""
    deadline_ms: Positive = 500
    """How long an event may wait for its lookups; then it leaves partial or fails."""
    request_timeout_ms: Positive = 500
    """Retries included; no request outlasts the events that wait for it, whatever this says."""
    connections: Positive = 4
    batch_keys: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 500
    linger_ms: Millis = 2
    """How long the first key of a batch waits for others."""
    queue_keys: Positive = 20_000
    """Most keys that wait to be sent, about 10 MB; a further one is answered at once with what is known. More than a
    service of 40,000 keys/s could answer within the deadline."""
    attempts: Positive = 3
    breaker_failures: Positive = 5
    breaker_open_ms: Millis = 1_000
    cache_entries: Positive = 200_000
    """Per kind of key."""
    cache_ttl_ms: Millis = 600_000
    cache_negative_ttl_ms: Millis = 60_000
    cache_stale_ms: Millis = 3_600_000
    """How long past its time to live an answer may serve, with status stale, while the service is out."""
    warm_start_ms: Millis = 2_000
    """How long the start may wait for the cache to be filled with what was asked for lately; 0: it is not filled."""
    warm_start_keys: Annotated[int, msgspec.Meta(ge=1, le=MAX_RESULTS)] = DEFAULT_RESULTS
    """Most results that the cache is filled with at the start."""
    tick_ms: Positive = 5
    """How often a waiting event looks for its answers."""


class PrivacyConfig(PropertyGroup, frozen=True, kw_only=True):
    keys_source: Annotated[str, msgspec.Meta(pattern=r"^(env|file|secretsmanager|python):.+$")] = (
        "env:CLICKSTREAM_PRIVACY_KEYS"
    )
    """Where the key ring is, never the keys themselves: see :mod:`core.privacy.key_source`."""
    rejected_payload: PayloadPolicy = "encrypt"
    """What becomes of the raw record on the failed and late topics."""
    suppression_redis_url: RedisUrl = RedisUrl()
    """The store of opt-outs: a Redis of its own that evicts nothing and keeps what it acknowledged, made once with
    ``python -m enrichment_job.consent init``; empty: only the consent flag of an event counts."""
    suppression_refresh_ms: Positive = 200
    subject_keys_redis_url: RedisUrl = RedisUrl()
    """Where each account's own key is; empty: pseudonyms are made under the epoch's key alone."""
    subject_keys_ttl_ms: Positive = 10_000
    """How long a key is remembered, and so how long after its destruction pseudonyms may still be made with it."""


class TracingConfig(PropertyGroup, frozen=True, kw_only=True):
    endpoint: Annotated[str, msgspec.Meta(pattern=r"^(https?://.+)?$")] = ""
    """Where a collector takes OTLP over HTTP, such as http://127.0.0.1:4318; empty: no traces."""
    service_name: Name = "clickstream-enrichment"
    timeout_ms: Positive = 5_000
    """How long the collector may take for a batch of spans; no event waits for it."""

    @property
    def is_on(self) -> bool:
        return bool(self.endpoint)


NO_TRACING = TracingConfig()


class JobConfig(msgspec.Struct, frozen=True, kw_only=True):
    job: JobGroup
    kafka: KafkaConfig
    source: SourceConfig
    sink: SinkConfig
    lookup: LookupConfig
    privacy: PrivacyConfig
    tracing: TracingConfig

    @property
    def internal_hosts(self) -> frozenset[str]:
        return frozenset(host for part in self.job.internal_hosts.split(",") if (host := part.strip().lower()))


def load(path: Path) -> JobConfig:
    """Read and check the file.

    :raises ConfigError: naming the file, group and key at fault.
    """
    return parse(read(path))


def find_policy(config: JobConfig, properties: Path, *applications: Path) -> Path:
    """The policy file: absolute, or beside the property file, or in one of the application's directories.

    :raises ConfigError: where it is in none of them.
    """
    return _found("purposes.path", config.job.purposes_path, properties, *applications)


def crawler_lines(config: JobConfig, properties: Path, *applications: Path) -> tuple[str, ...]:
    """The operator's list of crawlers, checked, as it travels to the task managers; empty where there is none.

    :raises ConfigError: naming the file, and the line at fault.
    """
    if not config.job.crawlers_path:
        return ()
    path = _found("crawlers.path", config.job.crawlers_path, properties, *applications)
    try:
        return read_crawler_lines(path)
    except CrawlerRulesError as error:
        raise ConfigError(f"job: crawlers.path: {error}") from error


def _found(key: str, name: str, properties: Path, *applications: Path) -> Path:
    named = Path(name)
    for candidate in (properties.parent / named, *(folder / named for folder in applications)):
        if candidate.is_file():
            return candidate
    raise ConfigError(f"job: {key}: {named} is neither beside the property file nor the application")


def parse(groups: Groups) -> JobConfig:
    """Typed configuration from property groups; values are text, as the managed service hands them over."""
    refuse_unknown(groups, JobConfig)
    return JobConfig(
        job=typed(groups, "job", JobGroup),
        kafka=typed(groups, "kafka", KafkaConfig),
        source=typed(groups, "source", SourceConfig),
        sink=typed(groups, "sink", SinkConfig),
        lookup=typed(groups, "lookup", LookupConfig),
        privacy=typed(groups, "privacy", PrivacyConfig),
        tracing=typed(groups, "tracing", TracingConfig),
    )
