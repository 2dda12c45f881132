"""How long the results of one source are cached: the table ``[source.cache]`` of its entry in the sources file."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=0.9)]


class CachePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All times in seconds."""

    ttl_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 3600
    """How long a record is fresh."""
    negative_ttl_s: Seconds = 300
    """How long a ``missing`` or ``invalid`` result is fresh."""
    error_ttl_s: Seconds = 1
    """How long after a failure the source is not queried again for the same key."""
    stale_s: Seconds = 3600
    """How long after ``ttl_s`` a record is still served, at once and as ``stale``, while it is fetched again."""
    jitter: Share = 0.1
    """Times to live are shortened by up to this share, at random, so that entries cached together expire apart."""
    memory_entries: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 100_000
    """Most results in each process's memory; one takes about half a kilobyte."""
    memory_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 60
    """With ``shared``: how long a process uses its memory before it reads Redis again, and therefore how long another
    process may still serve an invalidated key."""
    shared: bool = True
    """Also cached in Redis, for all processes."""


MEMORY_ONLY = CachePolicy(shared=False, stale_s=0)
"""For sources that compute or read files: they are faster than Redis."""
