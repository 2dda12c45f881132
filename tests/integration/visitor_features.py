"""Features of browsers and sessions by a plain computation over what was sent; and as store and topic have them."""

from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import msgspec
import redis

from applications.behaviour.events.behaviour_event import logged, read_event
from applications.behaviour.events.logged_event import LoggedEvent
from common.kafka.topic_reader import read_whole
from contracts.features.records import FeatureState
from contracts.fixed_topics import FEATURES
from contracts.lookup_api.features import redis_key
from core.features.contributions import Contributions
from core.features.declarations.load import load_features
from core.features.model import MINUTE_MS, EntityName, FeatureSet, Value
from core.features.sessions import add_to_session
from core.features.state import Contribution, EntityState, add, unpack
from core.features.stored import decode_entity
from core.features.values import values_at
from deploy.paths import FEATURES_FILE
from tests.applications.behaviour.reference import reference
from tests.integration.behaviour_events import encode

Told: TypeAlias = dict[EntityName, list[Contribution]]
Values: TypeAlias = dict[str, dict[str, Value]]
"""``browser:ID`` → its values at its newest event."""


def shipped() -> FeatureSet:
    found = load_features(FEATURES_FILE.read_text(encoding="utf-8"))
    assert isinstance(found, FeatureSet)
    return found


def with_listings(events: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same for the same event, so that a repeated one stays one."""
    for made in events:
        number = int(made["event_id"].removeprefix("event-"))
        if made["event_name"] == "search":
            yield {**made, "search_terms": f"terms {number % 11}"}
        elif made["event_name"] == "page_view":
            yield made
        else:
            fields = {"listing_id": f"l-{number % 23}", "category": f"c-{number % 5}", "brand": f"b-{number % 7}"}
            yield {**made, **fields, "price": (number % 9_000 + 100) / 100}


def expected(sent: Iterable[dict[str, Any]], declared: FeatureSet) -> Values:
    """:param sent: events, each with a browser and in time for a session."""
    of = Contributions(declared, "behaviour", frozenset({"browser", "session"}))
    by_browser: dict[str, list[tuple[int, Told]]] = defaultdict(list)
    logs: dict[str, list[LoggedEvent]] = defaultdict(list)
    for made in {each["event_id"]: each for each in sent}.values():
        event = read_event(encode(made))
        told: Told = {entity: each for entity, _, each in of.of(event)}
        by_browser[made["domain_userid"]].append((event.derived_tstamp, told))
        logs[made["domain_userid"]].append(logged(event))
    found: Values = {}
    for browser, events in by_browser.items():
        events.sort(key=lambda each: each[0])
        sessions = reference("browser", browser, logs[browser])
        state = EntityState()
        for at, told in events:
            add(state, at, told["browser"])
        state.session_start, state.session_end = sessions[-1].start, sessions[-1].end
        found[f"browser:{browser}"] = values(declared, "browser", state)
        for session in sessions:
            state = EntityState()
            for at, told in events:
                if session.start // MINUTE_MS <= at // MINUTE_MS <= session.end // MINUTE_MS:
                    add_to_session(state, at, told["session"])
            state.session_start, state.session_end, state.newest = session.start, session.end, session.end
            found[f"session:{session.id}"] = values(declared, "session", state)
    return found


def stored(url: str, names: Iterable[str], declared: FeatureSet) -> Values:
    """Those of the entities that are there."""
    found: Values = {}
    with redis.Redis.from_url(url) as client:
        for name in names:
            entity, _, entity_id = name.partition(":")
            value = cast("bytes | None", client.get(redis_key(cast("EntityName", entity), entity_id)))
            entry = None if value is None else decode_entity(value)
            if entry is not None:
                found[name] = values(declared, cast("EntityName", entity), entry.state)
    return found


def published(servers: str, start: Mapping[tuple[str, int], int], declared: FeatureSet) -> Values:
    """Of the newest record of each entity since the offsets ``start``. Its values are those of its state."""
    newest: dict[bytes | None, bytes | None] = {}
    for message in read_whole(servers, (FEATURES.name,), isolation="read_committed", start=start):
        newest[message.key()] = message.value()
    found: Values = {}
    for value in newest.values():
        if value is not None:
            record = msgspec.json.decode(value, type=FeatureState)
            state = unpack(b64decode(record.state))
            assert record.values == values(declared, cast("EntityName", record.entity), state)
            found[f"{record.entity}:{record.entity_id}"] = record.values
    return found


def values(declared: FeatureSet, entity: EntityName, state: EntityState) -> dict[str, Value]:
    wanted = [(each, window) for each in declared.of(entity) for window in each.windows]
    return values_at(state, wanted, state.newest, declared)
