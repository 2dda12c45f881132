"""Real components for the lookup service's tests: a Redis that can be killed and frozen, and a running service."""

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, cast

import httpx
import msgspec

from assurance.servers.wait import wait_until
from contracts.lookup_api.lookups import DEADLINE_HEADER, PATH, Kind, LookupResponse, LookupResult
from deploy.paths import PROJECT
from local_stack.processes.ports import free_port
from lookup_service.app import create_app
from lookup_service.settings import Settings
from tests.redis_server import RedisProcess

LONDON, BOXFORD, MILTON = "81.2.69.142", "2.125.160.216", "216.160.83.56"
Keys = Sequence[tuple[Kind, str]]


class RedisServer(RedisProcess):
    """The Redis of the lookup service's tests."""

    def mget_calls(self) -> int:
        """Number of MGETs since the last ``CONFIG RESETSTAT``."""
        statistics = cast("dict[str, dict[str, int]]", self.client.info("commandstats"))
        return statistics["cmdstat_mget"]["calls"]

    def put(self, **records: object) -> None:
        """``put(**{"user:u1": {...}})``: stores bytes unchanged, anything else as JSON."""
        for key, value in records.items():
            self.client.set(key, value if isinstance(value, bytes) else msgspec.json.encode(value))


def body_of(keys: Keys) -> bytes:
    return msgspec.json.encode({"keys": [{"kind": kind, "key": key} for kind, key in keys]})


def results_of(response: httpx.Response) -> list[LookupResult]:
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=LookupResponse).results


def statuses(results: Sequence[LookupResult]) -> list[str]:
    return [result.status for result in results]


def value_of(result: LookupResult) -> dict[str, object]:
    assert isinstance(result.value, msgspec.Raw)
    return msgspec.json.decode(result.value, type=dict[str, object])


def deadline(milliseconds: int) -> dict[str, str]:
    return {DEADLINE_HEADER: str(milliseconds)}


def city_source(path: Path, **cache: object) -> str:
    return source("geoip_city", path=str(path), cache=cache)


def profile_sources(url: str, timeout_ms: object = 200, **cache: object) -> str:
    options = {"url": url, "timeout_ms": timeout_ms}
    return "".join(source("redis_profiles", kind=kind, cache=cache, **options) for kind in ("user", "listing"))


def source(type_name: str, *, cache: Mapping[str, object] | None = None, **options: object) -> str:
    """One entry of a sources file."""
    lines = ["[[source]]", f"type = '{type_name}'", *_lines(options)]
    return "\n".join([*lines, "[source.cache]", *_lines(cache or {}), "", ""])


def _lines(table: Mapping[str, object]) -> list[str]:
    return [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in table.items()]


def with_sources_file(folder: Path, settings: Mapping[str, object]) -> dict[str, object]:
    """``settings`` with the path of a new sources file.

    It replaces the key ``sources`` (the text of the file), or ``geoip_city_path`` for a city database and Redis
    profiles without a cache.
    """
    given = dict(settings)
    city = given.pop("geoip_city_path", None)
    text = given.pop("sources", None)
    if text is None:
        text = city_source(city) if isinstance(city, Path) else ""
        timeout_ms = given.get("redis_timeout_ms", 200)
        text += profile_sources(str(given["redis_url"]), timeout_ms, memory_entries=0, error_ttl_s=0)
    if "sources_path" not in given:
        path = folder / "sources.toml"
        path.write_text(str(text))
        given["sources_path"] = path
    return given


@asynccontextmanager
async def client_of(**settings: object) -> AsyncIterator[httpx.AsyncClient]:
    """The application in this process, without a socket. Settings as for :func:`with_sources_file`."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(**with_sources_file(Path(folder), settings)))  # type: ignore[arg-type]  # pydantic
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lookup") as client,
        ):
            yield client


async def ask(client: httpx.AsyncClient, keys: Keys, headers: Mapping[str, str] | None = None) -> list[LookupResult]:
    return results_of(await client.post(PATH, content=body_of(keys), headers=headers))


def environment(**settings: object) -> dict[str, str]:
    """The environment of the tests, with the given settings of the service and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOOKUP_")}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(PROJECT)]))
    return kept | {f"LOOKUP_{name.upper()}": str(value) for name, value in settings.items()}


class ServerProcess:
    """``python -m lookup_service``, started and stopped as in production."""

    def __init__(
        self, log: Path, *, scheme: str = "http", verify: ssl.SSLContext | bool = True, **settings: object
    ) -> None:
        self.log = log
        port = self.port = free_port()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "lookup_service"],
                env=environment(port=port, **with_sources_file(log.parent, settings)),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.client = httpx.Client(base_url=f"{scheme}://127.0.0.1:{port}", timeout=10, verify=verify)

    def __enter__(self) -> Self:
        try:
            wait_until(self._is_alive, what="the service is alive", timeout_s=20)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()

    def ask(self, keys: Keys, headers: Mapping[str, str] | None = None) -> list[LookupResult]:
        return results_of(self.client.post(PATH, content=body_of(keys), headers=headers))

    def _is_alive(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False
