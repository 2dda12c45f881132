"""An event's field as the value that a feature gets of it, in SQL.

Numbers are whole thousandths, numbers with bands are the text of their band, and flags are texts.
"""

from core.features.declarations.fields import field_type
from core.features.model import SCALE, Feature
from core.features.source_events import Source
from training.offline.sql_text import column, literal


def value_sql(feature: Feature, source: Source) -> str:
    """NULL where the event has none."""
    name = column(feature.value)
    if feature.bands:
        return _band(name, feature.bands)
    match field_type(source, feature.value):
        case "int":
            return f"({name}::HUGEINT * {SCALE})"
        case "double":
            return f"round_even({name} * {SCALE}, 0)::HUGEINT"
        case "bool":
            return f"(CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END)"
        case _:
            return name


def is_number(feature: Feature, source: Source) -> bool:
    """Whether the feature's values are thousandths."""
    return not feature.bands and field_type(source, feature.value) in {"int", "double"}


def _band(number: str, limits: tuple[float, ...]) -> str:
    """A limit belongs to the band above it: of 20 and 50 the bands are ``-20``, ``20-50`` and ``50-``."""
    texts = [f"{limit:g}" for limit in limits]
    below = [
        f"WHEN {number} < {literal(limit)} THEN {literal(f'{lower}-{upper}')}"
        for limit, lower, upper in zip(limits, ("", *texts), texts, strict=False)
    ]
    return f"(CASE {' '.join(below)} WHEN {number} IS NOT NULL THEN {literal(f'{texts[-1]}-')} END)"
