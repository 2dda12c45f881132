"""A Redis Cluster, of one node: its client refuses what a server's client does not."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from redis.cluster import RedisCluster

from applications.features.store.feature_store import FeatureStore
from applications.features.store.mark import Marks, former_subtasks, mark_key, read_marks, remove_marks
from common.redis_states.client import connect
from local_stack.lookup.redis import redis_executable
from tests.applications.features.store.stored import TTL_S, all_written, key, packed, until
from tests.redis_server import RedisProcess

pytestmark = pytest.mark.servers


def test_values_erasures_and_marks_are_written_to_a_cluster(tmp_path: Path) -> None:
    server = RedisProcess(redis_executable())
    try:
        server.start(**{"cluster-enabled": "yes", "dir": str(tmp_path), "cluster-config-file": uuid.uuid4().hex})
        node: Any = server.client
        node.execute_command("CLUSTER ADDSLOTS", *range(16_384))
        until(lambda: node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")
        lost: list[int] = []
        marks = Marks("job", lost.append)
        marks.begin([0, 1])
        store = FeatureStore(server.url, ttl_s=TTL_S, marks=marks)
        try:
            for number in range(200):
                store.put(key(number), 5, b"x")
            store.put(key(1), 4, b"older")
            all_written(store)
            store.erase(key(2))
            store.erase_former(key(0), 1)
            store.erase_former(key(3), 2**42)
            store.put_former(key(4), 6, 6, b"of the topic", 60)
            all_written(store)
            client = connect(server.url, 5)
            assert isinstance(client, RedisCluster)
            assert [packed(client, key(each)) for each in range(5)] == [b"x", b"x", None, None, b"of the topic"]
            until(lambda: None not in read_marks(client, "job", [0, 1]).values())
            assert former_subtasks(client, "job", 1).keys() == {1}
            remove_marks(client, "job", [1])
            until(lambda: lost == [1])
            assert client.exists(mark_key("job", 0))
            client.close()
        finally:
            store.close()
    finally:
        server.kill()
        server.client.close()
