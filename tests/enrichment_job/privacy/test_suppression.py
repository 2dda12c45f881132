import subprocess
import sys
import time
from collections.abc import Callable

import pytest
import redis

from enrichment_job.privacy import suppression
from enrichment_job.privacy.suppression import KEY, Suppression, suppress
from local_stack.redis import redis_executable
from tests.lookup_service.lookup_harness import RedisServer


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_is_added_is_in_the_mirror_at_the_next_look(redis_url: str, client: redis.Redis) -> None:
    suppress(client, "u1")
    mirror = Suppression(redis_url, 20)
    try:
        assert mirror.subjects == {"u1"}
        suppress(client, "u2", "d-3")
        _until(lambda: mirror.subjects == {"u1", "u2", "d-3"})
        client.srem(KEY, "u1")
        suppress(client, "u2")
        _until(lambda: mirror.subjects == {"u2", "d-3"})
    finally:
        mirror.close()


def test_the_last_known_set_holds_while_redis_is_out() -> None:
    with RedisServer(redis_executable()) as server:
        suppress(server.client, "u1")
        mirror = Suppression(server.url, 20)
        try:
            server.kill()
            _until(lambda: mirror.failures > 0)
            assert mirror.subjects == {"u1"}
            server.start()
            suppress(server.client, "u2")
            _until(lambda: mirror.subjects == {"u2"})
        finally:
            mirror.close()


def test_without_the_set_no_job_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "_FIRST_S", 0.1)
    with pytest.raises(RuntimeError, match="no event may leave"):
        Suppression("redis://127.0.0.1:1/0", 20)


def test_the_command_reads_ids_from_its_input(redis_url: str, client: redis.Redis) -> None:
    for action in ("suppress", "erase"):
        command = [sys.executable, "-m", "enrichment_job.privacy", action, "--redis-url", redis_url]
        done = subprocess.run(command, input="u7\n\nu8\n", capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "2 done\n"
    assert client.smembers(KEY) == {"u7", "u8"}
    assert client.get("privacy:subject_key:u8") == "destroyed"
