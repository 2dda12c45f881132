"""A small file of features, states by its contributions, and a Redis that has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contracts.lookup_api.features import redis_key
from core.features.contributions import Contributions
from core.features.declarations.load import load_features
from core.features.model import EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add
from core.features.stored import encode_entity
from tests.lookup_service.lookup_harness import RedisServer

TEXT = """
session_idle: 30m
entities:
  - {name: browser, source: behaviour, key: domain_userid, ttl: 30d}
  - {name: session, source: behaviour, key: domain_userid, ttl: 2d}
  - {name: user, source: behaviour, key: user_id, ttl: 30d}
  - {name: listing, source: behaviour, key: listing_id, ttl: 30d}
features:
  - name: views
    entity: browser
    version: 1
    description: Listings viewed.
    filter: event_name == 'listing_view'
    aggregation: count
    windows: [10s, 1m, 24h, session]
  - {name: price, entity: browser, version: 1, description: Mean price., aggregation: mean, value: price, windows: [1h]}
  - name: last
    entity: browser
    version: 1
    description: Listings viewed last.
    filter: event_name == 'listing_view'
    aggregation: last_n
    value: listing_id
    n: 3
    windows: [lifetime]
  - name: views
    entity: session
    version: 1
    description: Listings viewed.
    aggregation: count
    windows: [session]
  - {name: views, entity: user, version: 1, description: Views., aggregation: count, windows: [24h]}
  - {name: views, entity: listing, version: 1, description: Views., aggregation: count, windows: [24h]}
"""
ALL_OF_BROWSER = {
    "browser__views__10s",
    "browser__views__1m",
    "browser__views__24h",
    "browser__views__session",
    "browser__price__1h",
    "browser__last__lifetime",
}
_STATE_ENTITIES: tuple[EntityName, ...] = ("browser", "user", "listing")


def feature_set(text: str = TEXT) -> FeatureSet:
    found = load_features(text)
    assert isinstance(found, FeatureSet), found
    return found


def written(folder: Path, text: str = TEXT) -> Path:
    path = folder / "features.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def view(at: int, *, browser: str = "b1", listing: str | None = "l1", price: float | None = None) -> BehaviourEvent:
    return BehaviourEvent(
        event_id=f"{browser}-{at}",
        event_name="listing_view",
        collector_tstamp=at,
        derived_tstamp=at,
        user_id=f"u-{browser}",
        domain_userid=browser,
        listing_id=listing,
        price=price,
    )


@dataclass(frozen=True)
class Store:
    """Puts states into Redis as the jobs do."""

    redis: RedisServer
    features: FeatureSet

    def put(self, events: Iterable[BehaviourEvent]) -> None:
        """The states of all entities of the events, in place of those that were there. Each browser's events are one
        session.
        """
        contributions = Contributions(self.features, "behaviour", _STATE_ENTITIES)
        states: dict[tuple[EntityName, str], EntityState] = {}
        for event in events:
            for entity, entity_id, told in contributions.of(event):
                state = states.setdefault((entity, entity_id), EntityState())
                add(state, event.derived_tstamp, told)
                if entity == "browser":
                    state.session_start = state.session_start or event.derived_tstamp
                    state.session_end = event.derived_tstamp
        for (entity, entity_id), state in states.items():
            self.put_bytes(entity, entity_id, encode_entity(state, state.newest))

    def put_bytes(self, entity: EntityName, entity_id: str, value: bytes) -> None:
        self.redis.client.set(redis_key(entity, entity_id), value)
