"""``python -m enrichment_job.consent``: what it says is what the store holds."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import redis

from common.opt_outs.former import SET
from common.opt_outs.redis_client import connect
from common.opt_outs.store import CHANGES, OptOutStore
from enrichment_job.consent.__main__ import main
from local_stack.processes.ports import free_port
from tests.redis_server import DurableRedis


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(redis_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(action: str, content: bytes = b"", *options: str, url: str = redis_url) -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        code = main([action, "--redis-url", url, *options])
        return Done(code, *capsys.readouterr())

    return run


def _held(redis_url: str, *ids: str) -> int:
    store = OptOutStore(connect(redis_url))
    try:
        return store.held(ids)
    finally:
        store.close()


def test_it_runs_as_a_module(redis_url: str, client: redis.Redis) -> None:
    command = [sys.executable, "-m", "enrichment_job.consent", "suppress", "--redis-url", redis_url]
    content = "user_id;\r\nu7;\r\n\r\nu8;\r\nu7;\r\n".encode("utf-16")
    done = subprocess.run(command, input=content, capture_output=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [
        b"2 ids read, 1 repeated",
        b"2 opted out, 0 already were; the store holds all 2",
    ]
    assert client.zrange(CHANGES, 0, -1) == ["+u7", "+u8"]


@pytest.mark.usefixtures("client")
def test_suppress_and_withdraw_say_what_the_store_holds(run: Run, redis_url: str) -> None:
    assert run("suppress", b"u1\nu2\n").code == 0
    assert run("suppress", b"u2\nu3\n").out.endswith("1 opted out, 1 already were; the store holds all 2\n")
    assert run("withdraw", b"u1\nu9\n").out.endswith(
        "1 opted in again, 1 had not opted out; the store holds none of the 2\n"
    )
    assert (_held(redis_url, "u1"), _held(redis_url, "u2", "u3")) == (0, 2)
    assert run("count").out == "2 opted out, 2 others (opted in again, or no ids), 0 lost\n"


def test_a_list_with_a_bad_line_writes_nothing(run: Run, client: redis.Redis) -> None:
    for action in ("suppress", "withdraw", "erase", "restore"):
        done = run(action, b"secret-1\r\n" + b"secret" * 40 + b"\nM\xfcller\n")
        assert done.code == 2
        assert "line 2: longer" in done.err
        assert "line 3: not UTF-8" in done.err
        assert "secret" not in done.out + done.err
        assert "ller" not in done.err
    assert client.dbsize() == 1


@pytest.mark.parametrize("action", ["suppress", "withdraw", "restore", "erase"])
def test_a_list_without_an_id_is_no_success(run: Run, client: redis.Redis, action: str) -> None:
    for content in (b"", b"\n\n", b"user_id\r\n"):
        assert run(action, content).code == 2
    assert client.dbsize() == 1


def test_an_empty_list_does_not_declare_a_lost_store_whole(run: Run, client: redis.Redis) -> None:
    run("suppress", b"u1\nu2\nu3\n")
    client.zrem(CHANGES, "+u1", "+u2")
    for content in (b"", b"user_id\n"):
        assert run("restore", content).code == 2
        assert run("count").out.endswith("2 lost\n")
    client.flushall()
    assert run("restore").code == 2
    assert run("count").code == 1
    assert client.dbsize() == 0


def test_without_a_store_nothing_is_written(run: Run, empty: redis.Redis) -> None:
    for action in ("suppress", "withdraw", "count"):
        done = run(action, b"u1\n")
        assert done.code == 1
        assert "init" in done.err
    assert empty.dbsize() == 0


def test_init_makes_a_store_once(run: Run, redis_url: str, empty: redis.Redis) -> None:
    empty.sadd(SET, "old")
    assert run("init").out == "a new store, with 1 of the former set\n"
    assert _held(redis_url, "old") == 1
    assert run("withdraw", b"old").out.endswith(
        "1 opted in again (1 of the former set), 0 had not opted out; the store holds none of the 1\n"
    )
    assert run("init") == Done(0, "there is a store already\n", "")
    assert _held(redis_url, "old") == 0


def test_init_imports_the_former_set_of_another_redis(run: Run, empty: redis.Redis, tmp_path: Path) -> None:
    empty.sadd(SET, *(f"old-{number}" for number in range(2_500)), b"\xff")
    with DurableRedis(tmp_path) as server:
        where = f"redis://127.0.0.1:{empty.connection_pool.connection_kwargs['port']}/0"
        done = run("init", b"", "--import-from", where, url=server.url)
        assert done.out == "a new store, with 2500 of the former set\n"
        assert _held(server.url, "old-0", "old-2499") == 2


def test_a_remembered_store_is_not_made_again(run: Run, empty: redis.Redis, tmp_path: Path) -> None:
    remember = ("--remember", str(tmp_path / "made"))
    assert run("init", b"", *remember).code == 0
    assert run("init", b"", *remember).code == 0
    empty.flushall()
    done = run("init", b"", *remember)
    assert done.code == 1
    assert "restore" in done.err
    assert empty.dbsize() == 0


def test_restore_mends_what_nobody_else_knows(run: Run, redis_url: str, client: redis.Redis) -> None:
    run("suppress", b"u1\nu2\nu3\n")
    client.zrem(CHANGES, "+u1", "+u2")
    assert run("count").out == "1 opted out, 0 others (opted in again, or no ids), 2 lost\n"
    assert run("restore", b"u1\nu3\n").out.endswith("1 restored, 1 were there; the store holds 2 entries\n")
    assert run("count").out == "2 opted out, 0 others (opted in again, or no ids), 0 lost\n"
    client.flushall()
    assert run("restore", b"u1\n").code == 0
    assert _held(redis_url, "u1") == 1


def test_erase_says_what_the_store_holds(run: Run, empty: redis.Redis) -> None:
    empty.set("privacy:subject_key:u1", "a key")
    assert run("erase", b'"u1",u2').out.endswith("2 erased, 0 already were; the store holds the marks of all 2\n")
    assert run("erase", b"u1\n").out.endswith("0 erased, 1 already were; the store holds the marks of all 1\n")
    assert {empty.get(f"privacy:subject_key:{user}") for user in ("u1", "u2")} == {"destroyed"}


@pytest.mark.usefixtures("client")
def test_what_the_store_does_not_hold_is_no_success(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OptOutStore, "opt_out", lambda *_: 1)
    done = run("suppress", b"u1\n")
    assert done.code == 1
    assert "holds 0 of 1" in done.err


def test_a_redis_that_is_not_there_or_evicts_is_no_success(run: Run, tmp_path: Path) -> None:
    assert run("suppress", b"u1", url=f"redis://127.0.0.1:{free_port()}/0").code == 1
    assert run("suppress", b"u1", url="127.0.0.1").code == 1
    server = DurableRedis(tmp_path)
    try:
        server.start(**{"maxmemory-policy": "allkeys-lfu"})
        done = run("init", url=server.url)
        assert done.code == 1
        assert "allkeys-lfu" in done.err
    finally:
        server.kill()
        server.client.close()
