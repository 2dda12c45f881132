"""Streams the results of the keys that a client looked up lately: ``GET /v1/lookup/recent``.

A stream and not pages: behind a load balancer the next page would come from another process, which knows other keys.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import msgspec

from contracts.lookup_api.lookups import LookupKey
from lookup_service.clock import now_ms
from lookup_service.metrics import Metrics
from lookup_service.resolving.caching.entry import Entry
from lookup_service.resolving.recent_keys import RecentKeys
from lookup_service.resolving.resolver import Resolver

_encode = msgspec.json.Encoder().encode


async def recent_results(
    recent: RecentKeys, resolver: Resolver, metrics: Metrics, *, client: str, limit: int, until: float
) -> AsyncIterator[bytes]:
    """Blocks of lines, ``limit`` lines at most, none begun after ``until`` (seconds of :func:`time.perf_counter`).

    The event loop runs other requests after every block.
    """
    left = limit
    for keys in recent.slices(client):
        if left <= 0 or time.perf_counter() >= until:
            return
        known = await resolver.known(keys[:left]) if keys else []
        left -= len(known)
        if known:
            metrics.record_recent(len(known))
            yield encode(known)
        await asyncio.sleep(0)


def encode(known: Sequence[tuple[LookupKey, Entry]]) -> bytes:
    """A :class:`contracts.lookup_api.recent.RecentResult` a line, joined from the entries' encoded results."""
    now = now_ms()
    return b"".join(
        [
            b'{"kind":"%b","key":%b,"result":%b%d}}\n'
            % (key.kind.encode(), _encode(key.key), entry.head, now - entry.created_ms)
            for key, entry in known
        ]
    )
