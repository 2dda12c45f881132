"""What an event tells the features: for each entity that it is of, what its filters let through."""

from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from core.features.aggregations.kinds import AGGREGATIONS, WITHOUT_VALUE
from core.features.event_values import value_reader
from core.features.model import EntityName, Feature, FeatureSet
from core.features.source_events import Source, SourceEvent
from core.features.state import Contribution

ForEntity: TypeAlias = tuple[EntityName, str, list[Contribution]]
"""(entity, its id, what it is told: at least one)."""


class _Rule(NamedTuple):
    """How one feature reads an event."""

    feature: Feature
    entity: EntityName
    key: str
    filter: Callable[[Any], bool] | None
    read: Callable[[SourceEvent], int | str | None] | None
    constant: Contribution
    """What a kind without a value is told."""


class Contributions:
    """Of one source, for the entities that one job keeps."""

    def __init__(self, features: FeatureSet, source: Source, entities: Collection[EntityName]) -> None:
        rules = [
            _rule(each, features)
            for each in features.features
            if each.kind in AGGREGATIONS
            and each.entity in entities
            and each.entity in features.entities
            and features.entities[each.entity].source == source
        ]
        names = frozenset().union(*(each.feature.event_names or () for each in rules))
        self._of_any = _keyed(each for each in rules if each.feature.event_names is None)
        self._of_name = {
            name: _keyed(each for each in rules if each.feature.event_names is None or name in each.feature.event_names)
            for name in names
        }
        self._counts_bots = features.counts_bots_of(source)

    def of(self, event: SourceEvent) -> list[ForEntity]:
        """Each entity and id once. Events of crawlers tell nothing unless the file says that they count.

        :param event: of the source's type.
        """
        keyed = self._of_name.get(event.event_name, self._of_any)
        if not keyed or (event.user_agent_is_crawler is True and not self._counts_bots):
            return []
        found: list[ForEntity] = []
        for entity, key, rules in keyed:
            entity_id = key(event)
            if not entity_id:
                continue
            told = []
            for rule in rules:
                if rule.filter is not None and not rule.filter(event):
                    continue
                if rule.read is None:
                    told.append(rule.constant)
                elif (value := rule.read(event)) is not None:
                    told.append(Contribution(rule.feature, value))
            if told:
                _join(found, entity, entity_id, told)
        return found


_Keyed: TypeAlias = list[tuple[EntityName, Callable[[SourceEvent], str | None], list[_Rule]]]


def _keyed(rules: Iterable[_Rule]) -> _Keyed:
    """By the field that has the entity's id, so that it is read once."""
    groups: dict[tuple[EntityName, str], list[_Rule]] = {}
    for rule in rules:
        groups.setdefault((rule.entity, rule.key), []).append(rule)
    return [(entity, attrgetter(key), group) for (entity, key), group in groups.items()]


def _rule(feature: Feature, features: FeatureSet) -> _Rule:
    key = feature.key or features.entities[feature.entity].key
    read = None if feature.kind in WITHOUT_VALUE else value_reader(feature)
    return _Rule(feature, feature.entity, key, feature.filter, read, Contribution(feature, None))


def _join(found: list[ForEntity], entity: EntityName, entity_id: str, told: list[Contribution]) -> None:
    """Two fields of an event may name the same entity, such as the seller of a listing and the one of a new listing."""
    for name, known_id, known in found:
        if name == entity and known_id == entity_id:
            known.extend(told)
            return
    found.append((entity, entity_id, told))
