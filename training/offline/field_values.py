"""An event's field as the value that a feature gets of it, in SQL.

Numbers are whole thousandths, rounded half to even; numbers with bands are the text of their band; flags are texts, and
long texts are cut, unless they are only told apart. What cannot be a value, such as an empty text or a number that is
too large, is none.
"""

from core.features.declarations.fields import field_type
from core.features.event_values import LARGEST, MOST_CHARACTERS, band_labels
from core.features.model import SCALE, Feature
from core.features.source_events import Source
from training.offline.sql_text import column, literal


def value_sql(feature: Feature, source: Source) -> str:
    """NULL where the event has none."""
    name = column(feature.value)
    match field_type(source, feature.value):
        case "int" | "double" as kind:
            if feature.bands:
                return f"(CASE WHEN {_is_usable(name)} THEN {_band(name, feature.bands)} END)"
            scaled = f"{name} * {SCALE}" if kind == "int" else f"round_even({name} * {SCALE}, 0)"
            return f"(CASE WHEN {_is_usable(name)} THEN ({scaled})::BIGINT END)"
        case "bool":
            return f"(CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END)"
        case _ if feature.kind == "approx_distinct":
            return f"nullif({name}, '')"
        case _:
            return f"nullif(left({name}, {MOST_CHARACTERS}), '')"


def is_number(feature: Feature, source: Source) -> bool:
    """Whether the feature's values are thousandths."""
    return bool(feature.value) and not feature.bands and field_type(source, feature.value) in {"int", "double"}


def _is_usable(number: str) -> str:
    return f"{number} BETWEEN {-LARGEST} AND {LARGEST}"


def _band(number: str, limits: tuple[float, ...]) -> str:
    """A limit belongs to the band above it. What a band is called is a matter of the declaration."""
    *names, last = band_labels(limits)
    below = [
        f"WHEN {number} < {literal(limit)} THEN {literal(name)}" for limit, name in zip(limits, names, strict=True)
    ]
    return f"CASE {' '.join(below)} ELSE {literal(last)} END"
