"""Which events an entity has counted, where its topic may have an event twice. Bounded by days and in number. Pure."""

from hashlib import blake2b

from core.features.model import DAY_MS

ID_BYTES = 8
"""Of two thousand ids of one entity, two are equal by chance once in ten million million entities."""
REACH_DAYS = 8
"""The longest window of the shipped features is 7 days, and a day is for events that are late for it."""


def short_id(event_id: str) -> bytes:
    return blake2b(event_id.encode("utf-8", "surrogatepass"), digest_size=ID_BYTES).digest()


def note(seen: dict[int, bytearray], event: bytes, at: int, most: int) -> bool:
    """Whether the event is new; then it is noted, and the oldest ids leave where there are too many.

    An event that is behind the newest one by more than :data:`REACH_DAYS` is never new: its id may have left.

    :param seen: day since 1970 → short ids one behind the other, in the order in which they came. Changed in place.
    :param event: :func:`short_id`.
    :param at: the event's time, ms since 1970 UTC.
    """
    day = at // DAY_MS
    newest = max(seen, default=day)
    if day < newest - REACH_DAYS or any(_has(ids, event) for ids in seen.values()):
        return False
    seen.setdefault(day, bytearray()).extend(event)
    if day > newest:
        for old in [each for each in seen if each < day - REACH_DAYS]:
            del seen[old]
    if sum(map(len, seen.values())) > most * ID_BYTES:
        oldest = min(seen)
        del seen[oldest][:ID_BYTES]
        if not seen[oldest]:
            del seen[oldest]
    return True


def _has(ids: bytearray, event: bytes) -> bool:
    place = ids.find(event)
    while place >= 0 and place % ID_BYTES:  # across the border of two others
        place = ids.find(event, place + 1)
    return place >= 0
