"""Whatever is put and erased between the writes, Redis has what the calls one after the other would have left."""

from hypothesis import given
from hypothesis import strategies as st

from applications.features.store.waiting import Entry, Waiting
from common.redis_states.versioned import HEAD

_ROOM = (100, 1_000_000)


def _value(newest: int, written: int, size: int = 1) -> bytes:
    return HEAD.pack(newest, written) + b"x" * size


def _write(redis: dict[bytes, bytes], batch: list[tuple[bytes, Entry]]) -> None:
    """As the scripts do it."""
    for key, entry in batch:
        there = redis.get(key)
        if there and (
            entry.deletion == "all" or (entry.deletion == "older" and HEAD.unpack_from(there)[1] <= entry.deleted_ms)
        ):
            del redis[key]
        there = redis.get(key, b"")
        if entry.encoded and there[: HEAD.size] <= entry.encoded[: HEAD.size]:
            redis[key] = entry.encoded


_steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "delete", "begin", "end", "fail"]),
        st.sampled_from([b"a", b"b"]),
        st.integers(1, 4),
    ),
    max_size=30,
)


@given(_steps)
def test_redis_has_what_was_told_last(steps: list[tuple[str, bytes, int]]) -> None:
    waiting, redis, expected = Waiting(*_ROOM), dict[bytes, bytes](), dict[bytes, bytes]()
    batch: list[tuple[bytes, Entry]] = []
    for now, (step, key, newest) in enumerate(steps, start=1):
        value = _value(newest, now)
        if step == "put":
            waiting.put(key, value, 60, now)
            if expected.get(key, b"") <= value:
                expected[key] = value
        elif step == "delete":
            waiting.delete(key, now, now)
            expected.pop(key, None)
        elif step == "begin":
            batch = waiting.begin(1, 1_000)
        elif step == "end":
            _write(redis, batch)
            waiting.end(batch)
            batch = []
        else:  # Redis may have taken it, and the answer was lost
            if newest > 2:
                _write(redis, batch)
            waiting.end([])
            batch = []
        assert waiting.bytes == sum(len(entry.encoded) for entry in waiting._entries.values())
        since = [entry.since for entry in waiting._entries.values()]
        assert since == sorted(since), "the first one has waited longest"
    while batch := waiting.begin(500, 1_000):
        _write(redis, batch)
        waiting.end(batch)
    assert redis == expected
    assert (len(waiting), waiting.bytes, waiting.oldest) == (0, 0, None)


def test_a_key_that_changes_keeps_its_turn_and_its_age() -> None:
    waiting = Waiting(*_ROOM)
    waiting.put(b"a", _value(1, 1), 60, 1.0)
    waiting.put(b"b", _value(1, 1), 60, 2.0)
    waiting.put(b"a", _value(2, 2), 60, 3.0)
    assert waiting.begin(1, 1_000) == [(b"a", Entry(1.0, "", 0, _value(2, 2), 60))]


def test_what_changes_while_it_is_under_way_is_written_again() -> None:
    waiting = Waiting(*_ROOM)
    waiting.put(b"a", _value(1, 1), 60, 1.0)
    batch = waiting.begin(10, 1_000)
    waiting.put(b"a", _value(2, 2), 60, 3.0)
    waiting.end(batch)
    assert waiting.oldest == 3.0
    assert [entry.encoded for _, entry in waiting.begin(10, 1_000)] == [_value(2, 2)]


def test_a_batch_is_bounded_in_bytes_and_has_one_value_at_least() -> None:
    waiting = Waiting(*_ROOM)
    for name in (b"a", b"b", b"c"):
        waiting.put(name, _value(1, 1, 100), 60, 1.0)
    assert len(waiting.begin(10, 50)) == 1
    assert len(waiting.begin(10, 250)) == 2


def test_room_is_for_keys_and_for_bytes() -> None:
    waiting = Waiting(2, 1_000)
    assert waiting.has_room(b"a", 5_000), "alone"
    waiting.put(b"a", _value(1, 1, 500), 60, 1.0)
    assert not waiting.has_room(b"b", 600)
    assert waiting.has_room(b"a", 900), "in place of the value before"
    waiting.put(b"b", _value(1, 1, 10), 60, 1.0)
    assert not waiting.has_room(b"c", 1)
    assert waiting.has_room(b"b", 26)


def test_values_of_the_topic_give_way() -> None:
    waiting = Waiting(*_ROOM)
    waiting.delete(b"a", 100, 1.0)
    assert not waiting.put_former(b"a", _value(50, 99), 60, 2.0), "it was erased afterwards"
    assert waiting.put_former(b"a", _value(50, 101), 60, 2.0)
    waiting.put(b"b", _value(5, 5), 60, 1.0)
    assert not waiting.put_former(b"b", _value(4, 9), 60, 2.0)
    waiting.delete_older(b"b", 4, 3.0)
    assert dict(waiting.begin(10, 1_000))[b"b"] == Entry(1.0, "older", 4, _value(5, 5), 60)
    waiting.delete_older(b"b", 5, 4.0)
    assert dict(waiting.begin(10, 1_000))[b"b"] == Entry(4.0, "older", 5)
