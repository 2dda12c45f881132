"""An event's value as features keep it: a text, or a number in whole thousandths."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final, TypeAlias

from core.features.aggregations.kinds import NUMERIC
from core.features.model import SCALE, Feature
from core.features.source_events import SourceEvent

MOST_CHARACTERS: Final = 128
"""A longer text is cut: a value is kept once for each tile. approx_distinct, which keeps no text, takes it whole."""
LARGEST: Final = 9_000_000_000_000
"""Numbers beyond it are not counted: their thousandths are no exact double any more. Times in ms are below it."""
ValueReader: TypeAlias = Callable[[SourceEvent], int | str | None]


def what_is_read(feature: Feature) -> tuple[object, ...]:
    """Features with the same have the same reader."""
    return feature.value, feature.bands, feature.kind in NUMERIC, feature.kind == "approx_distinct"


def value_reader(feature: Feature) -> ValueReader:
    """What the event tells a feature that needs a value. None: nothing, since the value is absent or none that it can
    use, such as a text for a sum, an empty text, or a number that is infinite.
    """
    field = attrgetter(feature.value)
    if feature.bands:
        limits, labels = feature.bands, band_labels(feature.bands)

        def band(event: SourceEvent) -> str | None:
            number = _number(field(event))
            return None if number is None else labels[bisect_right(limits, number)]

        return band
    if feature.kind in NUMERIC:
        return lambda event: thousandths(field(event))
    most = None if feature.kind == "approx_distinct" else MOST_CHARACTERS
    return lambda event: told(field(event), most)


def told(value: object, most_characters: int | None = MOST_CHARACTERS) -> int | str | None:
    if isinstance(value, str):
        return value[:most_characters] or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return thousandths(value)


def thousandths(value: object) -> int | None:
    """Rounded half to even; a truth value is 1 or 0."""
    number = _number(value)
    return None if number is None else round(number * SCALE)


def _number(value: object) -> int | float | None:
    if isinstance(value, int | float) and -LARGEST <= value <= LARGEST:  # false for NaN
        return value
    return None


def band_labels(limits: Sequence[float]) -> tuple[str, ...]:
    """Of 20, 50 and 100: ``0-20``, ``20-50``, ``50-100`` and ``100-``. A limit is in the band that begins with it. What
    is below 0 is in the first.
    """
    texts = [
        "0" if limits[0] > 0 else "",
        *(str(int(each)) if float(each).is_integer() else repr(float(each)) for each in limits),
        "",
    ]
    return tuple(f"{low}-{high}" for low, high in pairwise(texts))
