"""Deterministic ids of sessions, in the shape of a UUIDv7."""

from hashlib import blake2b
from uuid import UUID

from applications.behaviour.events.visitor_key import VisitorKey

_SEPARATOR = b"\x00"


def session_id(visitor: VisitorKey, start: int, start_id: int, idle_ms: int, *, after_gap: bool) -> str:
    """The id of the session that begins at ``start``.

    Sessions that begin after a gap begin more than ``idle_ms`` apart, so the window of that length in which one begins
    names it. So an event that comes late by a second and is then the first one changes no id, unless the edge of a
    window lies between; PostHog's ids, too, have a time at or before the first event. Where a session begins at a limit
    or a split, others can begin in the same window: there the first event itself names it.
    """
    window = start - start % idle_ms
    parts = [visitor.kind.encode(), visitor.id.encode("utf-8", "surrogatepass"), b"%d" % window]
    if not after_gap:
        parts += [b"%d" % start, b"%d" % start_id]
    digest = int.from_bytes(blake2b(_SEPARATOR.join(parts), digest_size=10).digest())
    random_a, random_b = digest >> 62 & 0xFFF, digest & (1 << 62) - 1
    return str(UUID(int=(window & 0xFFFF_FFFF_FFFF) << 80 | 7 << 76 | random_a << 64 | 2 << 62 | random_b))


def time_of(name: str) -> int:
    """The time in a session's id, ms since 1970 UTC: at or before its first event."""
    return UUID(name).int >> 80
