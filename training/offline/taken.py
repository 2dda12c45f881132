"""Which events an entity's features take, and which value each takes of them, in SQL."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from core.features.declarations.fields import environment
from core.features.model import Entity, Feature, FeatureSet
from training.offline.aggregates import takes_column, value_column
from training.offline.cel_sql import condition_sql
from training.offline.event_tables import once
from training.offline.field_values import value_sql
from training.offline.reach import whose_sql

WANTED: Final = "wanted_ids"
"""Table: the ids whose events are looked at."""


def taken_sql(entity: Entity, features: FeatureSet, wanted: Collection[str]) -> str:
    """SELECT of id, happened_at, and for each wanted feature whether it takes the event and its value of it.

    It has the events that any feature of the entity takes, since those are the ones that its state knows of.

    :param wanted: names of features.
    """
    by_key: dict[str, list[Feature]] = defaultdict(list)
    for feature in features.of(entity.name):
        if feature.ratio is None:
            by_key[feature.key or entity.key].append(feature)
    counts_bots = features.counts_bots_of(entity.source)
    parts = [_of_key(entity, key, group, wanted, counts_bots=counts_bots) for key, group in by_key.items()]
    return " UNION ALL BY NAME ".join(parts)


def _of_key(
    entity: Entity, key: str, features: Sequence[Feature], wanted: Collection[str], *, counts_bots: bool
) -> str:
    known, any_of, columns = environment(entity.source), [], []
    for feature in features:
        takes = condition_sql(feature.filter_text, known) if feature.filter_text else "true"
        if feature.value:
            value = value_sql(feature, entity.source)
            takes = f"({takes} AND {value} IS NOT NULL)"
            if feature.name in wanted:
                columns.append(f"{value} AS {value_column(feature)}")
        any_of.append(takes)
        if feature.name in wanted:
            columns.append(f"{takes} AS {takes_column(feature)}")
    whose = whose_sql(entity, key)
    events = once(entity.source, f"{whose} IN (SELECT id FROM {WANTED})", counts_bots=counts_bots)
    selected = ", ".join([f"{whose} AS id", "happened_at", *columns])
    return f"SELECT {selected} FROM ({events}) WHERE {' OR '.join(any_of)}"
