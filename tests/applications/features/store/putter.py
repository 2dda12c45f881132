"""A process of its own that puts values, and does nothing else until it is killed.

``python -m tests.applications.features.store.putter URL NUMBER NEWEST TEXT``
"""

import sys
import time

from applications.features.store.feature_store import FeatureStore
from tests.applications.features.store.stored import TTL_S, key


def main(url: str, number: int, newest: int, text: str) -> None:
    store = FeatureStore(url, ttl_s=TTL_S)
    for each in range(number):
        store.put(key(each), newest, text.encode())
    print("put", flush=True)
    while store.waiting:
        time.sleep(0.01)
    print("written", flush=True)
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
