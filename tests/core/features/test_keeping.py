"""What is dropped, and what outlives a change of the file."""

import dataclasses

import pytest

from core.features.model import DAY_MS, HOUR_MS, MINUTE_MS
from core.features.state import EntityState, add, drop_old, pack, unpack
from core.features.stored import decode_entity, encode_entity, encode_packed
from core.features.tiles import all_tiles
from core.features.values import values_at
from core.packing import UnknownFormatError
from tests.core.features.samples import contributions, feature, feature_set, one_of_each, window

AT = 1_700_000_000_000
COUNT = feature("count", "count", (window("1h"), window("7d")))
LAST = feature("last", "last", (window("lifetime"),), value="brand", value_type="string")


def _state() -> EntityState:
    state = EntityState()
    add(state, AT, contributions((COUNT, LAST), 1, "a"))
    return state


def test_a_changed_version_starts_anew() -> None:
    state = _state()
    changed = dataclasses.replace(COUNT, version=2)
    assert changed.id != COUNT.id
    assert values_at(state, [(changed, window("7d"))], AT, feature_set(changed)) == {"browser__count__7d": 0}
    assert not drop_old(state, [changed, LAST], DAY_MS, AT)
    assert (state.tiles, set(state.lifetime)) == ({}, {LAST.id})


def test_what_no_window_reaches_is_dropped() -> None:
    state = _state()
    assert not drop_old(state, [COUNT, LAST], 30 * DAY_MS, AT + 2 * 3_600_000)
    assert [*state.tiles] == [7_200_000]
    assert drop_old(state, [COUNT], 30 * DAY_MS, AT + 8 * DAY_MS)
    assert state.tiles == {}


def test_after_the_time_to_live_nothing_is_left() -> None:
    state = _state()
    assert not drop_old(state, [COUNT, LAST], DAY_MS, AT + DAY_MS)
    assert drop_old(state, [COUNT, LAST], DAY_MS, AT + DAY_MS + 1)
    assert state.lifetime == {}


def test_a_clock_behind_the_newest_event_drops_nothing() -> None:
    state = _state()
    before = unpack(pack(state))
    assert not drop_old(state, [COUNT, LAST], DAY_MS, 0)
    assert state == before


def test_a_late_event_is_added_to_a_former_tile() -> None:
    state = EntityState()
    for minute in range(30):
        add(state, AT + minute * MINUTE_MS, contributions((COUNT, LAST), 1, "a"))
    state = unpack(pack(state))
    level = state.tiles[MINUTE_MS]
    assert (level.count, len(all_tiles(level))) == (29, 30)
    for _ in range(2):
        add(state, AT + 70_000, contributions((COUNT, LAST), 1, "late"))
    add(state, AT - MINUTE_MS, contributions((COUNT, LAST), 1, "first"))
    assert [partials[COUNT.id] for _, partials in all_tiles(level)] == [1, 1, 3, *[1] * 28]
    packed = pack(state)
    assert values_at(unpack(packed), [(COUNT, window("1h"))], AT, feature_set(COUNT)) == {"browser__count__1h": 33}
    assert pack(unpack(packed)) == packed


def test_tiles_that_no_window_reaches_leave_when_new_ones_begin() -> None:
    state = EntityState()
    for hour in range(40):
        add(state, AT + hour * HOUR_MS // 2, contributions((COUNT,), 1, "a"))
    assert len(all_tiles(state.tiles[MINUTE_MS])) < 11
    add(state, AT + 40 * HOUR_MS, contributions((COUNT,), 1, "a"))
    assert len(all_tiles(state.tiles[MINUTE_MS])) == 1


def test_the_packed_state_begins_with_its_format() -> None:
    assert pack(_state())[:2] == b"\x00\x01"
    with pytest.raises(UnknownFormatError):
        unpack(b"\x00\x02\x90")


def test_stored_with_its_newest_event_and_when_it_was_written() -> None:
    state = EntityState()
    add(state, AT, contributions(one_of_each(), 12_500, "é" * 128))
    stored = encode_entity(state, AT + 20)
    assert stored[:16] == AT.to_bytes(8) + (AT + 20).to_bytes(8)
    assert stored == encode_packed(pack(state), AT, AT + 20)
    assert decode_entity(stored) == (state, AT + 20)


@pytest.mark.parametrize("value", [b"", b"\x00" * 16, b"\x00" * 18, b"\x00" * 17 + b"\x02\x90", b'{"features":{}}' * 3])
def test_what_is_no_state_is_none(value: bytes) -> None:
    assert decode_entity(value) is None
