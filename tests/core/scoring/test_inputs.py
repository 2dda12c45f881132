import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.features.model import HOUR_MS, Value
from core.scoring.inputs import LARGEST, ModelInputs, Row
from core.scoring.model_file import Clip, Input, Step

COUNT = Input(name="matches", count_of="listing__category", in_="browser__categories", fallback=7)
EQUAL = Input(name="same", equal=("listing__band", "browser__band"), fallback=7)


def _row(given: Input, values: dict[str, Value], **numbers: float | bool) -> Row:
    return ModelInputs([given]).row(values, numbers)


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (3, Row([3.0], [])),
        (2.5, Row([2.5], [])),
        (True, Row([1.0], [])),
        (0, Row([0.0], [])),
        (None, Row([7.0], ["views"])),
        ("many", Row([7.0], ["views"])),
        (["a"], Row([7.0], ["views"])),
        (10**400, Row([7.0], ["views"])),
        (1e300, Row([LARGEST], [])),
        (-math.inf, Row([-LARGEST], [])),
        (math.nan, Row([7.0], ["views"])),
    ],
)
def test_a_number_of_a_feature_or_of_the_caller(value: Value, row: Row) -> None:
    assert _row(Input(name="views", feature="a__views__1h", fallback=7), {"a__views__1h": value}) == row
    if isinstance(value, float | int):
        assert _row(Input(name="views", request="v", fallback=7), {"v": 9}, v=value) == row


def test_what_is_absent_falls_back() -> None:
    assert _row(Input(name="views", feature="a", fallback=7), {"b": 1}, a=3) == Row([7.0], ["views"])
    assert _row(Input(name="views", request="a", fallback=7), {"a": 1}, b=3) == Row([7.0], ["views"])


def test_how_often_a_value_is_in_a_list() -> None:
    categories: Value = ["toys", "books", "toys"]
    for value, count in (("toys", 2), ("books", 1), ("cars", 0)):
        found = _row(COUNT, {"listing__category": value, "browser__categories": categories})
        assert found == Row([count], [])
    assert _row(COUNT, {"listing__category": "toys", "browser__categories": []}) == Row([0.0], [])
    for unknown in ({"listing__category": "toys"}, {"browser__categories": categories}, {}):
        assert _row(COUNT, dict(unknown)) == Row([7.0], ["matches"])


def test_whether_two_values_are_equal() -> None:
    assert _row(EQUAL, {"listing__band": "20-50", "browser__band": "20-50"}) == Row([1.0], [])
    assert _row(EQUAL, {"listing__band": "20-50", "browser__band": "50-"}) == Row([0.0], [])
    assert _row(EQUAL, {"listing__band": None, "browser__band": None}) == Row([7.0], ["same"])


@pytest.mark.parametrize(
    ("transform", "number", "expected"),
    [
        ("none", -4.0, -4.0),
        ("log1p", 3.0, math.log(4)),
        ("log1p", -3.0, 0.0),
        ("hours", 1.5 * HOUR_MS, 1.5),
        (Clip((0, 10)), 11.0, 10.0),
        (Clip((0, 10)), -1.0, 0.0),
        (["hours", Clip((0, 24)), "log1p"], 100.0 * HOUR_MS, math.log(25)),
        ([], 5.0, 5.0),
    ],
)
def test_transformations(transform: Step | list[Step], number: float, expected: float) -> None:
    given = Input(name="a", feature="f", fallback=number, transform=transform)
    assert _row(given, {"f": number}).numbers == [pytest.approx(expected)]
    fell_back = _row(given, {})
    assert fell_back.numbers == [pytest.approx(expected)], "the fallback is in the feature's unit"
    assert fell_back.fallbacks == ["a"]


def test_the_order_is_that_of_the_inputs() -> None:
    inputs = ModelInputs(
        [COUNT, Input(name="a", feature="f", fallback=1), EQUAL, Input(name="b", request="g", fallback=2)]
    )
    assert inputs.names == ("matches", "a", "same", "b")
    assert inputs.features == {"listing__category", "browser__categories", "f", "listing__band", "browser__band"}
    assert inputs.row({"f": 5}, {"g": 6}) == Row([7.0, 5.0, 7.0, 6.0], ["matches", "same"])


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.text(max_size=3))


@settings(deadline=None)
@given(values=st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), _VALUES))
def test_a_row_is_finite_whatever_the_values_are(values: dict[str, Value]) -> None:
    inputs = ModelInputs(
        [
            Input(name="one", feature="a", fallback=0, transform=["hours", "log1p"]),
            Input(name="two", count_of="b", in_="c", fallback=0),
            Input(name="three", equal=("c", "d"), fallback=0),
            Input(name="four", feature="d", fallback=0, transform=Clip((-1, 1))),
        ]
    )
    row = inputs.row(values, {})
    assert len(row.numbers) == 4
    assert all(abs(number) <= LARGEST for number in row.numbers)
