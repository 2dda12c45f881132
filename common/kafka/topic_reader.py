"""Reads all partitions of topics, from the beginning or from given offsets, without a consumer group."""

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from common.kafka.client_config import ClientConfig, ClientConfigError, client_config

Isolation = Literal["read_committed", "read_uncommitted"]
Offsets: TypeAlias = Mapping[tuple[str, int], int]
"""(topic, partition) → offset."""

_TIMEOUT_S = 5.0
_LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.TOPIC_AUTHORIZATION_FAILED})
"""After these errors the reader would silently miss records. The library retries after all other errors."""
_REFUSED = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL})
"""The broker answers and refuses the login."""
_TRANSIENT = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)


class KafkaFailure(Protocol):
    """The used part of the client library's error."""

    def code(self) -> int: ...
    def name(self) -> str: ...
    def fatal(self) -> bool: ...


class Message(Protocol):
    """The used part of the client library's message."""

    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def error(self) -> KafkaFailure | None: ...


class TopicUnavailable(Exception):
    """The broker cannot be reached, or a topic does not exist or cannot be read. One line, no payload."""


class TopicReader:
    """A consumer of all partitions of ``topics``. Raises :class:`TopicUnavailable`, also while reading.

    ``start``: the first offset of each partition; other partitions are read from the beginning.
    ``find_end``: :attr:`at_end` works only with it. It is off by default, because a reader that follows the end would
    receive an end-of-partition event after every batch.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        isolation: Isolation,
        start: Offsets | None = None,
        find_end: bool = False,
        login: ClientConfig | None = None,
    ) -> None:
        """``login``: in place of the file named by ``KAFKA_CLIENT_CONFIG``."""
        self._bootstrap = bootstrap
        self._login = login
        self._ended: set[tuple[str, int]] = set()
        self._refused = ""
        self._consumer = self._connect(
            {
                "group.id": "ledger",  # required by the library; the reader neither subscribes nor commits
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "isolation.level": isolation,
                "enable.partition.eof": find_end,
                "fetch.min.bytes": 1,
                "fetch.wait.max.ms": 20,
                "fetch.queue.backoff.ms": 5,
                "reconnect.backoff.max.ms": 1000,
                "log_level": 0,
                "error_cb": self._note_refusal,
            }
        )
        try:
            self._partitions = self._find_partitions(topics)
            first = start or {}
            self._consumer.assign(
                [TopicPartition(t, p, first.get((t, p), OFFSET_BEGINNING)) for t, p in self._partitions]
            )
        except BaseException:
            self.close()
            raise

    def _connect(self, settings: Mapping[str, object]) -> Consumer:
        try:
            login = client_config(self._bootstrap) if self._login is None else self._login
            return Consumer({**login, "bootstrap.servers": self._bootstrap, **settings})
        except (ClientConfigError, KafkaException) as error:
            raise TopicUnavailable(str(error)) from error

    def _note_refusal(self, error: KafkaFailure) -> None:
        if error.code() in _REFUSED:
            self._refused = f": {error.name()}"

    def _no_answer(self) -> TopicUnavailable:
        return TopicUnavailable(f"no answer from the Kafka broker at {self._bootstrap}{self._refused}")

    def _find_partitions(self, topics: Sequence[str]) -> list[tuple[str, int]]:
        try:
            known = self._consumer.list_topics(timeout=_TIMEOUT_S).topics
        except KafkaException as error:
            self._consumer.poll(0)  # calls error_cb, which learns the reason
            raise self._no_answer() from error
        unknown = [topic for topic in topics if topic not in known]
        if unknown:
            raise TopicUnavailable(f"no such topic at {self._bootstrap}: {', '.join(unknown)}")
        return [(topic, partition) for topic in topics for partition in known[topic].partitions]

    def batch(self, timeout_s: float, limit: int = 500) -> list[Message]:
        """Waits up to ``timeout_s`` for a record, then takes all available ones, up to ``limit``. Empty if none came.

        It does not call ``consume(limit, timeout)``, which holds records back until the time is over or the batch is
        full. The ledger would measure that as latency.
        """
        first = self._consumer.poll(timeout_s)
        if first is None:
            return []
        messages: list[Message] = [first, *self._consumer.consume(limit - 1, 0)]
        return [
            message for message in messages if (error := message.error()) is None or self._note_error(message, error)
        ]

    def _note_error(self, message: Message, error: KafkaFailure) -> Literal[False]:
        if error.code() == KafkaError._PARTITION_EOF:
            self._ended.add((message.topic(), message.partition()))
        elif error.fatal() or error.code() in _LOST:
            raise TopicUnavailable(f"reading {message.topic()} from {self._bootstrap} failed: {error.name()}")
        return False

    @property
    def at_end(self) -> bool:
        """Whether every partition was read to the end that it had at that moment, or to its oldest open transaction."""
        return len(self._ended) == len(self._partitions)

    def end_offsets(self) -> dict[tuple[str, int], int]:
        """The offsets of the next records. Start a reader there to see later records only."""
        try:
            return {place: self._end_offset(*place) for place in self._partitions}
        except KafkaException as error:
            raise self._no_answer() from error

    def offsets_from(self, at_ms: int) -> dict[tuple[str, int], int]:
        """The offsets of the first records with a timestamp of ``at_ms`` or later; else those of the next records.

        A reader that reads committed only does not find records of open transactions.
        """
        ends = self.end_offsets()  # before: what comes meanwhile is not left out
        try:
            found = self._consumer.offsets_for_times(
                [TopicPartition(*place, at_ms) for place in self._partitions], timeout=_TIMEOUT_S
            )
        except KafkaException as error:
            raise self._no_answer() from error
        return {
            (each.topic, each.partition): each.offset if each.offset >= 0 else ends[each.topic, each.partition]
            for each in found
        }

    @retry(
        # Partitions of a topic that was just created have no leader for a moment.
        retry=retry_if_exception(
            lambda error: isinstance(error, KafkaException) and error.args[0].code() in _TRANSIENT
        ),
        stop=stop_after_delay(_TIMEOUT_S),
        wait=wait_fixed(0.1),
        reraise=True,
    )
    def _end_offset(self, topic: str, partition: int) -> int:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_TIMEOUT_S)
        return int(end)

    def close(self) -> None:
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_whole(
    bootstrap: str, topics: Sequence[str], *, isolation: Isolation, start: Offsets | None = None
) -> Iterator[Message]:
    """All records from the beginning, or from ``start``, to the present end or the oldest open transaction.

    :raises TopicUnavailable: if a topic cannot be read.
    """
    with TopicReader(bootstrap, topics, isolation=isolation, start=start, find_end=True) as reader:
        while not reader.at_end:
            yield from reader.batch(0.5)


def end_offsets(bootstrap: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The present ends of the topics, including open transactions. Raises TopicUnavailable."""
    with TopicReader(bootstrap, topics, isolation="read_uncommitted") as reader:
        return reader.end_offsets()
