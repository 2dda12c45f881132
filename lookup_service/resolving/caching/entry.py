"""A cached result, encoded as JSON up to its age so that a hit needs no encoding, and the rules for its times. Pure.

Times are milliseconds of :func:`lookup_service.clock.now_ms`. From ``refresh_from_ms`` on the entry is still served,
and a hit starts a refresh in the background. From ``fresh_until_ms`` on it is served as ``stale``. From
``refetch_from_ms`` on it is served only if fetching it again fails. From ``usable_until_ms`` on it is not served.
"""

import random
from collections.abc import Callable, Mapping

import msgspec

from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Status
from lookup_service.sources.cache_policy import CachePolicy

AGE = b',"age_ms":'
REFRESH_AHEAD = 0.1
"""The last part of a time to live: a key that is requested during it is refreshed before it becomes stale."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LookupResult).decode
_decode_value: Mapping[Kind, Callable[[bytes | msgspec.Raw], object]] = {
    kind: msgspec.json.Decoder(value).decode for kind, value in VALUE_TYPES.items()
}


class Entry(msgspec.Struct, frozen=True, gc=False):
    label: str
    """Kind and status for the metrics, such as ``ip ok``."""
    status: Status
    head: bytes
    """JSON of a LookupResult up to and including :data:`AGE`; the age and ``}`` complete it."""
    created_ms: int
    refresh_from_ms: int
    fresh_until_ms: int
    refetch_from_ms: int
    usable_until_ms: int

    def result(self, now_ms: int) -> LookupResult:
        return _decode(b"%b%d}" % (self.head, now_ms - self.created_ms))


class Stored(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """An entry as stored in Redis; the tag is the version of the format."""

    status: Status
    head: bytes
    created_ms: int
    fresh_until_ms: int


_encode_stored = msgspec.msgpack.Encoder().encode
_decode_stored = msgspec.msgpack.Decoder(Stored).decode


def encode_head(result: LookupResult) -> bytes:
    # The smallest result is {"status":"..."}, so the comma in AGE always follows a field.
    without_age = result if result.age_ms is None else msgspec.structs.replace(result, age_ms=None)
    return _encode(without_age)[:-1] + AGE


def is_valid(kind: Kind, result: LookupResult) -> bool:
    """Whether value and status agree: a value that the contract allows for ok and stale, no value otherwise."""
    if result.status not in ("ok", "stale"):
        return isinstance(result.value, msgspec.UnsetType)
    if isinstance(result.value, msgspec.UnsetType) or len(bytes(result.value)) > MAX_VALUE_BYTES:
        return False
    try:
        _decode_value[kind](result.value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def fresh_entry(
    kind: Kind, result: LookupResult, policy: CachePolicy, now_ms: int, *, rand: Callable[[], float] = random.random
) -> Entry:
    """The entry for a result that the source has just returned."""
    head = encode_head(result)
    if result.status in ("missing", "invalid"):
        ttl_s = policy.negative_ttl_s
    elif result.status == "ok":
        ttl_s = policy.ttl_s
    else:
        retry_from = now_ms + int(policy.error_ttl_s * 1000)
        return Entry(
            f"{kind} {result.status}", result.status, head, now_ms, retry_from, retry_from, retry_from, retry_from
        )
    fresh_until = now_ms + int(ttl_s * 1000 * (1 - policy.jitter * rand()))
    return _with_times(kind, Stored(result.status, head, now_ms, fresh_until), policy, now_ms)


def to_stored(entry: Entry) -> bytes:
    return _encode_stored(Stored(entry.status, entry.head, entry.created_ms, entry.fresh_until_ms))


def from_stored(kind: Kind, stored: bytes, policy: CachePolicy, now_ms: int) -> Entry | None:
    """None if the stored bytes are of another format, damaged, or no longer usable."""
    try:
        found = _decode_stored(stored)
        result = _decode(found.head + b"0}")
        if result.status != found.status or found.status not in ("ok", "missing", "invalid"):
            return None
        if not found.head.endswith(AGE) or not is_valid(kind, result):
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    ttl_s = policy.ttl_s if found.status == "ok" else policy.negative_ttl_s
    created = min(found.created_ms, now_ms)  # the clock of the machine that wrote it may be ahead
    fresh_until = min(found.fresh_until_ms, created + int(ttl_s * 1000))  # a new configuration may have a shorter ttl
    entry = _with_times(kind, Stored(found.status, found.head, created, fresh_until), policy, now_ms)
    return entry if now_ms < entry.usable_until_ms else None


def as_stale(kind: Kind, entry: Entry, policy: CachePolicy, now_ms: int) -> Entry:
    """The entry to serve while its fetch is pending or after it failed; no refresh for the next ``error_ttl_s``.

    The status stays ``ok`` while the entry is fresh.
    """
    if now_ms < entry.fresh_until_ms:
        refresh_from = min(now_ms + int(policy.error_ttl_s * 1000), entry.fresh_until_ms)
        return msgspec.structs.replace(entry, refresh_from_ms=refresh_from, refetch_from_ms=entry.usable_until_ms)
    refresh_from = min(now_ms + int(policy.error_ttl_s * 1000), entry.usable_until_ms)
    stale = msgspec.structs.replace(_decode(entry.head + b"0}"), status="stale")
    return msgspec.structs.replace(
        entry,
        label=f"{kind} stale",
        status="stale",
        head=encode_head(stale),
        refresh_from_ms=refresh_from,
        refetch_from_ms=entry.usable_until_ms,
    )


def is_current(entry: Entry, now_ms: int) -> bool:
    """Whether it can be handed out without asking a source or Redis: neither a failure nor past any of its times."""
    return entry.status in ("ok", "missing", "invalid") and now_ms < min(entry.fresh_until_ms, entry.refetch_from_ms)


def _with_times(kind: Kind, found: Stored, policy: CachePolicy, now_ms: int) -> Entry:
    status, created_ms, fresh_until_ms = found.status, found.created_ms, found.fresh_until_ms
    usable_until = fresh_until_ms + int(policy.stale_s * 1000) if status == "ok" else fresh_until_ms
    refetch_from, refresh_from = usable_until, fresh_until_ms
    if policy.shared:
        memory_ms = policy.memory_s * 1000
        refetch_from = min(refetch_from, now_ms + int(memory_ms))
        refresh_from = min(_refresh_at(created_ms, fresh_until_ms), now_ms + int(memory_ms * (1 - REFRESH_AHEAD)))
    return Entry(
        f"{kind} {status}", status, found.head, created_ms, refresh_from, fresh_until_ms, refetch_from, usable_until
    )


def _refresh_at(created_ms: int, fresh_until_ms: int) -> int:
    return fresh_until_ms - int((fresh_until_ms - created_ms) * REFRESH_AHEAD)


def is_before_refresh(entry: Entry, now_ms: int) -> bool:
    """Whether an entry read from Redis can be used without querying the source."""
    return now_ms < _refresh_at(entry.created_ms, entry.fresh_until_ms)
