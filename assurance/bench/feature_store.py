"""The feature store alone, on a real Redis: from ``put`` to written, at a rate, and while it restores from the topic.

``python -m assurance.bench.feature_store``. What Redis has acknowledged can be read, so reading begins sooner.
"""

import os
import tempfile
import threading
import time
from pathlib import Path

from applications.features.store.feature_store import FeatureStore
from core.features.model import EntityName
from local_stack.lookup.redis import Redis

_SECONDS, _VALUE_BYTES, _KEYS = 10, 1_000, 20_000
_TTL_S: dict[EntityName, int] = {"browser": 600, "listing": 600}


def _put_at(store: FeatureStore, rate: int) -> float:
    """Processor time of this process, in µs a value."""
    began, cpu, number, value = time.monotonic(), time.process_time(), 0, os.urandom(_VALUE_BYTES)
    while (passed := time.monotonic() - began) < _SECONDS:
        while number < passed * rate:
            store.put(f"features:browser:b{number % _KEYS}", number, value)
            number += 1
        time.sleep(0.001)
    return (time.process_time() - cpu) / number * 1e6


def _restore(store: FeatureStore, stop: threading.Event) -> None:
    number, value = 0, os.urandom(_VALUE_BYTES)
    while not stop.is_set():
        if store.is_quiet:
            store.put_former(f"features:listing:l{number}", number, number, value, 600)
            number += 1
        else:
            time.sleep(0.005)
    print(f"  beside it, {number / _SECONDS:,.0f} values/s of the topic")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(Path(folder))
        redis.start()
        try:
            for rate, restores in ((2_000, False), (5_000, False), (2_000, True)):
                store, stop = FeatureStore(redis.url, ttl_s=_TTL_S), threading.Event()
                thread = threading.Thread(target=_restore, args=(store, stop))
                if restores:
                    thread.start()
                cpu_us = _put_at(store, rate)
                p50, p99 = store.freshness_ms
                print(
                    f"{rate:,} values/s of 1 kB: p50 {p50:.2f} ms, p99 {p99:.2f} ms, {cpu_us:.0f} µs of processor each"
                )
                stop.set()
                if restores:
                    thread.join()
                store.close()
        finally:
            redis.stop()


if __name__ == "__main__":
    main()
