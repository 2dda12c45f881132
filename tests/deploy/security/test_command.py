"""The commands against a broker: what is in the topics, and the exit codes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from contracts.fixed_topics import LABELS, RULES, Topic
from contracts.security.labels import Label
from contracts.security.rule_changes import RuleChange
from core.risk.rules.changes import read_change
from deploy.security.__main__ import app
from tests.assurance.backtest.security_samples import RULES as SAMPLE
from tests.deploy.security.test_rule_changes import TOOL
from tests.producers.broker import Broker, running_broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        client = Producer({"bootstrap.servers": running.servers})
        for topic in (LABELS, RULES):
            client.list_topics(topic.name, timeout=10)
        yield running


def run(broker: Broker, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--bootstrap-servers", broker.servers])
    return done.exit_code, done.stdout + done.stderr


def records(broker: Broker, topic: Topic, number: int) -> list[tuple[bytes | None, bytes | None]]:
    return [(message.key(), message.value()) for message in broker.read(topic.name, number)]


def test_a_label_is_keyed_by_its_subject(broker: Broker) -> None:
    done = run(broker, "label", "false_positive", "user:u:1", "--event", "event-0001", "--source", "team", "--id", "l1")
    assert done == (0, "l1: sent\n")
    [(key, value)] = records(broker, LABELS, 1)
    made = msgspec.json.decode(value or b"", type=Label)
    assert key == b"u:1"
    assert (made.finding, made.subject_kind, made.subject_id, made.event_id) == (
        "false_positive",
        "user",
        "u:1",
        "event-0001",
    )


def test_the_time_of_a_label_is_now_or_what_is_said(broker: Broker) -> None:
    words = ("label", "confirmed_fraud", "user:u1", "--source", "team")
    before = time.time_ns() // 1_000_000
    for at in ((), ("--at", "2023-11-14T23:13:20+01:00"), ("--at", _utc(hours=23))):
        assert run(broker, *words, *at)[0] == 0
    now, said, soon = (msgspec.json.decode(value or b"", type=Label) for _, value in records(broker, LABELS, 3))
    assert 0 <= now.labelled_tstamp - before < 60_000
    assert said.labelled_tstamp == 1_700_000_000_000
    assert soon.labelled_tstamp > now.labelled_tstamp


def _utc(hours: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_erasure_is_a_label(broker: Broker) -> None:
    assert run(broker, "erase", "browser:b1", "--source", "privacy")[0] == 0
    [(key, value)] = records(broker, LABELS, 1)
    made = msgspec.json.decode(value or b"", type=Label)
    assert (key, made.finding, made.event_id) == (b"b1", "erase", None)


@pytest.mark.parametrize(
    "words",
    [
        ("label", "guilty", "user:u1"),
        ("label", "erase", "user:u1"),
        ("label", "false_positive", "user:u1"),
        ("label", "confirmed_fraud", "person:u1"),
        ("label", "confirmed_fraud", "user:"),
        ("label", "confirmed_fraud", "user:u1", "--event", "short"),
        ("label", "confirmed_fraud", "user:" + "u" * 200),
        ("label", "confirmed_fraud", "user:u1", "--at", _utc(hours=25)),
        ("label", "confirmed_fraud", "user:u1", "--at", "yesterday"),
    ],
)
def test_a_wrong_label_is_not_sent(broker: Broker, words: tuple[str, ...]) -> None:
    assert run(broker, *words, "--source", "team")[0] == 2
    run(broker, "erase", "user:last", "--source", "team")
    [(key, _)] = records(broker, LABELS, 1)
    assert key == b"last"


def test_a_rule_is_put_switched_off_and_reverted(broker: Broker, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "rules.yml").write_text(SAMPLE)
    mine = tmp_path / "mine.yml"
    mine.write_text(TOOL.replace("shadow", "live"))
    files = ("--rules", str(tmp_path / "files"))
    assert run(broker, "rule", "put", str(mine), *files, "--by", "me") == (0, "tool: sent\n")
    assert run(broker, "rule", "list")[1].startswith("tool: changed at ")
    assert run(broker, "rule", "off", "tool", *files) == (0, "tool: off\n")
    assert run(broker, "rule", "list")[1].startswith("tool: off at ")
    assert run(broker, "rule", "revert", "tool") == (0, "tool: as the files have it\n")
    assert run(broker, "rule", "list") == (0, "")
    assert run(broker, "rule", "revert", "tool")[0] == 1
    sent = records(broker, RULES, 3)
    assert [key for key, _ in sent] == [b"tool"] * 3
    assert [isinstance(read_change(*each), RuleChange) for each in sent] == [True, True, False]
    assert sent[2][1] is None


def test_a_wrong_rule_is_not_sent(broker: Broker, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    mine.write_text("name: tool\nodd: 1\n")
    code, told = run(broker, "rule", "put", str(mine))
    assert code == 1
    assert f"{mine}:1: " in told or f"{mine}:2: " in told
    assert run(broker, "rule", "off", "no_such_rule")[0] == 1
    assert run(broker, "rule", "list") == (0, "")


@pytest.mark.slow
def test_nobody_there() -> None:
    gone = Broker("127.0.0.1:1")
    assert run(gone, "rule", "list")[0] == 2
