"""What an event tells the features: for each entity that it is of, what its filters let through."""

from collections.abc import Callable, Collection, Iterable
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

from core.features.aggregations.kinds import AGGREGATIONS, WITHOUT_VALUE
from core.features.event_values import ValueReader, value_reader, what_is_read
from core.features.model import EntityName, Feature, FeatureSet
from core.features.source_events import Source, SourceEvent
from core.features.state import Contribution

ForEntity: TypeAlias = tuple[EntityName, str, list[Contribution]]
"""(entity, its id, what it is told: at least one)."""


_contribution = Contribution._make
"""Takes a third less than a call of the class, and there are a dozen for each event."""


class _Rule(NamedTuple):
    """How one feature reads an event."""

    feature: Feature
    entity: EntityName
    key: str
    filter: Callable[[Any], bool] | None
    """None: it holds."""
    read: ValueReader | None
    constant: Contribution
    """What a kind without a value is told."""


class _Plan(NamedTuple):
    """What the events of one name tell the features of an entity. A value that several features read is read once."""

    entity: EntityName
    key: Callable[[SourceEvent], str | None]
    always: list[Contribution]
    of_value: list[tuple[ValueReader, list[Feature]]]
    filtered: list[_Rule]
    """Features whose filter looks at more than the event's name."""


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
        self._of_any = _plans(each for each in rules if each.feature.event_names is None)
        self._of_name = {
            name: _plans(
                known
                for each in rules
                if each.feature.event_names is None or name in each.feature.event_names
                if (known := _of_event_name(each, name)) is not None
            )
            for name in names
        }
        self._counts_bots = features.counts_bots_of(source)

    def of(self, event: SourceEvent) -> list[ForEntity]:
        """Each entity and id once. Events of crawlers tell nothing unless the file says that they count.

        :param event: of the source's type.
        """
        plans = self._of_name.get(event.event_name, self._of_any)
        if not plans or (event.user_agent_is_crawler is True and not self._counts_bots):
            return []
        found: list[ForEntity] = []
        for entity, key, always, of_value, filtered in plans:
            entity_id = key(event)
            if not entity_id:
                continue
            told = always.copy()
            for read, features in of_value:
                if (value := read(event)) is not None:
                    told += [_contribution((feature, value)) for feature in features]
            for rule in filtered:
                if rule.filter is None or not rule.filter(event):
                    continue
                if rule.read is None:
                    told.append(rule.constant)
                elif (value := rule.read(event)) is not None:
                    told.append(Contribution(rule.feature, value))
            if told:
                _join(found, entity, entity_id, told)
        return found


class _NameOnly:
    """An event of which nothing is known but its name: a filter that asks for more fails."""

    __slots__ = ("event_name",)

    def __init__(self, event_name: str) -> None:
        self.event_name = event_name


def _of_event_name(rule: _Rule, name: str) -> _Rule | None:
    """The rule for events of that name: without its filter where it holds for each of them; None: for none."""
    if rule.filter is None:
        return rule
    try:
        holds = rule.filter(_NameOnly(name))
    except AttributeError:
        return rule
    return rule._replace(filter=None) if holds else None


def _plans(rules: Iterable[_Rule]) -> list[_Plan]:
    """By the field that has the entity's id, so that it is read once."""
    plans: dict[tuple[EntityName, str], _Plan] = {}
    readers: dict[tuple[object, ...], list[Feature]] = {}
    for rule in rules:
        entity, key, feature = rule.entity, rule.key, rule.feature
        plan = plans.setdefault((entity, key), _Plan(entity, attrgetter(key), [], [], []))
        if rule.filter is not None:
            plan.filtered.append(rule)
        elif rule.read is None:
            plan.always.append(rule.constant)
        else:
            reading = (entity, key, *what_is_read(feature))
            if reading not in readers:
                readers[reading] = []
                plan.of_value.append((rule.read, readers[reading]))
            readers[reading].append(feature)
    return list(plans.values())


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
