"""A field's value in SQL is the one that the jobs keep of it."""

import duckdb
import pytest

from core.features.contributions import Contributions
from core.features.declarations.load import load_features
from core.features.model import FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add
from training.comparison import StatesInMemory, compare
from training.offline.compute import Anchor, OfflineFeatures
from training.offline.sources import load_events

T = 1_790_000_000_000
TEXT = """
entities:
  - {name: user, source: behaviour, key: user_id, ttl: 30d}
features:
  - {name: band, aggregation: last, value: price, bands: BANDS, entity: user, version: 1, windows: [1h], description: d}
  - name: n
    entity: user
    version: 1
    description: d
    aggregation: approx_distinct
    value: search_terms
    windows: [1h]
  - {name: last, aggregation: last, value: search_terms, entity: user, version: 1, windows: [1h], description: d}
  - {name: b, aggregation: last, value: user_agent_is_crawler, entity: user, version: 1, windows: [1h], description: d}
  - {name: sum, aggregation: sum, value: price, entity: user, version: 1, windows: [1h], description: d}
"""
LONG = "x" * 200


@pytest.mark.parametrize("bands", ["[20, 50]", "[0, 2.5]"])
@pytest.mark.parametrize("price", [None, -20.0, -5.0, 0.0, 0.0005, 2.5, 20.0, 50.0, 1e300])
def test_bands_and_long_texts(bands: str, price: float | None) -> None:
    features = load_features(TEXT.replace("BANDS", bands))
    assert isinstance(features, FeatureSet), features
    events = [
        BehaviourEvent(
            event_id=str(number),
            event_name="search",
            collector_tstamp=T,
            derived_tstamp=T + number,
            user_id="u1",
            price=price,
            search_terms=terms,
            user_agent_is_crawler=False,
        )
        for number, terms in enumerate((LONG + "a", LONG + "b", ""))
    ]
    state, contributions = EntityState(), Contributions(features, "behaviour", ["user"])
    for event in events:
        for _, _, told in contributions.of(event):
            add(state, event.derived_tstamp, told)
    with duckdb.connect() as database:
        load_events(database, "behaviour", events)
        online = StatesInMemory(features, {("user", "u1"): state})
        found = compare(online, OfflineFeatures(database, features), {"user": [Anchor("u1", T + 10)]})
    assert (found.compared, found.different) == (5, 0), found.examples
