"""The lookup service: one worker on one core, the load generator on another, all caches warm."""

import asyncio
import os
import random
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
import psutil
import uvloop

from assurance.bench.http_load import closed_loop, open_loop, percentile
from contracts.lookup_api.lookups import PATH, Kind, LookupKey, LookupRequest
from local_stack.lookup.geoip import ensure_city_database
from local_stack.lookup.redis import Redis
from local_stack.processes.ports import HOST, free_port
from local_stack.processes.process import ManagedProcess
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import listing_id, user_id

SECONDS = 8.0
RATE = 500.0
USERS, LISTINGS, ADDRESSES = 4_000, 4_000, 12_000
SOURCES = """
[[source]]
type = "geoip_city"
path = "{city}"
[[source]]
type = "sqlite"
kind = "user"
path = "{profiles}"
cache = {{ ttl_s = 3600, negative_ttl_s = 3600 }}
[[source]]
type = "sqlite"
kind = "listing"
path = "{profiles}"
cache = {{ ttl_s = 3600, negative_ttl_s = 3600 }}
[[source]]
type = "user_agent"
"""


class LookupFigures(msgspec.Struct, frozen=True, kw_only=True):
    lookups_per_s: dict[int, float]
    """Batch size → keys per second."""
    single_key_p50_ms: float
    single_key_p99_ms: float
    """At ``RATE`` requests per second."""
    rss_mb: float
    """Of the worker, with all these keys in its memory cache."""


def measure() -> LookupFigures:
    with TemporaryDirectory() as folder, running(Path(folder)) as (worker, port, _):
        with uvloop_runner() as runner:
            figures = runner.run(_measure(port, worker))
        text = httpx.get(f"http://{HOST}:{port}/metrics", trust_env=False).text
        assert not re.search(r'status="(error|timeout|stale)"', text), "some keys have no proper answer"
        return figures


def uvloop_runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)


async def _measure(port: int, worker: ManagedProcess) -> LookupFigures:
    keys = _keys()
    await closed_loop(port, _requests(keys, 250, shuffled=False), connections=1, seconds=3)
    lookups = {}
    for size in (1, 50, 256):
        requests = _requests(keys, size)
        await closed_loop(port, requests, connections=8, seconds=1)
        lookups[size] = size * await closed_loop(port, requests, connections=8, seconds=SECONDS)
    single = await open_loop(port, _requests(keys, 1), rate=RATE, seconds=SECONDS)
    return LookupFigures(
        lookups_per_s=lookups,
        single_key_p50_ms=percentile(single, 0.5),
        single_key_p99_ms=percentile(single, 0.99),
        rss_mb=psutil.Process(worker.pid).memory_info().rss / 1e6,
    )


@contextmanager
def running(
    folder: Path, more_sources: str = "", settings: Mapping[str, str] | None = None
) -> Iterator[tuple[ManagedProcess, int, str]]:
    """The service, its port and its Redis.

    :param more_sources: entries of the sources file.
    :param settings: more variables of its environment.
    """
    profiles = folder / "profiles.db"
    seed(f"sqlite:///{profiles}", user_count=USERS, listing_count=LISTINGS, seed_number=1)
    sources = SOURCES.format(city=ensure_city_database(), profiles=profiles) + more_sources
    (folder / "sources.toml").write_text(sources)
    redis = Redis(folder)
    redis.start()
    port = free_port()
    before = os.sched_getaffinity(0)
    own_core = min(before)
    pinned = ["taskset", "-c", str(own_core)] if shutil.which("taskset") and len(before) > 1 else []
    worker = ManagedProcess(
        "lookup",
        [*pinned, sys.executable, "-m", "lookup_service"],
        log_path=folder / "lookup.log",
        env={
            "LOOKUP_PORT": str(port),
            "LOOKUP_REDIS_URL": redis.url,
            "LOOKUP_SOURCES_PATH": str(folder / "sources.toml"),
            **(settings or {}),
        },
    )
    try:
        worker.start()
        with httpx.Client(base_url=f"http://{HOST}:{port}", trust_env=False) as client:
            worker.wait_ready(lambda: _is_ready(client), 60)
        if pinned:
            os.sched_setaffinity(0, before - {own_core})
        yield worker, port, redis.url
    finally:
        os.sched_setaffinity(0, before)
        worker.stop()
        redis.stop()


def _is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def _keys() -> list[LookupKey]:
    """The kinds that the job looks up: addresses, users and listings."""
    chosen = random.Random(1)
    addresses = [
        f"{chosen.randint(1, 223)}.{chosen.randint(0, 255)}.{chosen.randint(0, 255)}.9" for _ in range(ADDRESSES)
    ]
    by_kind: list[tuple[Kind, list[str]]] = [
        ("ip", addresses),
        ("user", [user_id(n) for n in range(1, USERS + 1)]),
        ("listing", [listing_id(n) for n in range(1, LISTINGS + 1)]),
    ]
    return [LookupKey(kind, key) for kind, keys in by_kind for key in keys]


def _requests(keys: Sequence[LookupKey], size: int, *, shuffled: bool = True) -> list[bytes]:
    ordered = random.Random(2).sample(keys, len(keys)) if shuffled else list(keys)
    return [
        http_request("POST", PATH, msgspec.json.encode(LookupRequest(ordered[start : start + size])))
        for start in range(0, min(len(ordered), 2000 * size), size)
    ]


def http_request(method: str, path: str, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nhost: lookup\r\nx-deadline-ms: 1000\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


if __name__ == "__main__":
    print(msgspec.json.format(msgspec.json.encode(measure())).decode())
