"""The job's configuration: property groups in the same file shape as the enrichment job's.

The reference with every key is ``deploy/behaviour_properties.json``.
"""

from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from applications.behaviour.sessions.rules import SessionRules
from applications.behaviour.sessions.sessions import Limits
from applications.features.keeping import KeepingConfig
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
from common.secret import RedisUrl


class JobGroup(PropertyGroup, frozen=True, kw_only=True):
    name: Name = "clickstream-behaviour"
    group_id: Name = "clickstream-behaviour"
    purpose: Name = "behaviour"
    """The job reads the enriched topic of this purpose, which must be keyed by the browser, else the account."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where to begin when the group has committed nothing and there is no checkpoint."""
    out_of_orderness_ms: Millis = 2_000
    quiet_ms: Millis = 10_000
    """After so long without a record a partition's time runs on with the clock."""
    mirrored_visitors: Positive = 50_000
    """Whose state each task holds unpacked in memory as well, about 3 kB each, and 7 kB with features."""


class SessionsConfig(PropertyGroup, frozen=True, kw_only=True):
    idle_ms: Positive = 1_800_000
    cap_ms: Positive = 86_400_000
    most_events: Positive = 10_000
    midnight_zone: str = ""
    """A time zone such as ``Europe/Vienna``, in which a new day begins a new session; empty: it does not."""
    split_by_campaign: bool = False
    update_ms: Millis = 60_000
    """Time of events between two updates of a session, at least."""
    lateness_ms: Positive = 259_200_000
    """So long after an event the sessions around it can be corrected: three days."""
    most_kept: Positive = 20_000
    """Events of one visitor that are kept for corrections."""

    def rules(self) -> SessionRules:
        return SessionRules(
            idle_ms=self.idle_ms,
            cap_ms=self.cap_ms,
            most_events=self.most_events,
            midnight=ZoneInfo(self.midnight_zone) if self.midnight_zone else None,
            by_campaign=self.split_by_campaign,
        )

    def limits(self) -> Limits:
        return Limits(update_ms=self.update_ms, lateness_ms=self.lateness_ms, most_kept=self.most_kept)


class FeaturesConfig(KeepingConfig, frozen=True, kw_only=True):
    """What is kept of browsers and their sessions for predictions: docs/reference/features.md. No ``path``: nothing."""


class PrivacyConfig(PropertyGroup, frozen=True, kw_only=True):
    suppression_redis_url: RedisUrl = RedisUrl()
    """The store of opt-outs; empty: the job only relies on the enrichment, which lets no event of theirs pass."""
    suppression_refresh_ms: Positive = 200


class SinkConfig(ExactlyOnceSinkConfig, frozen=True, kw_only=True):
    transactional_id_prefix: Name = "clickstream-behaviour"
    linger_ms: Millis = 20
    """Readers wait for the commit anyway; 5 ms took a twentieth of a core of the producer at 2,000 events a second."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    job: JobGroup
    kafka: KafkaConfig
    sessions: SessionsConfig
    features: FeaturesConfig
    privacy: PrivacyConfig
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
        sessions=typed(groups, "sessions", SessionsConfig),
        features=typed(groups, "features", FeaturesConfig),
        privacy=typed(groups, "privacy", PrivacyConfig),
        sink=typed(groups, "sink", SinkConfig),
    )
    _check(config.sessions)
    return config


def _check(sessions: SessionsConfig) -> None:
    try:
        sessions.rules()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(f"sessions: unknown time zone {sessions.midnight_zone!r} - at `midnight.zone`") from error
    if sessions.most_kept < sessions.most_events:
        # Else a session could not be made anew from the events that are kept.
        raise ConfigError("sessions: must be `most.events` at least - at `most.kept`")
    if sessions.lateness_ms < sessions.idle_ms:
        raise ConfigError("sessions: must be `idle.ms` at least - at `lateness.ms`")
