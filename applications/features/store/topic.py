"""Puts what the topic of features has into Redis.

What is in a transaction that is not committed yet is waited for. Otherwise something would be missing of the last
checkpoint of the process before, and an entity that was erased a moment ago would be back for good.
"""

import time
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec

from applications.features.store.feature_store import FeatureStore
from common.kafka.client_config import ClientConfig
from common.kafka.topic_reader import Isolation, Message, TopicReader
from contracts.features.records import FeatureState
from contracts.lookup_api.features import redis_key
from core.features.model import EntityName

_POLL_S, _LOOK_S, _ASK_EVERY_S = 0.2, 0.005, 0.5
_SETTLE_S = 2.0
"""A record is in the log so soon after Redis was told the same."""
_decode = msgspec.json.Decoder(FeatureState).decode


@dataclass
class Restored:
    """What was read so far."""

    values: int = 0
    erasures: int = 0
    expired: int = 0
    """Older than Redis would have kept them."""
    unreadable: int = 0
    records: int = 0
    """With those of other entities."""

    def __str__(self) -> str:
        odd = f", {self.expired} expired, {self.unreadable} unreadable"
        return f"{self.values} values and {self.erasures} erasures of {self.records} records{odd}"


class Stopped(Exception):
    """The process ends."""


@dataclass(frozen=True)
class FeaturesTopic:
    bootstrap: str
    login: ClientConfig | None
    """None: as the environment says."""
    name: str
    ttl_s: Mapping[EntityName, int]
    """Of the entities that are wanted."""

    def reader(
        self, isolation: Isolation, start: Mapping[tuple[str, int], int] | None = None, *, find_end: bool = False
    ) -> TopicReader:
        return TopicReader(
            self.bootstrap, [self.name], isolation=isolation, start=start, find_end=find_end, login=self.login
        )


class Restoring:
    """One run."""

    def __init__(self, topic: FeaturesTopic, store: FeatureStore, is_stopped: Callable[[], bool]) -> None:
        self._topic, self._store, self._is_stopped = topic, store, is_stopped
        self._next: dict[tuple[str, int], int] = {}
        self.done = Restored()

    def run(self, from_ms: int | None) -> Restored:
        """Returns when Redis has all that the topic had when this began, and what is newer stayed as it was.

        :param from_ms: of the records' timestamps; None: the whole topic.
        :raises TopicUnavailable: the topic cannot be read.
        :raises Stopped: as soon as ``is_stopped``.
        """
        if from_ms is not None:
            with self._topic.reader("read_uncommitted") as reader:
                self._next.update(reader.offsets_from(from_ms))
        self._read()
        self._settle()
        self._read()
        # An entity may have been erased just before an older value of it was put here: its erasing record is behind.
        # A value that is behind as well was put by its own process.
        self._settle()
        self._read(only_erasures=True)
        return self.done

    def _settle(self) -> None:
        """Until what happened before this can be read."""
        settled = time.monotonic() + _SETTLE_S
        self._wait(lambda: time.monotonic() > settled, _LOOK_S)
        self._wait_for_commits()

    def _read(self, *, only_erasures: bool = False) -> None:
        """All that is committed, and until Redis has it."""
        with self._topic.reader("read_committed", self._next, find_end=True) as reader:
            while not reader.at_end:
                for message in reader.batch(_POLL_S):
                    self._wait(lambda: self._store.is_quiet, _LOOK_S)
                    if not only_erasures or message.value() is None:
                        self._take(message)
        put = time.monotonic()
        self._wait(lambda: self._store.has_written(put), _LOOK_S)

    def _wait_for_commits(self) -> None:
        with self._topic.reader("read_uncommitted") as reader:
            ends = reader.end_offsets()
        with self._topic.reader("read_committed", self._next) as reader:
            self._wait(lambda: all(end >= ends.get(at, 0) for at, end in reader.end_offsets().items()), _ASK_EVERY_S)

    def _take(self, message: Message) -> None:
        self._next[message.topic(), message.partition()] = message.offset() + 1
        self.done.records += 1
        name, _, encoded_id = (message.key() or b"").partition(b":")
        entity = cast("EntityName", name.decode("ascii", "replace"))
        if (ttl_s := self._topic.ttl_s.get(entity)) is None:
            return
        key = redis_key(entity, encoded_id.decode("utf-8", "surrogatepass"))
        value = message.value()
        if value is None:
            self._store.erase_former(key, message.timestamp()[1])
            self.done.erasures += 1
            return
        try:
            state = _decode(value)
            packed = b64decode(state.state, validate=True)
        except (msgspec.MsgspecError, UnicodeDecodeError, Base64Error):
            self.done.unreadable += 1
            return
        left_s = ttl_s - (time.time_ns() // 1_000_000 - state.written_tstamp) // 1000
        if left_s <= 0:
            self.done.expired += 1
            return
        self._store.put_former(key, state.newest_tstamp, state.written_tstamp, packed, min(left_s, ttl_s))
        self.done.values += 1

    def _wait(self, found: Callable[[], bool], look_s: float) -> None:
        while not self._is_stopped():
            if found():
                return
            time.sleep(look_s)
        raise Stopped
