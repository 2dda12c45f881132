"""Events of both sources as their topics have them, and what a naive fold over them comes to."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from applications.features.entities import ENTITIES
from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet, Value
from core.features.source_events import TIME_FIELDS, BehaviourEvent, Source, SourceEvent
from core.features.state import EntityState, add
from core.features.values import values_at
from core.risk.security_event import SecurityEvent

NOW = 1_790_000_000_000
MINUTE, DAY = 60_000, 86_400_000
Event = dict[str, Any]
encode = msgspec.json.Encoder().encode
_NAMES = ("listing_view", "like", "add_to_cart", "order", "search", "page_view", "listing_create")


def view(number: int, at: int, **fields: object) -> Event:
    """A sessionized event."""
    named = {
        "event_id": f"e{number}",
        "event_name": "listing_view",
        "user_id": "u1",
        "domain_userid": "b1",
        "listing_id": "l1",
        "listing_seller_id": "s1",
        "price": 12.5,
        "category": "shoes",
        **fields,
    }
    stamp = {"visitor_id": "b1", "visitor_kind": "browser", "session_id": "x", "session_index": 1}
    rest = {"session_event_number": number, "session_is_first": False}
    return {**named, "collector_tstamp": at, "derived_tstamp": at, **stamp, **rest}


def sign_in(number: int, at: int, user: str = "u1", **fields: object) -> Event:
    """An enriched event of the purpose security."""
    named = {"event_name": "sign_in", "auth_outcome": "success", "geo_country": "AT", "device_id": "d1", **fields}
    return {"event_id": f"s{number}", "collector_tstamp": at, "user_id": user, **named}


def behaviour_traffic(count: int, *, seed: int, run: str = "", start: int = NOW) -> Iterator[Event]:
    """Events of a dozen of accounts, listings and sellers over nine days; some late, some of crawlers."""
    chance = random.Random(seed)
    for number in range(count):
        at = start + number * (9 * DAY // count)
        if chance.random() < 0.2:
            at -= chance.randrange(3 * DAY)
        listing = chance.randrange(12)
        yield view(
            number,
            at,
            event_id=f"{run}{seed}-{number}",
            event_name=chance.choice(_NAMES),
            user_id=f"{run}u{chance.randrange(12)}" if chance.random() < 0.7 else None,
            domain_userid=f"b{chance.randrange(40)}",
            listing_id=f"{run}l{listing}",
            listing_seller_id=f"{run}s{listing % 5}",
            price=chance.randrange(100_000) / 100,
            category=chance.choice(("shoes", "books", "bikes", None)),
            brand=chance.choice(("a", "b", None)),
            user_agent_is_crawler=chance.random() < 0.05 or None,
        )


def security_traffic(count: int, *, seed: int, run: str = "", start: int = NOW) -> Iterator[Event]:
    chance = random.Random(seed)
    for number in range(count):
        at = start + number * (9 * DAY // count)
        if chance.random() < 0.2:
            at -= chance.randrange(3 * DAY)
        yield sign_in(
            number,
            at,
            user=f"{run}u{chance.randrange(12)}",
            event_id=f"{run}{seed}-{number}",
            event_name=chance.choice(("sign_in", "checkout", "password_change", "listing_create")),
            auth_outcome=chance.choice(("success", "failure")),
            geo_country=chance.choice(("AT", "DE", "FR")),
            as_number=chance.randrange(20),
            device_id=f"d{chance.randrange(9)}",
        )


States = dict[tuple[EntityName, str], EntityState]


def folded(features: FeatureSet, behaviour: Iterable[Event], security: Iterable[Event] = ()) -> States:
    """Each event once, in the order of time."""
    states: States = defaultdict(EntityState)
    _fold(states, features, "behaviour", behaviour)
    _fold(states, features, "security", security)
    return dict(states)


def _fold(states: States, features: FeatureSet, source: Source, events: Iterable[Event]) -> None:
    contributions, field = Contributions(features, source, ENTITIES), TIME_FIELDS[source]
    once = {each["event_id"]: each for each in events}
    for each in sorted(once.values(), key=lambda event: (event[field], event["event_id"])):
        for entity, entity_id, told in contributions.of(_event(source, each)):
            add(states[entity, entity_id], each[field], told)


def _event(source: Source, fields: Event) -> SourceEvent:
    if source == "behaviour":
        return msgspec.convert(fields, BehaviourEvent)
    return msgspec.convert(fields, SecurityEvent)


def values_of(features: FeatureSet, entity: EntityName, state: EntityState, t: int) -> dict[str, Value]:
    wanted = [(each, window) for each in features.of(entity) for window in each.windows]
    return values_at(state, wanted, t, features)
