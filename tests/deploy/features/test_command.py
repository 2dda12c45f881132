"""The commands against brokers and a real Redis: what they leave there, and the exit codes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from contracts.features.erasures import EraseFeatures, read_erasure
from contracts.fixed_topics import BEHAVIOUR_MESSAGES, FEATURES
from core.features.state import Contribution, EntityState, add, pack
from core.features.stored import encode_entity
from deploy.features.__main__ import app
from deploy.features.file import read_features
from local_stack.kafka.broker import Kafka
from local_stack.processes.orphans import PidRegistry
from tests.applications.features.store import stored
from tests.applications.features.store.topic_of_features import TopicOfFeatures, now_ms
from tests.producers.broker import Broker, running_broker
from tests.redis_server import RedisProcess

redis_process = pytest.fixture(stored.server)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with running_broker() as running:
        Producer({"bootstrap.servers": running.servers}).list_topics(BEHAVIOUR_MESSAGES.name, timeout=10)
        yield running


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


def test_an_erasure_goes_to_the_entitys_key(broker: Broker) -> None:
    before = now_ms()
    servers = ("--bootstrap-servers", broker.servers)
    assert run("erase", "listing", "l:1", *servers) == (0, "listing: sent\n", "")
    assert run("erase", "session", "s1", "--visitor", "b1", *servers) == (0, "session: sent\n", "")
    sent = {message.key(): read_erasure(message.value() or b"") for message in broker.read(BEHAVIOUR_MESSAGES.name, 2)}
    assert sent.keys() == {b"l:1", b"b1"}
    listing, session = sent[b"l:1"], sent[b"b1"]
    assert isinstance(listing, EraseFeatures)
    assert isinstance(session, EraseFeatures)
    assert (listing.entity, listing.entity_id) == ("listing", "l:1")
    assert (session.entity, session.entity_id) == ("session", "s1")
    assert before <= listing.tstamp <= now_ms()


@pytest.mark.parametrize(
    "words",
    [
        ("erase", "person", "p1"),
        ("erase", "user", ""),
        ("erase", "user", "u" * 129),
        ("erase", "user", "u1", "--visitor", "b1"),
        ("show", "person", "p1"),
        ("show", "user", "u1", "--redis-url", "http://h"),
        ("show", "user", "u1", "--features", "no/such/file.yaml"),
        ("erase", "user", "u1", "--bootstrap-servers", "127.0.0.1:1"),
        ("show", "user", "u1", "--redis-url", "redis://:secret@127.0.0.1:1/0"),
        ("rebuild", "--redis-url", "redis://:secret@127.0.0.1:1/0"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(words: tuple[str, ...]) -> None:
    code, out, told = run(*words)
    assert (code, out) == (2, "")
    assert told
    assert "secret" not in told
    assert "Traceback" not in told


@pytest.mark.servers
def test_the_values_are_shown_as_they_are_now(redis_process: RedisProcess) -> None:
    features, state, now = read_features(), EntityState(), now_ms()
    declared = {each.name: each for each in features.of("browser")}
    add(state, now - 5_000, [Contribution(declared["listing_views"], None)])
    redis_process.client.set("features:browser:b1", encode_entity(state, now))
    redis_process.client.set("features:browser:b2", b"{}")
    where = ("--redis-url", redis_process.url)
    code, out, _ = run("show", "browser", "b1", *where)
    assert code == 0
    assert "browser__listing_views__1m: 1\n" in out
    assert "browser__top_category__24h: null\n" in out
    assert out.splitlines()[-1].startswith("newest event 20")
    assert run("show", "browser", "b3", *where)[0] == 1
    assert run("show", "browser", "b2", *where)[0] == 2


@pytest.mark.integration
def test_the_store_is_rebuilt_from_the_whole_topic(redis_process: RedisProcess, tmp_path: Path) -> None:
    kafka = Kafka(tmp_path / "run", registry=PidRegistry(tmp_path / "pids"))
    try:
        kafka.start()
        topic, state, now = TopicOfFeatures(kafka, FEATURES), EntityState(), now_ms()
        add(state, now, [Contribution(read_features().of("listing")[0], None)])
        with topic.producer() as producer:
            for number in range(30_000):
                topic.send(producer, "listing", f"l{number}", pack(state), newest=now)
            topic.send(producer, "listing", "l7", None)
            topic.send(producer, "account", "a1", b"x", newest=now)
        where = ("--redis-url", redis_process.url, "--bootstrap-servers", kafka.bootstrap_servers)
        began = time.monotonic()
        code, out, told = run("rebuild", *where)
        assert (code, redis_process.client.dbsize()) == (0, 30_000), time.monotonic() - began
        assert out.startswith("30001 values and 1 erasures of 30002 records, 0 expired, 0 unreadable, in ")
        assert "values and" in told, "progress"
        assert run("show", "listing", "l1", "--redis-url", redis_process.url)[0] == 0
        assert run("show", "listing", "l7", "--redis-url", redis_process.url)[0] == 1
    finally:
        kafka.stop()
    assert run("rebuild", *where)[0] == 2
