"""The follower of changes of rules, with a real broker that is stopped."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from applications.account_security.rules.effective import EffectiveRules
from applications.account_security.rules.follower import RulesFollower
from common.kafka.client_config import ClientConfig
from contracts.fixed_topics import RULES
from contracts.security.rule_changes import RuleChange
from core.risk.rules.load import load_rules
from local_stack.kafka.broker import Kafka
from local_stack.processes.orphans import PidRegistry
from tests.applications.account_security.rule_files import EVERY_FAILURE, FILES

NO_LOGIN: ClientConfig = {}


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    broker = Kafka(tmp_path / "run", registry=PidRegistry(tmp_path / "pids"))
    try:
        broker.start()
        broker.create_topics([RULES], partitions=1)
        yield broker
    finally:
        broker.stop()


def _until(found: Callable[[], object], timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < until
        time.sleep(0.05)


def _send(kafka: Kafka, value: bytes | None) -> None:
    with Producer({"bootstrap.servers": kafka.bootstrap_servers}) as producer:
        producer.produce(RULES.name, value, b"every_failure")
        assert not producer.flush(30)


def _change() -> bytes:
    return msgspec.json.encode(
        RuleChange(schema="clickstream.rule/1", name="every_failure", rule=EVERY_FAILURE, changed_tstamp=1)
    )


@pytest.mark.integration
def test_changes_are_told_from_the_topics_end_on_and_a_lost_broker_shows_in_the_age(kafka: Kafka) -> None:
    told: list[tuple[bool, int]] = []

    def tell(rules: EffectiveRules, position: int) -> None:
        told.append(("every_failure" in rules.rule_set.rules, position))

    _send(kafka, b"{")
    _send(kafka, _change())
    rules = EffectiveRules(FILES, load_rules)
    follower = RulesFollower(kafka.bootstrap_servers, NO_LOGIN, RULES.name, rules, tell, 30)
    try:
        assert told == [(True, 2)], "what the files alone say was never in effect"
        _send(kafka, None)
        _until(lambda: told[1:] == [(False, 3)])
        _until(lambda: follower.age_ms() < 1_000)
        assert kafka.process is not None
        os.kill(kafka.process.pid, signal.SIGSTOP)
        try:
            _until(lambda: follower.age_ms() > 8_000)
        finally:
            os.kill(kafka.process.pid, signal.SIGCONT)
        _until(lambda: follower.age_ms() < 1_000)
        _send(kafka, _change())
        _until(lambda: told[2:] == [(True, 4)])
    finally:
        follower.close()


def test_nothing_is_told_without_a_broker() -> None:
    told: list[EffectiveRules] = []
    with pytest.raises(RuntimeError, match=f"the topic {RULES.name} was not read"):
        RulesFollower(
            "127.0.0.1:1",
            NO_LOGIN,
            RULES.name,
            EffectiveRules(FILES, load_rules),
            lambda rules, _: told.append(rules),
            0.5,
        )
    assert not told
