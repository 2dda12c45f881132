"""Sending to a mock broker in this process. The integration tests use a real Kafka."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import RAW
from producers.delivery.kafka_sink import BrokerUnavailableError, ProduceSettings, produce
from producers.delivery.send_log import payload_digest, read_send_log
from producers.record import Record
from tests.producers.broker import Broker, running_broker


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        yield running


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_every_record_is_delivered_with_its_time(broker: Broker, stream: list[Record]) -> None:
    records = stream[:5_000]
    report = produce(records, ProduceSettings(bootstrap_servers=broker.servers, topic="arrives"))
    assert (report.sent, report.delivered, report.failed) == (5_000, 5_000, 0)
    assert sum(report.kinds.values()) == 5_000
    assert report.value_bytes == sum(len(record.value) for record in records)
    messages = broker.read("arrives", 5_000)
    arrived = sorted((message.value(), message.timestamp()[1]) for message in messages)
    assert arrived == sorted((record.value, record.timestamp_ms) for record in records)


def test_records_spread_over_the_partitions_by_seeded_keys(broker: Broker) -> None:
    records = [Record(b"%d" % n, 1 + n) for n in range(400)]
    keys = []
    for topic in ("spread-1", "spread-2"):
        produce(records, ProduceSettings(bootstrap_servers=broker.servers, topic=topic, seed=5))
        messages = broker.read(topic, 400)
        assert {len(message.key()) for message in messages} == {8}
        counts = [sum(message.partition() == each for message in messages) for each in range(4)]
        assert min(counts) > 50
        keys.append({message.value(): message.key() for message in messages})
    assert keys[0] == keys[1]


def test_long_records_are_delivered_and_too_long_ones_are_counted(broker: Broker) -> None:
    records = [Record(b"a" * (1024 * 1024), 1), Record(b"b" * (3 * 1024 * 1024), 2), Record(b"c", 3)]
    report = produce(records, ProduceSettings(bootstrap_servers=broker.servers, topic="long"))
    assert (report.sent, report.delivered, report.failed) == (3, 2, 1)
    assert list(report.failures) == ["MSG_SIZE_TOO_LARGE: Unable to produce message: Broker: Message size too large"]
    assert {len(message.value()) for message in broker.read("long", 2)} == {1, 1024 * 1024}


def test_send_log_has_every_record_with_the_time_it_was_sent(broker: Broker, tmp_path: Path) -> None:
    records = [Record(value, 1) for value in (b"a", b"b", b"a")]
    log = tmp_path / "send.log"
    before = time.time_ns()
    produce(records, ProduceSettings(bootstrap_servers=broker.servers, topic="logged", send_log=log))
    sent = read_send_log(log)
    assert {digest: len(times) for digest, times in sent.items()} == {payload_digest(b"a"): 2, payload_digest(b"b"): 1}
    assert all(before <= each <= time.time_ns() for times in sent.values() for each in times)


def test_records_sent_before_an_error_in_the_stream_are_delivered(broker: Broker) -> None:
    def breaking() -> Iterator[Record]:
        yield Record(b"before", 1)
        raise RuntimeError("the stream broke")

    with pytest.raises(RuntimeError, match="the stream broke"):
        produce(breaking(), ProduceSettings(bootstrap_servers=broker.servers, topic="breaks", linger_ms=2_000))
    assert broker.read("breaks", 1)[0].value() == b"before"


@pytest.mark.slow
def test_an_unreachable_broker_is_reported_before_a_record_is_taken() -> None:
    taken: list[Record] = []

    def watched() -> Iterator[Record]:
        taken.append(Record(b"", 1))
        yield taken[0]

    start = time.monotonic()
    with pytest.raises(BrokerUnavailableError, match=r"^no Kafka broker at 127\.0\.0\.1:"):
        produce(watched(), ProduceSettings(bootstrap_servers=f"127.0.0.1:{closed_port()}"))
    assert time.monotonic() - start < 10
    assert taken == []


def test_the_topic_is_the_contract_s() -> None:
    assert ProduceSettings(bootstrap_servers="unused").topic == RAW.name
