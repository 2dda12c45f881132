"""How long answers of one source are kept: the table ``[source.cache]`` of its entry."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=0.9)]


class CachePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All times in seconds."""

    ttl_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 3600
    """A record is current for so long."""
    negative_ttl_s: Seconds = 300
    """So is the answer that there is no such record."""
    error_ttl_s: Seconds = 1
    """After a failure the source is not asked for the same key again for so long."""
    stale_s: Seconds = 3600
    """For so long after that a record may still be served as ``stale``: at once, and it is asked for meanwhile."""
    jitter: Share = 0.1
    """Times to live are shortened by up to this share, at random, so that what came together does not go together."""
    memory_entries: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 100_000
    """Most answers kept in each process; one takes about half a kilobyte."""
    memory_s: Annotated[float, msgspec.Meta(gt=0, le=31_536_000)] = 60
    """With ``shared``: so long a process answers from its own memory, so an invalidated key may live on elsewhere."""
    shared: bool = True
    """Kept in Redis as well, for all processes."""


MEMORY_ONLY = CachePolicy(shared=False, stale_s=0)
"""For sources that answer from files or by computing: Redis would be slower than they are."""
