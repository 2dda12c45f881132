"""The values by their definition: all events are kept, and each window is filtered from them."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from core.features.model import LIFETIME, SESSION, Feature, Value, Window


class Seen(NamedTuple):
    at: int
    price: int
    """In thousandths."""
    text: str


class Session(NamedTuple):
    start: int
    over: int
    """From the ms after it on, the window is empty."""


def expected(events: Sequence[Seen], feature: Feature, window: Window, t: int, session: Session) -> Value:
    if window.name == LIFETIME:
        inside = list(events)
    elif window.name == SESSION:
        begin = session.start - session.start % window.hop_ms
        inside = [each for each in events if each.at >= begin] if t <= session.over else []
    else:
        begin = (t - window.length_ms) // window.hop_ms * window.hop_ms
        inside = [each for each in events if begin <= each.at <= t]
    if not inside:
        return 0 if feature.kind in {"count", "sum", "approx_distinct"} else None
    return _of(feature, inside, t)


def _of(feature: Feature, inside: list[Seen], t: int) -> Value:
    told: list[Any] = [each.text if feature.value == "brand" else each.price for each in inside]
    of_time = sorted((each.at, value) for each, value in zip(inside, told, strict=True))
    found: Any
    match feature.kind:
        case "count":
            return len(inside)
        case "recency":
            return t - max(each.at for each in inside)
        case "approx_distinct":
            return len(set(told))
        case "sum":
            found = sum(told)
        case "min":
            found = min(told)
        case "max":
            found = max(told)
        case "mean":
            return float(sum(told) / (len(told) * 1000))
        case "first":
            found = of_time[0][1]
        case "last":
            found = of_time[-1][1]
        case "most_frequent":
            found = sorted(Counter(told).items(), key=lambda item: (-item[1], item[0]))[0][0]
        case "last_n":
            newest = [value for _, value in reversed(of_time)]
            newest = list(dict.fromkeys(newest)) if feature.distinct else newest
            return [value if isinstance(value, str) else f"{value / 1000:g}" for value in newest[: feature.n]]
        case _:
            raise AssertionError(feature.kind)
    return found if isinstance(found, str) else float(found / 1000)
