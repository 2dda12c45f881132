"""Which keys are remembered for a warm start, for whom and for how long."""

from collections.abc import Sequence

import pytest

from contracts.lookup_api.lookups import Kind, LookupKey
from contracts.lookup_api.recent import MAX_KEY_CHARACTERS
from lookup_service.resolving.recent_keys import KEYS_PER_SLICE, RecentKeys

REMEMBERED_S = 20.0


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def _keys(*texts: str, kind: Kind = "user") -> list[LookupKey]:
    return [LookupKey(kind, text) for text in texts]


def _numbered(first: int, end: int) -> list[LookupKey]:
    return _keys(*(f"u{number}" for number in range(first, end)))


def _of(recent: RecentKeys, client: str = "job") -> list[str]:
    return [key.key for keys in recent.slices(client) for key in keys]


def _recent(seconds: Seconds, noted: Sequence[LookupKey] = (), *, max_keys: int = 100) -> RecentKeys:
    recent = RecentKeys(max_keys, REMEMBERED_S, clock=seconds)
    recent.note("job", noted)
    return recent


def test_keys_that_are_asked_again_come_first_then_the_latest(seconds: Seconds) -> None:
    recent = _recent(seconds, _keys("once", "steady", "too"))
    seconds.now += REMEMBERED_S / 2
    recent.note("job", _keys("new", "too"))
    recent.note("job", _keys("steady", "newer"))
    assert _of(recent) == ["steady", "too", "newer", "new", "once"]


def test_a_key_is_forgotten_after_half_of_the_time_to_all_of_it(seconds: Seconds) -> None:
    recent = _recent(seconds, _keys("first"))
    seconds.now += REMEMBERED_S / 2 - 0.1
    recent.note("job", _keys("late"))
    seconds.now += REMEMBERED_S / 2
    assert set(_of(recent)) == {"first", "late"}
    seconds.now += REMEMBERED_S / 2
    assert _of(recent) == []
    assert len(recent) == 0


def test_keys_age_without_requests(seconds: Seconds) -> None:
    recent = _recent(seconds, _keys("a"))
    seconds.now += REMEMBERED_S * 5
    recent.drop_aged()
    assert len(recent) == 0


def test_after_a_pause_the_keys_before_it_are_not_taken_for_recent_ones(seconds: Seconds) -> None:
    recent = _recent(seconds, _keys("before"))
    seconds.now += REMEMBERED_S
    recent.note("job", _keys("after"))
    assert _of(recent) == ["after"]


def test_the_number_of_keys_is_bounded(seconds: Seconds) -> None:
    recent = _recent(seconds, max_keys=100)
    for number in range(1_000):
        recent.note("job", _numbered(number * 10, number * 10 + 10))
        assert len(recent) <= 100
    assert set(_of(recent)) >= {f"u{number}" for number in range(9_950, 10_000)}
    recent.note("job", _numbered(0, 1_000))  # more in one request than are remembered
    assert len(recent) <= 100


def test_none_are_remembered_where_that_is_switched_off(seconds: Seconds) -> None:
    assert _of(_recent(seconds, _keys("a"), max_keys=0)) == []


def test_a_client_is_not_given_the_keys_of_another(seconds: Seconds) -> None:
    recent = _recent(seconds, _keys("a"))
    recent.note("other", _keys("b"))
    assert (_of(recent), _of(recent, "other"), _of(recent, "third")) == (["a"], ["b"], [])


def test_only_kinds_that_enrichments_look_up_and_no_long_keys(seconds: Seconds) -> None:
    recent = _recent(seconds, [*_keys("Mozilla/5.0", kind="useragent"), *_keys("u" * (MAX_KEY_CHARACTERS + 1), "u1")])
    assert _of(recent) == ["u1"]


def test_a_forgotten_key_is_in_no_generation_and_of_no_client(seconds: Seconds) -> None:
    recent = _recent(seconds, [*_keys("2001:db8::1", kind="ip"), *_keys("a", "b")])
    recent.note("other", _keys("a"))
    seconds.now += REMEMBERED_S / 2
    recent.note("job", _keys("a"))
    recent.forget("user", "a")
    recent.forget("ip", "2001:0DB8:0::1")
    assert (_of(recent), _of(recent, "other")) == (["b"], [])


def test_a_key_that_is_forgotten_while_the_others_are_handed_out_is_not_among_them(seconds: Seconds) -> None:
    recent = _recent(seconds, _numbered(0, 2 * KEYS_PER_SLICE), max_keys=10_000)
    slices = recent.slices("job")
    handed_out = []
    for keys in slices:
        assert len(keys) <= KEYS_PER_SLICE
        handed_out += keys
        recent.forget("user", "u0")  # the oldest: it would come last
    assert len(handed_out) == 2 * KEYS_PER_SLICE - 1
    assert LookupKey("user", "u0") not in handed_out
