"""Values of features and numbers of the caller → the row of floats that a model gets, and what fell back."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from core.features.model import HOUR_MS, Value
from core.scoring.model_file import Clip, Input, Step, steps_of

LARGEST = 3e38
"""A larger number, of either sign, becomes this one: beyond it a float of 32 bits is infinite."""
Values: TypeAlias = Mapping[str, Value]
"""By value name, of all entities of a row: the names begin with the entity. Absent or None: not known."""
Given: TypeAlias = Mapping[str, float | bool]
"""The caller's numbers, by the name in ``request``."""
_Read: TypeAlias = Callable[[Values, Given], float | None]
_Transform: TypeAlias = Callable[[float], float]


class Row(NamedTuple):
    numbers: list[float]
    """In the order of the inputs, finite."""
    fallbacks: list[str]
    """Names of the inputs that are not known, for which the declared fallback stands."""


class ModelInputs:
    """The inputs of one model, made ready for many rows."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        self.names = tuple(each.name for each in inputs)
        self.features = frozenset(name for each in inputs for name in feature_names(each))
        """Value names of all features that are read."""
        self._columns = [(each.name, _reader(each), _transform(each), each.fallback) for each in inputs]

    def row(self, values: Values, given: Given) -> Row:
        numbers: list[float] = []
        fallbacks: list[str] = []
        for name, read, transform, fallback in self._columns:
            number = read(values, given)
            if number is None or math.isnan(number):
                fallbacks.append(name)
                number = fallback
            if transform is not None:
                number = transform(number)
            numbers.append(max(-LARGEST, min(LARGEST, number)))
        return Row(numbers, fallbacks)


def feature_names(given: Input) -> tuple[str, ...]:
    """Value names of the features that an input is made of."""
    return tuple(name for name in (given.feature, given.count_of, given.in_, *(given.equal or ())) if name is not None)


def _reader(given: Input) -> _Read:
    if given.request is not None:
        return _of_request(given.request)
    if given.equal is not None:
        return _of_equal(*given.equal)
    if given.count_of is not None and given.in_ is not None:
        return _of_count(given.count_of, given.in_)
    return _of_feature(given.feature or "")


def _of_feature(name: str) -> _Read:
    return lambda values, _given: _number(values.get(name))


def _of_request(name: str) -> _Read:
    return lambda _values, given: _number(given.get(name))


def _of_equal(left: str, right: str) -> _Read:
    def read(values: Values, _given: Given) -> float | None:
        first, second = values.get(left), values.get(right)
        return None if first is None or second is None else float(first == second)

    return read


def _of_count(name: str, in_: str) -> _Read:
    def read(values: Values, _given: Given) -> float | None:
        value, found = values.get(name), values.get(in_)
        return float(found.count(value)) if isinstance(value, str) and isinstance(found, list) else None

    return read


def _number(value: Value) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:  # an integer of more than 308 digits
        return None


def _transform(given: Input) -> _Transform | None:
    steps = [_step(step) for step in steps_of(given) if step != "none"]
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]

    def transform(number: float) -> float:
        for step in steps:
            number = step(number)
        return number

    return transform


def _step(step: Step) -> _Transform:
    if isinstance(step, Clip):
        low, high = step.clip
        return lambda number: max(low, min(high, number))
    if step == "log1p":
        return lambda number: math.log1p(max(number, 0.0))
    return lambda number: number / HOUR_MS
