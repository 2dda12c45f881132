"""What a window's events make of a feature, in SQL, and the value that is served of it.

Two forms of queries: one pass over the events for all features whose result grows with no number of values, and for
each of the others one that groups by value first.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.features.aggregations.sketches import estimate, sketch_of
from core.features.model import SCALE, Feature, Value, Window
from core.features.source_events import Source
from training.offline.field_values import is_number
from training.offline.reach import ASKED, begin_column
from training.offline.sql_text import column

EVENTS: Final = "taken"
"""Table: id, happened_at, and for each feature whether it takes the event, and its value of it."""
_JOIN: Final = f"FROM {ASKED} a JOIN {EVENTS} e ON e.id = a.id AND e.happened_at <= a.until"
Output = tuple[Feature, Window]


def takes_column(feature: Feature) -> str:
    return column(f"takes {feature.name}")


def value_column(feature: Feature) -> str:
    return column(f"value {feature.name}")


def by_value(feature: Feature) -> bool:
    """Whether its query groups by value."""
    return feature.kind in {"most_frequent", "approx_distinct"} or (feature.kind == "last_n" and feature.distinct)


def one_pass_sql(outputs: Sequence[Output]) -> str:
    """SELECT of n and one column for each output. Anchors without an event may be left out."""
    wanted = ", ".join(_aggregate(feature, f"FILTER (WHERE {_within(feature, window)})") for feature, window in outputs)
    return f"SELECT a.n, {wanted} {_JOIN} GROUP BY a.n"


def by_value_sql(feature: Feature, windows: Iterable[Window]) -> str:
    """As :func:`one_pass_sql`, for one feature and its windows."""
    value = value_column(feature)
    inner, outer = [], []
    for number, window in enumerate(windows):
        within = f"FILTER (WHERE {_within(feature, window)})"
        inner.append(f"count(*) {within} AS c{number}, max(e.happened_at) {within} AS t{number}")
        has = f"FILTER (WHERE c{number} > 0)"
        match feature.kind:
            case "most_frequent":
                outer.append(f"(min(struct_pack(c := -c{number}, v := v)) {has}).v")
            case "last_n":
                outer.append(f"max(struct_pack(t := t{number}, v := v), {feature.n}) {has}")
            case _:
                outer.append(f"list(v) {has}")
    grouped = f"SELECT a.n, e.{value} AS v, {', '.join(inner)} {_JOIN} WHERE e.{takes_column(feature)} GROUP BY ALL"
    return f"SELECT n, {', '.join(outer)} FROM ({grouped}) GROUP BY n"


def served(  # noqa: PLR0911  # one for each kind
    feature: Feature,
    source: Source,
    found: Any,  # noqa: ANN401  # as DuckDB gives it
    at: int,
) -> Value:
    """:param found: what the query gave; None: no event is in the window.
    :param at: the anchor's time.
    """
    match feature.kind:
        case "count":
            return int(found or 0)
        case "sum":
            return int(found or 0) / SCALE
        case "approx_distinct":
            return estimate([sketch_of(map(str, found))]) if found else 0
        case "mean":
            return int(found["s"]) / (int(found["c"]) * SCALE) if found and found["c"] else None
        case _ if found is None:
            return None
        case "min" | "max":
            return int(found) / SCALE
        case "first" | "last":
            return int(found["v"]) / SCALE if is_number(feature, source) else str(found["v"])
        case "last_n":
            return [str(each["v"]) for each in found]
        case "recency":
            return at - int(found)
        case _:
            return str(found)


def _within(feature: Feature, window: Window) -> str:
    return f"e.{takes_column(feature)} AND e.happened_at >= a.{begin_column(window)}"


def _aggregate(feature: Feature, within: str) -> str:  # noqa: PLR0911  # one for each kind
    value = f"e.{value_column(feature)}"
    timed = f"struct_pack(t := e.happened_at, v := {value})"
    match feature.kind:
        case "count":
            return f"count(*) {within}"
        case "sum" | "min" | "max":
            return f"{feature.kind}({value}) {within}"
        case "mean":
            return f"struct_pack(s := sum({value}) {within}, c := count(*) {within})"
        case "first":
            return f"min({timed}) {within}"
        case "last":
            return f"max({timed}) {within}"
        case "last_n":
            return f"max({timed}, {feature.n}) {within}"
        case "recency":
            return f"max(e.happened_at) {within}"
        case _:
            raise ValueError(f"{feature.kind} is made of another one")
