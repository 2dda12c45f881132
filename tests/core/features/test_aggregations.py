"""Bounds and corner cases of the kinds."""

import random

import pytest

from core.features.aggregations.counted import MOST_VALUES
from core.features.aggregations.served import number_text
from core.features.aggregations.sketches import estimate, sketch_of
from core.features.model import MINUTE_MS, Feature, Ratio, Value, ValueType
from core.features.state import Contribution, EntityState, add, pack, unpack
from core.features.values import values_at
from tests.core.features.samples import feature, feature_set, window

AT = 1_700_000_000_000
HOUR = window("1h")


def _value(one: Feature, *values: int | str | None, gap_ms: int = 0) -> Value:
    state = EntityState()
    for number, value in enumerate(values):
        add(state, AT + number * gap_ms, [Contribution(one, value)])
    return values_at(unpack(pack(state)), [(one, HOUR)], state.newest, feature_set(one))[one.value_name(HOUR)]


def test_a_tile_tells_200_values_apart() -> None:
    most = feature("m", "most_frequent", (HOUR,), value="brand", value_type="string")
    values = [f"v{number:03d}" for number in range(MOST_VALUES)]
    assert _value(most, *values, "v199") == "v199"
    assert _value(most, *values, "new", "new", "new") == "v000"
    assert _value(most, *values, "new", "new", "new", gap_ms=1_000) == "new"


def test_last_n_keeps_n() -> None:
    last = feature("l", "last_n", (HOUR,), value="brand", n=3)
    state = EntityState()
    for number in range(50):
        add(state, AT + number, [Contribution(last, f"v{number % 7}")])
    assert len(state.tiles[MINUTE_MS].newest[last.id]) == 3
    assert values_at(state, [(last, HOUR)], AT, feature_set(last)) == {"browser__l__1h": ["v0", "v6", "v5"]}


def test_distinct_takes_a_values_newest_time() -> None:
    last = feature("l", "last_n", (HOUR,), value="brand", n=2, distinct=True)
    assert _value(last, "a", "b", "a", "c", "a", gap_ms=70_000) == ["a", "c"]


def test_a_sum_beyond_64_bits_stays_at_the_largest() -> None:
    total = feature("s", "sum", (HOUR,), value="price", value_type="double")
    assert _value(total, *[9_000_000_000_000_000] * 2_000) == (2**63 - 1) / 1000
    assert _value(total, *[-9_000_000_000_000_000] * 2_000) == -(2**63 - 1) / 1000


@pytest.mark.parametrize(
    ("value_type", "kept", "served"),
    [("double", 12_500, 12.5), ("int", 3_000, 3), ("string", 12_500, "12.5"), ("string", "text", "text")],
)
def test_how_a_value_is_served(value_type: ValueType, kept: int | str, served: Value) -> None:
    found = _value(feature("l", "last", (HOUR,), value="price", value_type=value_type), kept)
    assert (found, type(found)) == (served, type(served))


@pytest.mark.parametrize(
    ("kept", "text"), [(0, "0"), (1, "0.001"), (-1, "-0.001"), (20_000, "20"), (-12_500, "-12.5"), (10_010, "10.01")]
)
def test_a_numbers_text(kept: int, text: str) -> None:
    assert number_text(kept) == text


@pytest.mark.parametrize("different", [10, 190, 250, 3_000, 40_000])
def test_an_estimate_depends_neither_on_order_nor_on_division(different: int) -> None:
    values = [f"listing {number}" for number in range(different)]
    found = set()
    shuffle = random.Random(1).shuffle
    for parts in (1, 1, 2, 5, 60):
        shuffle(values)
        found.add(estimate([sketch_of(values[part::parts]) for part in range(parts)]))
    assert len(found) == 1
    assert found.pop() == pytest.approx(different, rel=0.07 if different > 192 else 0)


def test_a_ratio_is_of_two_values_of_the_same_window() -> None:
    sold, listed = (feature(name, "count", (HOUR,), entity="seller") for name in ("sold", "listed"))
    paid = feature("paid", "sum", (HOUR,), entity="seller", value="price", value_type="double")
    rates = [
        feature(f"{of}_by_{to}", "ratio", (HOUR,), entity="seller", ratio=Ratio(of, to), value_type="double")
        for of, to in (("sold", "listed"), ("paid", "sold"), ("sold", "gone"))
    ]
    features = feature_set(sold, listed, paid, *rates)
    wanted = [(each, HOUR) for each in rates]
    state = EntityState()
    add(state, AT, [Contribution(sold, None), Contribution(paid, 12_500)])
    names = [each.value_name(HOUR) for each in rates]
    assert values_at(state, wanted, AT, features) == dict(zip(names, (None, 12.5, None), strict=True))
    for _ in range(4):
        add(state, AT, [Contribution(listed, None)])
    assert values_at(state, wanted, AT, features)[names[0]] == 0.25
