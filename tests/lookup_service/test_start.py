"""Settings, start and exit of the process."""

import signal
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from contracts.lookup_api.lookups import PATH
from lookup_service.__main__ import main
from lookup_service.settings import SettingsError, load_settings
from tests.lookup_service.lookup_harness import (
    RedisServer,
    ServerProcess,
    body_of,
    city_source,
    deadline,
    environment,
)

REDIS = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, ["LOOKUP_REDIS_URL: Field required", "LOOKUP_SOURCES_PATH: Field required"]),
        ({"REDIS_URL": ""}, ["LOOKUP_REDIS_URL: Field required"]),
        ({"REDIS_URL": "http://user:secret@host"}, ["LOOKUP_REDIS_URL"]),
        ({"REDIS_URL": REDIS, "PORT": "secret"}, ["LOOKUP_PORT"]),
        ({"REDIS_URL": REDIS, "PORT": "65536", "REDIS_TIMEOUT_MS": "0"}, ["LOOKUP_PORT", "LOOKUP_REDIS_TIMEOUT_MS"]),
        ({"REDIS_URL": REDIS, "SOURCES_PATH": "/secret/no.toml"}, ["LOOKUP_SOURCES_PATH"]),
        ({"REDIS_URL": REDIS, "TLS_KEY_PATH": __file__, "SOURCES_PATH": __file__}, ["LOOKUP_TLS_CERTIFICATE_PATH"]),
        ({"REDIS_URL": REDIS, "HOST": "0.0.0.0", "SOURCES_PATH": __file__}, ["LOOKUP_API_KEYS"]),
        ({"REDIS_URL": REDIS, "REDIS_TIMOUT_MS": "5"}, ["LOOKUP_REDIS_TIMOUT_MS: unknown setting"]),
        ({"REDIS_URL": REDIS, "WORKERS": "0"}, ["LOOKUP_WORKERS"]),
    ],
)
def test_invalid_settings_are_named(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], named: list[str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"LOOKUP_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    message = str(caught.value)
    assert all(name in message for name in named)
    assert "\n" not in message
    assert "secret" not in message


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKUP_REDIS_URL", REDIS)
    monkeypatch.setenv("LOOKUP_PORT", "9000")
    monkeypatch.setenv("LOOKUP_SOURCES_PATH", __file__)
    monkeypatch.setenv("LOOKUP_API_KEYS", "")
    settings = load_settings()
    assert (settings.host, settings.port, settings.api_keys) == ("127.0.0.1", 9000, None)
    assert settings.default_deadline_ms == 1000


def _run(**settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lookup_service"],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.servers
def test_invalid_settings_end_the_process_with_one_line() -> None:
    ended = _run(port="x")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert "LOOKUP_PORT" in ended.stderr
    assert "LOOKUP_REDIS_URL" in ended.stderr


def test_a_database_of_another_type_ends_the_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asn: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOOKUP_REDIS_URL", REDIS)
    (tmp_path / "sources.toml").write_text(city_source(asn))
    monkeypatch.setenv("LOOKUP_SOURCES_PATH", str(tmp_path / "sources.toml"))
    assert main() == 2
    assert capsys.readouterr().err == (
        "lookup_service: LOOKUP_SOURCES_PATH: source 1: geoip_city: a GeoLite2-ASN database, not a City one\n"
    )


@pytest.mark.servers
def test_a_port_in_use_ends_the_process_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_text("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = _run(redis_url=REDIS, sources_path=tmp_path / "sources.toml", port=taken.getsockname()[1])
    assert ended.returncode != 0
    assert "address already in use" in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


def test_sigterm_gives_exit_code_0(redis_server: RedisServer, city: Path, tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "log", redis_url=redis_server.url, geoip_city_path=city) as server:
        assert server.client.get("/readyz").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0
    assert "Application shutdown complete" in server.log.read_text()


def test_a_request_in_progress_at_sigterm_is_answered(executable: str, tmp_path: Path) -> None:
    """Redis is frozen, so that the request is still waiting when the signal arrives."""
    with (
        RedisServer(executable) as redis,
        ServerProcess(tmp_path / "log", redis_url=redis.url, redis_timeout_ms=1500) as server,
        redis.frozen(),
        closing(HTTPConnection("127.0.0.1", server.client.base_url.port, timeout=10)) as connection,
    ):
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.request("POST", PATH, body_of([("user", "u1")]), deadline(5000))
        assert server.client.get("/healthz").status_code == 200  # sent later, so the service has read the request above
        server.process.send_signal(signal.SIGTERM)
        answer = connection.getresponse()
        assert answer.status == 200
        assert b'"timeout"' in answer.read()
        assert server.process.wait(timeout=10) == 0
