"""The store's figures among a job's metrics."""

import time
from typing import Literal, TypeAlias, get_args

from applications.features.store.feature_store import FeatureStore
from common.flink.metrics import DistributionGroup, Gauges

StoreGauge: TypeAlias = Literal["store_waiting", "store_behind_ms", "store_written", "store_p50_us", "store_p99_us"]
"""store_written: states, since the process's start. store_p50_us, store_p99_us: from the operator to the store, of the
last few thousand writes."""
STORE_GAUGES: tuple[StoreGauge, ...] = get_args(StoreGauge)
_EVERY_S = 1.0
"""Percentiles are sorted out anew each time."""


class StoreGauges:
    def __init__(self, group: DistributionGroup, store: FeatureStore) -> None:
        self._gauges: Gauges[StoreGauge] = Gauges(group, *STORE_GAUGES)
        self._store = store
        self._next_s = 0.0

    def set(self) -> None:
        """Call it as often as you like: they change once a second."""
        now = time.monotonic()
        if now < self._next_s:
            return
        self._next_s = now + _EVERY_S
        p50, p99 = self._store.freshness_ms
        self._gauges.set("store_waiting", self._store.waiting)
        self._gauges.set("store_behind_ms", self._store.behind_ms)
        self._gauges.set("store_written", self._store.written)
        self._gauges.set("store_p50_us", round(p50 * 1000))
        self._gauges.set("store_p99_us", round(p99 * 1000))
