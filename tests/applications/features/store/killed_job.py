"""A process as a job is one: its subtask has put values, and published them, when it is killed.

``python -m tests.applications.features.store.killed_job REDIS_URL BOOTSTRAP TOPIC FIRST NUMBER``
"""

import sys
import time

from confluent_kafka import Producer

from applications.features.store.feature_store import FeatureStore
from applications.features.store.restore import Restorer
from applications.features.store.topic import FeaturesTopic
from tests.applications.features.store.stored import TTL_S, key
from tests.applications.features.store.topic_of_features import now_ms, value_of


def main(url: str, bootstrap: str, topic: str, first: int, number: int) -> None:
    restorer = Restorer(url, "job", FeaturesTopic(bootstrap, {}, topic, TTL_S), margin_ms=1_000)
    store = FeatureStore(url, ttl_s=TTL_S, marks=restorer.marks)
    restorer.start(store)
    restorer.add(0, 1)
    producer = Producer({"bootstrap.servers": bootstrap})
    for each in range(first, first + number):
        packed, now = b"state %d" % each, now_ms()
        store.put(key(each), each, packed, now)
        producer.produce(
            topic, value_of("browser", f"b{each}", each, now, packed), f"browser:b{each}".encode(), timestamp=now
        )
    assert not producer.flush(30)
    print("published", flush=True)
    while store.waiting or restorer.is_restoring:
        time.sleep(0.01)
    print("written", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
