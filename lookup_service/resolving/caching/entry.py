"""One kept answer, encoded up to its age, so that a hit costs no encoding; and the rules of its times. Pure.

Times are milliseconds of :func:`lookup_service.clock.now_ms`. From ``due_ms`` on the entry is served but asked for
anew meanwhile; from ``current_until_ms`` on it is ``stale``; from ``ask_from_ms`` on it is not served before the source
was asked; from ``usable_until_ms`` on not at all.
"""

import random
from collections.abc import Callable, Mapping

import msgspec

from contracts.lookup_api.lookups import MAX_VALUE_BYTES, VALUE_TYPES, Kind, LookupResult, Status
from lookup_service.resolving.caching.policy import CachePolicy

AGE = b',"age_ms":'
REFRESH_AHEAD = 0.1
"""The last part of a time to live, in which a key that is asked for is refreshed before it is stale."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(LookupResult).decode
_decode_value: Mapping[Kind, Callable[[bytes | msgspec.Raw], object]] = {
    kind: msgspec.json.Decoder(value).decode for kind, value in VALUE_TYPES.items()
}


class Entry(msgspec.Struct, frozen=True, gc=False):
    label: str
    """Kind and status, for counting: ``ip ok``."""
    status: Status
    head: bytes
    """JSON of a LookupResult up to its age: what follows is a number and ``}``."""
    born_ms: int
    due_ms: int
    current_until_ms: int
    ask_from_ms: int
    usable_until_ms: int

    def result(self, now_ms: int) -> LookupResult:
        return _decode(b"%b%d}" % (self.head, now_ms - self.born_ms))


class Stored(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """An entry as it lies in Redis; the tag is the format's number."""

    status: Status
    head: bytes
    born_ms: int
    current_until_ms: int


_encode_stored = msgspec.msgpack.Encoder().encode
_decode_stored = msgspec.msgpack.Decoder(Stored).decode


def head_of(result: LookupResult) -> bytes:
    # An empty result is {"status":"..."}, so there always is a field before the age.
    bare = result if result.age_ms is None else msgspec.structs.replace(result, age_ms=None)
    return _encode(bare)[:-1] + AGE


def is_sound(kind: Kind, result: LookupResult) -> bool:
    """Whether it is what its status says: a value of the contract's for ok and stale, none for all else."""
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
    """The entry of what the source has just answered."""
    head = head_of(result)
    if result.status in ("missing", "invalid"):
        ttl_s = policy.negative_ttl_s
    elif result.status == "ok":
        ttl_s = policy.ttl_s
    else:
        again = now_ms + int(policy.error_ttl_s * 1000)
        return Entry(f"{kind} {result.status}", result.status, head, now_ms, again, again, again, again)
    current_until = now_ms + int(ttl_s * 1000 * (1 - policy.jitter * rand()))
    return _timed(kind, Stored(result.status, head, now_ms, current_until), policy, now_ms)


def to_stored(entry: Entry) -> bytes:
    return _encode_stored(Stored(entry.status, entry.head, entry.born_ms, entry.current_until_ms))


def from_stored(kind: Kind, stored: bytes, policy: CachePolicy, now_ms: int) -> Entry | None:
    """None where it is of another format, broken, or no longer usable."""
    try:
        found = _decode_stored(stored)
        result = _decode(found.head + b"0}")
        if result.status != found.status or found.status not in ("ok", "missing", "invalid"):
            return None
        if not found.head.endswith(AGE) or not is_sound(kind, result):
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    ttl_s = policy.ttl_s if found.status == "ok" else policy.negative_ttl_s
    born = min(found.born_ms, now_ms)  # another machine's clock may be ahead
    current_until = min(found.current_until_ms, born + int(ttl_s * 1000))  # the policy may have been shortened
    entry = _timed(kind, Stored(found.status, found.head, born, current_until), policy, now_ms)
    return entry if now_ms < entry.usable_until_ms else None


def as_stale(kind: Kind, entry: Entry, policy: CachePolicy, now_ms: int) -> Entry:
    """The same record after its source failed or before it has answered: not asked for again for a while."""
    if now_ms < entry.current_until_ms:
        due = min(now_ms + int(policy.error_ttl_s * 1000), entry.current_until_ms)
        return msgspec.structs.replace(entry, due_ms=due, ask_from_ms=entry.usable_until_ms)
    due = min(now_ms + int(policy.error_ttl_s * 1000), entry.usable_until_ms)
    stale = msgspec.structs.replace(_decode(entry.head + b"0}"), status="stale")
    return msgspec.structs.replace(
        entry,
        label=f"{kind} stale",
        status="stale",
        head=head_of(stale),
        due_ms=due,
        ask_from_ms=entry.usable_until_ms,
    )


def _timed(kind: Kind, found: Stored, policy: CachePolicy, now_ms: int) -> Entry:
    status, born_ms, current_until_ms = found.status, found.born_ms, found.current_until_ms
    usable_until = current_until_ms + int(policy.stale_s * 1000) if status == "ok" else current_until_ms
    ask_from, due = usable_until, current_until_ms
    if policy.shared:
        memory_ms = policy.memory_s * 1000
        ask_from = min(ask_from, now_ms + int(memory_ms))
        due = min(_refresh_ms(born_ms, current_until_ms), now_ms + int(memory_ms * (1 - REFRESH_AHEAD)))
    return Entry(f"{kind} {status}", status, found.head, born_ms, due, current_until_ms, ask_from, usable_until)


def _refresh_ms(born_ms: int, current_until_ms: int) -> int:
    return current_until_ms - int((current_until_ms - born_ms) * REFRESH_AHEAD)


def is_settled(entry: Entry, now_ms: int) -> bool:
    """Whether an entry found in Redis can be taken without asking the source."""
    return now_ms < _refresh_ms(entry.born_ms, entry.current_until_ms)
