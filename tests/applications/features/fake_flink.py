"""The job's functions without a cluster. Flink's state and timers are dictionaries here; the clock is the test's."""

from collections.abc import Sequence
from typing import Any

import msgspec

from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES
from tests.applications import fake_flink

_read = msgspec.json.Decoder(FeatureState).decode
Record = tuple[str, FeatureState | None]
"""(key, what the record says; None: it erases)."""


class Flink(fake_flink.Flink):
    def register_processing_time_timer(self, timestamp: int) -> None:
        self.timers.add((timestamp, self.key))


class Store:
    """The feature store, as a dictionary."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[int, bytes]] = {}
        self.calls = 0
        self.is_open = True
        self.waiting = self.behind_ms = 0

    def put(self, key: str, newest_ms: int, packed: bytes) -> bool:
        if self.is_open:
            self.calls += 1
            self.values[key] = newest_ms, packed
        return self.is_open

    def erase(self, key: str) -> bool:
        if self.is_open:
            self.calls += 1
            self.values.pop(key, None)
        return self.is_open


def records_of(batches: Sequence[bytes]) -> list[Record]:
    found: list[Record] = []
    for batch in batches:
        for topic, key, value, _ in msgspec.msgpack.decode(batch):
            assert topic == FEATURES.name
            found.append((key.decode(), None if value is None else _read(value)))
    return found


def count(operator: Any, flink: Flink, name: str) -> int:  # noqa: ANN401 - any of the functions
    operator._counters.flush()
    return flink.metrics.counts[name]
