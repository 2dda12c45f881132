"""``python -m deploy.topics`` on a real broker: it creates missing topics, and sets only the limit of existing ones."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from assurance.servers.wait import wait_until
from common.kafka.topics import MAX_AHEAD
from contracts.fixed_topics import FEATURES, IDENTITIES, RULES
from contracts.topics import ALL, DAY_MS, NO_LIMIT_MS, RAW
from deploy.paths import PROJECT
from enrichment_job.config import SourceConfig
from local_stack.kafka.broker import Kafka


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[str]:
    broker = Kafka(tmp_path / "run", heap_mb=256)
    try:
        broker.start()
        yield broker.bootstrap_servers
    finally:
        broker.stop()


def _topics(servers: str, *options: str) -> str:
    command = [sys.executable, "-m", "deploy.topics", "--bootstrap-servers", servers, "--partitions", "1", *options]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _own_policy(folder: Path) -> str:
    """A policy of one purpose that this project's own does not have."""
    policy = folder / "own.yaml"
    fields = "{event_id: keep, event_name: keep, collector_tstamp: keep}"
    purpose = "{name: fraud, topic: clickstream.enriched.fraud.v2, events: all, retention_days: 30, fields: %s}"
    policy.write_text(f"purposes: [{purpose % fields}]")
    return str(policy)


def _settings(admin: AdminClient, name: str) -> dict[str, str]:
    (found,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)]).values()
    return {key: entry.value for key, entry in found.result(10).items()}


def _set(admin: AdminClient, name: str, key: str, value: str) -> None:
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    (done,) = admin.incremental_alter_configs([resource]).values()
    done.result(10)


@pytest.mark.integration
def test_missing_topics_are_created_and_the_limits_of_existing_ones_are_updated(servers: str, tmp_path: Path) -> None:
    with AdminClient({"bootstrap.servers": servers}) as admin:
        # A topic without a limit, as an earlier version created it, with a setting that an operator has changed.
        (made,) = admin.create_topics([NewTopic(RAW.name, num_partitions=3)], operation_timeout=10).values()
        made.result(10)
        _set(admin, RAW.name, "retention.ms", "1234567")
        printed = _topics(servers).splitlines()
        assert sorted(printed) == sorted(
            [
                f"{RAW.name}: exists, now with {MAX_AHEAD}={RAW.max_ahead_ms}",
                *(f"{topic.name}: created" for topic in ALL if topic != RAW),
            ]
        )
        # A broker shows a changed setting a moment after it has taken it.
        wait_until(
            lambda: _settings(admin, RAW.name)[MAX_AHEAD] == str(RAW.max_ahead_ms), what="the limit", timeout_s=10
        )
        for topic in ALL:
            found = _settings(admin, topic.name)
            assert found[MAX_AHEAD] == str(topic.max_ahead_ms), topic.name
            assert found["message.timestamp.before.max.ms"] == str(NO_LIMIT_MS), topic.name
            assert found["cleanup.policy"] == ("compact" if topic.is_compacted else "delete"), topic.name
        assert _settings(admin, RAW.name)["retention.ms"] == "1234567"
        compacted = {topic.name for topic in ALL if _settings(admin, topic.name)["cleanup.policy"] == "compact"}
        assert compacted == {IDENTITIES.name, FEATURES.name, RULES.name}
        assert _settings(admin, IDENTITIES.name)["retention.ms"] == "-1"
        assert len(admin.list_topics(timeout=10).topics[RAW.name].partitions) == 3
        assert _topics(servers).splitlines() == [f"{topic.name}: exists" for topic in ALL]
        created = "clickstream.enriched.fraud.v2: created"
        assert created in _topics(servers, "--purposes", _own_policy(tmp_path)).splitlines()
        assert _settings(admin, "clickstream.enriched.fraud.v2")["retention.ms"] == str(30 * DAY_MS)


@pytest.mark.servers
def test_a_policy_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "deploy.topics",
        "--bootstrap-servers",
        "x:1",
        "--purposes",
        str(tmp_path / "none"),
    ]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, f"topics: {tmp_path / 'none'}: No such file or directory\n")


def test_only_the_raw_topic_has_a_limit_and_the_job_tolerates_it() -> None:
    assert {topic.name for topic in ALL if topic.max_ahead_ms != NO_LIMIT_MS} == {RAW.name}
    assert 0 < RAW.max_ahead_ms <= SourceConfig().allowed_lateness_ms
