"""Features as the loader would make them."""

from typing import Any

from core.features.aggregations.aggregation import Told
from core.features.model import (
    DAY_MS,
    HOUR_MS,
    LIFETIME,
    MINUTE_MS,
    SECOND_MS,
    SESSION,
    SESSION_HOP_MS,
    Entity,
    EntityName,
    Feature,
    FeatureSet,
    Kind,
    Window,
    hop_of,
)
from core.features.state import Contribution

LENGTHS = {
    "1m": MINUTE_MS,
    "90s": 90 * SECOND_MS,
    "1h": HOUR_MS,
    "5h": 5 * HOUR_MS,
    "24h": DAY_MS,
    "7d": 7 * DAY_MS,
    "30d": 30 * DAY_MS,
}
ENTITIES: dict[EntityName, Entity] = {
    "browser": Entity("browser", "behaviour", "domain_userid", 30 * DAY_MS),
    "session": Entity("session", "behaviour", "domain_userid", DAY_MS),
    "seller": Entity("seller", "behaviour", "listing_seller_id", 30 * DAY_MS),
    "account": Entity("account", "security", "user_id", 30 * DAY_MS),
}


def window(name: str) -> Window:
    if name in LENGTHS:
        return Window(name, LENGTHS[name], hop_of(LENGTHS[name]))
    return Window(name, 0, SESSION_HOP_MS if name == SESSION else 0)


WINDOWS = tuple(map(window, (*LENGTHS, SESSION, LIFETIME)))


def feature(
    name: str,
    kind: Kind,
    windows: tuple[Window, ...] = WINDOWS,
    entity: EntityName = "browser",
    **rest: Any,  # noqa: ANN401
) -> Feature:
    return Feature(name=name, entity=entity, kind=kind, windows=windows, version=1, description="", **rest)


def feature_set(*features: Feature, counts_bots: bool = False) -> FeatureSet:
    return FeatureSet(entities=ENTITIES, features=features, version="0", counts_bots=counts_bots)


def one_of_each(entity: EntityName = "browser", windows: tuple[Window, ...] = WINDOWS) -> tuple[Feature, ...]:
    """Kinds of numbers, and of texts. A value's name begins with its kind."""
    of_numbers: tuple[Kind, ...] = ("sum", "min", "max", "mean", "first", "last")
    of_texts: tuple[Kind, ...] = ("first", "last", "most_frequent", "approx_distinct")
    return (
        *(feature(kind, kind, windows, entity) for kind in ("count", "recency")),
        *(feature(f"{kind}_price", kind, windows, entity, value="price", value_type="double") for kind in of_numbers),
        *(feature(f"{kind}_text", kind, windows, entity, value="brand", value_type="string") for kind in of_texts),
        feature("last_3", "last_n", windows, entity, value="brand", n=3, value_type="string_list"),
        feature("last_3_distinct", "last_n", windows, entity, value="brand", n=3, distinct=True),
        feature("last_2_prices", "last_n", windows, entity, value="price", n=2, value_type="string_list"),
        feature("usual_price", "most_frequent", windows, entity, value="price", value_type="double"),
    )


def contributions(features: tuple[Feature, ...], price: int, text: str) -> list[Contribution]:
    """:param price: in thousandths."""
    of_field: dict[str, Told] = {"price": price, "brand": text, "": None}
    return [Contribution(each, of_field[each.value]) for each in features]
