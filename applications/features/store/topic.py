"""Puts what the topic of features has into Redis.

A checkpoint that is not committed yet is read, too, as soon as it is. Else what the former process had in its last
checkpoint would be left out, or an entity that was erased a moment ago would be back for good.
"""

import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from applications.features.store.feature_store import FeatureStore
from common.kafka.client_config import ClientConfig
from common.kafka.topic_reader import Message, Offsets, TopicReader
from contracts.features.records import FeatureState

_POLL_S, _LOOK_S = 0.2, 0.01
_SETTLE_S = 2.0
"""What another process erased this long ago is in the log, if not committed."""
_decode = msgspec.json.Decoder(FeatureState).decode


@dataclass
class Restored:
    """What was read."""

    values: int = 0
    erasures: int = 0
    expired: int = 0
    """Older than Redis would have kept them."""
    unreadable: int = 0
    records: int = 0
    """With those of other entities."""

    def __str__(self) -> str:
        text = f"{self.values} values and {self.erasures} erasures of {self.records} records"
        return text + f", {self.expired} expired, {self.unreadable} unreadable"


class Stopped(Exception):
    """The process ends."""


class FeaturesTopic:
    """Raises TopicUnavailable, also while reading."""

    def __init__(self, bootstrap: str, login: ClientConfig | None, topic: str, ttl_s: Mapping[str, int]) -> None:
        """:param ttl_s: of the entities that are wanted."""
        self._place = (bootstrap, login, topic)
        self._ttl_s = ttl_s

    def restore(
        self, store: FeatureStore, from_ms: int | None, is_stopped: Callable[[], bool], progress: Restored | None = None
    ) -> Restored:
        """Returns when Redis has all that the topic had when this began.

        :param from_ms: of the records' timestamps; None: the whole topic.
        :param progress: counted in it.
        :raises Stopped: as soon as ``is_stopped``.
        """
        done = Restored() if progress is None else progress
        following: dict[tuple[str, int], int] = {}
        if from_ms is not None:
            with self._reader("read_uncommitted") as reader:
                following.update(reader.offsets_from(from_ms))
        self._read(store, following, is_stopped, done)
        _wait(lambda: store.has_written(began), is_stopped) if (began := time.monotonic()) else None
        settled = time.monotonic() + _SETTLE_S
        _wait(lambda: time.monotonic() > settled, is_stopped)
        self._wait_for_commits(following, is_stopped)
        self._read(store, following, is_stopped, done)
        began = time.monotonic()
        _wait(lambda: store.has_written(began), is_stopped)
        return done

    def _reader(self, isolation: str, start: Offsets | None = None, *, find_end: bool = False) -> TopicReader:
        raise NotImplementedError

    def _read(self, store: FeatureStore, following: dict[tuple[str, int], int], is_stopped: Callable[[], bool], done: Restored) -> None:
        raise NotImplementedError

    def _wait_for_commits(self, following: Offsets, is_stopped: Callable[[], bool]) -> None:
        raise NotImplementedError
