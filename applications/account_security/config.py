"""The job's configuration: property groups in the same file shape as the enrichment job's.

The reference with every key is ``deploy/account_security_properties.json``.
"""

from pathlib import Path
from typing import Literal

import msgspec

from common.flink.property_groups import (
    ConfigError,
    ExactlyOnceSinkConfig,
    KafkaConfig,
    Millis,
    Name,
    Positive,
    PropertyGroup,
    read,
    refuse_unknown,
    typed,
)
from common.rule_folder import RuleFolderError, read_rule_folder
from common.secret import RedisUrl
from contracts.fixed_topics import DAY_MS
from core.risk.facets.limits import FacetLimits
from core.risk.rules.quarantine import Budget
from core.risk.stored_state import LogLimits
from core.risk.subject.limits import Limits

Start = Literal["earliest", "latest"]


class JobGroup(PropertyGroup, frozen=True, kw_only=True):
    name: Name = "clickstream-account-security"
    group_id: Name = "clickstream-account-security"
    purpose: Name = "security"
    """The job reads the enriched topic of this purpose."""
    start: Start = "earliest"
    """Where to begin when the group has committed nothing and there is no checkpoint; of events and labels alike."""
    live_ms: Positive = 10_000
    """An event that is older than this, by the job's clock, waits until every partition has been read up to its time.
    So facets see the events of all partitions in order while the job catches up."""
    ahead_ms: Positive = 300_000
    """An event whose time is further ahead of the job's clock is not judged. Brokers refuse raw events that are ahead
    by a minute."""
    quiet_ms: Positive = 2_000
    """A partition that had no record for so long is read up to the present."""
    mirrored_facets: Positive = 2_000
    """Whose state each task holds unpacked in memory as well. Most take a few kB; one with a full log takes 170 kB."""
    mirrored_subjects: Positive = 5_000
    """Likewise; one with a full log takes up to 370 kB."""
    state_days: Positive = 100
    """A facet or a subject without an event for so long is forgotten."""


class RulesConfig(PropertyGroup, frozen=True, kw_only=True):
    path: Name = "rules"
    """Folder of the rule files: absolute, or beside the property file or the program."""
    changes: Literal["follow", "ignore"] = "follow"
    """Whether the job takes changes of rules from their topic while it runs."""
    first_ms: Positive = 30_000
    """How long a task may take to read that topic to its end when it starts; after that it fails."""
    unknown_ms: Millis = 5_000
    """How long an event may wait for the rule set that it was observed with, on a task that does not know it yet."""
    rule_budget_us: Positive = 200
    """What a rule may take, of the last samples' median. One that takes longer is not evaluated any more by that
    process."""

    def budget(self) -> Budget:
        return Budget(median_us=self.rule_budget_us)


class LogsConfig(PropertyGroup, frozen=True, kw_only=True):
    """How much the states keep; what is bounded here is bounded in memory, checkpoints and Redis."""

    facet_events: Positive = 128
    """The newest events of a facet."""
    facet_lateness_ms: Positive = 600_000
    """How late an event may come and count as if it had come in time."""
    subject_events: Positive = 300
    """The newest events of a subject; its habits are kept for ever."""
    subject_flow_events: Positive = 100
    """Of one flow: many listings do not push out a sign-in."""
    subject_lateness_ms: Positive = 3_600_000
    """How late an event of a subject may come and count as if it had come in time."""
    labelled_ms: Positive = 7_776_000_000
    """So long after an event a label can still change what follows from it."""

    def limits(self) -> LogLimits:
        return LogLimits(self.of_facets(), self.of_subjects())

    def of_facets(self) -> FacetLimits:
        return FacetLimits(events=self.facet_events, lateness_ms=self.facet_lateness_ms)

    def of_subjects(self) -> Limits:
        return Limits(
            kept_events=self.subject_events,
            flow_events=self.subject_flow_events,
            lateness_ms=self.subject_lateness_ms,
            labelled_ms=self.labelled_ms,
        )


class RiskConfig(PropertyGroup, frozen=True, kw_only=True):
    """The copy of the states that the lookup service answers ``/v1/risk`` from."""

    redis_url: RedisUrl = RedisUrl()
    """Empty: no copy is written."""
    waiting: Positive = 50_000
    """Keys that may wait to be written while Redis is slow or down; the oldest is dropped then."""
    waiting_bytes: Positive = 67_108_864
    """Of the values that may wait."""
    ttl_s: Positive = 8_640_000
    """As long as the job keeps a state, at least: what the job still knows must be known to the service."""


class SinkConfig(ExactlyOnceSinkConfig, frozen=True, kw_only=True):
    transactional_id_prefix: Name = "clickstream-account-security"
    linger_ms: Millis = 0
    """Verdicts are few and urgent: none waits for others."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    job: JobGroup
    kafka: KafkaConfig
    rules: RulesConfig
    logs: LogsConfig
    risk: RiskConfig
    sink: SinkConfig


def load(path: Path) -> Config:
    """Read and check the file.

    :raises ConfigError: naming the file, or the group and the invalid key.
    """
    groups = read(path)
    refuse_unknown(groups, Config)
    config = Config(
        job=typed(groups, "job", JobGroup),
        kafka=typed(groups, "kafka", KafkaConfig),
        rules=typed(groups, "rules", RulesConfig),
        logs=typed(groups, "logs", LogsConfig),
        risk=typed(groups, "risk", RiskConfig),
        sink=typed(groups, "sink", SinkConfig),
    )
    if config.job.state_days * DAY_MS < config.logs.labelled_ms:
        raise ConfigError("job: must be as long as `logs.labelled.ms` at least - at `state.days`")
    if config.logs.labelled_ms < config.logs.subject_lateness_ms:
        raise ConfigError("logs: must be `subject.lateness.ms` at least - at `labelled.ms`")
    if config.risk.ttl_s * 1000 < config.job.state_days * DAY_MS:
        raise ConfigError("risk: must be as long as the job's `state.days` at least - at `ttl.s`")
    return config


def read_rules(config: Config, properties: Path, *applications: Path) -> dict[str, str]:
    """File name → text of every rule file, by name.

    :raises ConfigError: if the folder is neither absolute nor beside the property file or in one of ``applications``,
        or has no rule file, or one that is not text.
    """
    named = Path(config.rules.path)
    for folder in (properties.parent / named, *(application / named for application in applications)):
        if folder.is_dir():
            break
    else:
        raise ConfigError(f"rules: path: {named} is neither beside the property file nor the application")
    try:
        return read_rule_folder(folder)
    except RuleFolderError as error:
        raise ConfigError(f"rules: path: {error}") from error
