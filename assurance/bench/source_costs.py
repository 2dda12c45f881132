"""``python -m assurance.bench.source_costs``: microseconds per key of every pure function and every source, without a
cache, for keys that have a value and for keys that have none.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from assurance.servers.mmdb_files import ANONYMOUS, ASN, write_mmdb
from assurance.servers.postgresql import postgresql
from assurance.servers.profile_api import USERS, api_server, source_of
from common.secret import SecretUrl
from core.derived.campaign import parse_campaign
from core.derived.referrer import parse_referrer
from core.derived.user_agent import parse_user_agent
from core.derived.web.crawlers import crawler_name
from lookup_service.seed.database import seed
from lookup_service.seed.profiles import user_id
from lookup_service.sources.address_ranges import AddressRangesOptions, open_address_ranges
from lookup_service.sources.derived import (
    CampaignOptions,
    ReferrerOptions,
    UserAgentOptions,
    open_campaign,
    open_referrer,
    open_user_agent,
)
from lookup_service.sources.mmdb.network import MmdbNetworkOptions, open_mmdb_network
from lookup_service.sources.protocol import Source
from lookup_service.sources.sql.postgresql import PostgresqlOptions, open_postgresql
from lookup_service.sources.sql.sqlite import SqliteOptions, open_sqlite

BATCH = 256
_OF_UNKNOWN = {"user_agent": "ok", "referrer": "invalid"}
"""Expected status of keys without a value, if it is not ``missing``: an unknown user agent is still parsed, and a text
that is not a URL is an invalid key."""
SECONDS = 1.0

_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
)
_BOT = "Mozilla/5.0 (compatible; YandexBot/3.{}; +http://yandex.com/bots)"
USER_AGENTS = [(_BOT if n % 10 == 0 else _BROWSER).format(n) for n in range(BATCH)]
NO_USER_AGENTS = [f"nothing known {n}" for n in range(BATCH)]
REFERRERS = [f"https://www.google.co.uk/search?hl=en&q=red+bike+{n}" for n in range(BATCH)]
NO_REFERRERS = [f"/not/an/address/{n}" for n in range(BATCH)]
CAMPAIGNS = [f"https://shop.example/l/{n}?utm_source=news&utm_medium=email&utm_campaign=c%20{n}" for n in range(BATCH)]
NO_CAMPAIGNS = [f"https://shop.example/l/{n}?page=2&sort=price" for n in range(BATCH)]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def cost_of(function: Callable[[str], object], keys: Sequence[str]) -> float:
    """Microseconds per key: the fastest run within a second, because other work can only slow a run down."""
    function(keys[0])
    best, until = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        for key in keys:
            function(key)
        best = min(best, time.perf_counter() - began)
    return best / len(keys) * 1e6


async def batch_cost_of(source: Source, keys: Sequence[str], expected: str) -> float:
    """Like :func:`cost_of`, for a whole batch. Checks that every key has the expected status."""
    assert {result.status for result in await source.lookup(keys)} == {expected}
    best, until = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        began = time.perf_counter()
        await source.lookup(keys)
        best = min(best, time.perf_counter() - began)
    return best / len(keys) * 1e6


def functions() -> Iterator[tuple[str, float, float]]:
    for function, keys, unknown in (
        (parse_user_agent, USER_AGENTS, NO_USER_AGENTS),
        (crawler_name, [_BOT.format(n) for n in range(BATCH)], USER_AGENTS[1:10]),
        (parse_referrer, REFERRERS, NO_REFERRERS),
        (parse_campaign, CAMPAIGNS, NO_CAMPAIGNS),
    ):
        yield f"{function.__name__}()", cost_of(function, keys), cost_of(function, unknown)


def sources(folder: Path, database_url: str | None) -> Iterator[tuple[str, Source, Sequence[str], Sequence[str]]]:
    yield "user_agent", open_user_agent(UserAgentOptions()), USER_AGENTS, NO_USER_AGENTS
    yield "referrer", open_referrer(ReferrerOptions()), REFERRERS, NO_REFERRERS
    yield "campaign", open_campaign(CampaignOptions()), CAMPAIGNS, NO_CAMPAIGNS
    asn, anonymous = (folder / f"{name}.mmdb" for name in ("asn", "anonymous"))
    write_mmdb(asn, ASN, "GeoLite2-ASN")
    write_mmdb(anonymous, ANONYMOUS, "GeoIP2-Anonymous-IP")
    options = MmdbNetworkOptions(asn_path=str(asn), anonymous_ip_path=str(anonymous))
    yield "mmdb_network, two files", open_mmdb_network(options), addresses("1.128.0.0"), addresses("8.8.0.0")
    ranges = folder / "ranges"
    ranges.write_text("".join(f"{IPv4Address(0x0B000000 + n * 512)}/24 list{n % 9}\n" for n in range(100_000)))
    lists = open_address_ranges(AddressRangesOptions(path=str(ranges), meaning="reputation"))
    yield "address_ranges, 100,000", lists, addresses("11.0.0.0"), addresses("11.0.1.0")
    users, nobody = [user_id(n) for n in range(1, 20_000) if n % 20][:BATCH], [f"x{n}" for n in range(BATCH)]
    path = folder / "profiles.db"
    seed(f"sqlite:///{path}", user_count=20_000, listing_count=0, seed_number=1)
    yield "sqlite", open_sqlite(SqliteOptions(kind="user", path=str(path), timeout_ms=5000)), users, nobody
    if database_url is not None:
        yield "postgresql", open_postgresql(PostgresqlOptions(kind="user", url=SecretUrl(database_url))), users, nobody


def addresses(first: str) -> list[str]:
    return [str(IPv4Address(first) + n) for n in range(BATCH)]


async def source_rows(folder: Path, database_url: str | None) -> list[tuple[str, float, float]]:
    rows = []
    for name, source, keys, unknown in sources(folder, database_url):
        status = _OF_UNKNOWN.get(name, "missing")
        rows.append((name, await batch_cost_of(source, keys, "ok"), await batch_cost_of(source, unknown, status)))
        await source.close()
    async with api_server() as api:
        USERS.update({f"k{n}": {"account": {"segment": "regular"}} for n in range(BATCH)})
        source = source_of(api, requests_per_second=1e9, burst=10**9, timeout_ms=60_000)
        keys, unknown = [f"k{n}" for n in range(BATCH)], [f"x{n}" for n in range(BATCH)]
        found = await batch_cost_of(source, keys, "ok"), await batch_cost_of(source, unknown, "missing")
        rows.append(("http_api, server in the same process", *found))
        await source.close()
    return rows


@contextmanager
def database(*, wanted: bool) -> Iterator[str | None]:
    if not wanted:
        yield None
        return
    with postgresql() as server:
        seed(server.url, user_count=20_000, listing_count=0, seed_number=1)
        yield server.url


@app.command()
def main(
    *, with_postgresql: Annotated[bool, typer.Option(help="Start PostgreSQL and measure it, too.")] = True
) -> None:
    """On one core; sources in batches of 256 keys."""
    table = Table("what", "found, µs a key", "not found, µs a key")
    with TemporaryDirectory() as folder, database(wanted=with_postgresql) as url:
        for name, hit, miss in [*functions(), *asyncio.run(source_rows(Path(folder), url))]:
            table.add_row(name, f"{hit:.1f}", f"{miss:.1f}")
    Console().print(table)


if __name__ == "__main__":
    app()
