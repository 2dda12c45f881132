"""The real service, while its Redis is empty, frozen and gone, and while the rules change."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from assurance.servers.wait import wait_until
from contracts.security.risk import PATH, RiskAnswer
from local_stack.processes.ports import free_port
from lookup_service.clock import now_ms
from tests.lookup_service.lookup_harness import RedisServer, ServerProcess, deadline, environment, profile_sources
from tests.lookup_service.risk.samples import ADDRESS, LIMIT, failures, rule_set, rule_text, states_after, stored_rules

DEADLINE_MS = 500
SIGN_IN = {"event_name": "sign_in", "user_id": "u-private-1", "user_ipaddress": ADDRESS}


@pytest.fixture(scope="module")
def own_redis(executable: str) -> Iterator[RedisServer]:
    with RedisServer(executable) as server:
        yield server


@pytest.fixture(scope="module")
def server(own_redis: RedisServer, city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    log = tmp_path_factory.mktemp("server") / "log"
    with ServerProcess(
        log, redis_url=own_redis.url, geoip_city_path=city, redis_timeout_ms=5000, log_level="debug"
    ) as running:
        yield running
    text = log.read_text()
    assert "Traceback" not in text
    assert ADDRESS not in text
    assert "u-private-1" not in text


def _ask(server: ServerProcess) -> RiskAnswer:
    response = server.client.post(PATH, json={"event": SIGN_IN}, headers=deadline(DEADLINE_MS))
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=RiskAnswer)


def _in_use(server: ServerProcess, version: str, within_s: float) -> None:
    wait_until(lambda: _ask(server).rules_version == version, what="the rules are in use", timeout_s=within_s)


def test_without_any_state_it_is_unknown(server: ServerProcess) -> None:
    found = _ask(server)
    assert (found.status, found.decision, found.level) == ("no_state", "allow", "unknown")


def test_a_change_of_the_rules_is_in_use_within_two_seconds(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.put(**states_after(failures(LIMIT - 1, before_ms=now_ms())))
    for text, decision in ((rule_text(), "deny"), (rule_text(LIMIT + 1), "allow"), (rule_text(), "deny")):
        own_redis.put(**stored_rules(text))
        _in_use(server, rule_set(text).version, within_s=2)
        assert _ask(server).decision == decision


def test_a_frozen_redis_is_unknown_within_the_deadline(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.put(**stored_rules(), **states_after(failures(LIMIT - 1, before_ms=now_ms())))
    _in_use(server, rule_set().version, within_s=10)
    assert _ask(server).decision == "deny"
    with own_redis.frozen():
        took = []
        for _ in range(3):
            started = time.monotonic()
            found = _ask(server)
            took.append(time.monotonic() - started)
            assert found.status in ("timeout", "error")
            assert (found.decision, found.level) == ("allow", "unknown")
        assert min(took) < DEADLINE_MS / 1000, "a busy machine makes one late, not all"
        with ThreadPoolExecutor(20) as pool:
            assert {found.decision for found in pool.map(lambda _: _ask(server), range(40))} == {"allow"}
    wait_until(lambda: _ask(server).decision == "deny", what="the state is read again")


def test_a_source_that_hangs_leaves_time_for_the_state(executable: str, own_redis: RedisServer, tmp_path: Path) -> None:
    own_redis.put(**stored_rules(), **states_after(failures(LIMIT - 1, before_ms=now_ms())))
    with (
        RedisServer(executable) as profiles,
        ServerProcess(
            tmp_path / "log",
            redis_url="redis://127.0.0.1:1/0",
            risk_redis_url=own_redis.url,
            sources=profile_sources(profiles.url, timeout_ms=5000, memory_entries=0),
        ) as server,
    ):
        _in_use(server, rule_set().version, within_s=10)
        with profiles.frozen():
            started = time.monotonic()
            found = _ask(server)
            assert (found.status, found.decision) == ("ok", "deny")
            assert time.monotonic() - started >= 0.4 * DEADLINE_MS / 1000, "it has waited for the account"


def test_a_killed_redis_is_an_error_and_comes_back(own_redis: RedisServer, server: ServerProcess) -> None:
    own_redis.kill()
    try:
        found = _ask(server)
        assert (found.status, found.decision, found.level) == ("error", "allow", "unknown")
        assert found.rules_version is not None
    finally:
        own_redis.start()
    wait_until(lambda: _ask(server).status == "ok", what="Redis is read again")


@pytest.mark.servers
def test_wrong_rules_end_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text("name: lonely\n")
    (tmp_path / "sources.toml").write_text("")
    for rules, said in ((tmp_path / "rules.yml", "rules.yml:1"), (tmp_path / "absent.yml", "No such file")):
        given = {"redis_url": "redis://127.0.0.1:1/0", "sources_path": tmp_path / "sources.toml", "rules_path": rules}
        ended = subprocess.run(
            [sys.executable, "-m", "lookup_service"],
            env=environment(port=free_port(), **given),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 2
        [line] = ended.stderr.splitlines()
        assert "LOOKUP_RULES_PATH" in line
        assert said in line
