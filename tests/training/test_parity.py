"""What the jobs keep online and what SQL computes offline of the same events is the same for every entity."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Final

import duckdb
import pytest

from core.features.model import EntityName, FeatureSet
from tests.training.arrivals import arrivals
from tests.training.online_run import OnlineRun
from training.comparison import Comparison, StatesInMemory, compare
from training.feature_file import SHIPPED, read_features
from training.offline.compute import Anchor, OfflineFeatures
from training.offline.sources import load_events, load_sessions

pytestmark = pytest.mark.slow
_BEHIND_MS: Final = (0, 1, 900, 30_000, 600_000, 1_790_000, 3_000_000, 40_000_000, 400_000_000)
"""How long after an entity's newest event its values are read."""


class Both:
    """The same events online and offline."""

    def __init__(self, features: FeatureSet, events: int, without_browser: float) -> None:
        run, arrived = OnlineRun(features), list(arrivals(events, without_browser=without_browser))
        for behaviour, security in arrived:
            run.behaviour(behaviour)
            if security is not None:
                run.security(security)
        run.finish()
        self.counts, self.states = run.counts, run.states()
        self.database = duckdb.connect()
        load_events(self.database, "behaviour", (each for each, _ in arrived))
        load_events(self.database, "security", (each for _, each in arrived if each is not None))
        load_sessions(self.database, run.sessions())
        self._features = features

    def compared(self) -> Comparison:
        """Every entity's values, each entity's at an instant of its own."""
        rng = Random(1)
        asked: dict[EntityName, list[Anchor]] = {name: [] for name in self._features.entities}
        for (entity, entity_id), state in self.states.items():
            newest = max(state.newest, state.session_end)
            asked[entity].append(Anchor(entity_id, newest + _BEHIND_MS[int(rng.random() * len(_BEHIND_MS))]))
        offline = OfflineFeatures(self.database, self._features)
        return compare(StatesInMemory(self._features, self.states), offline, asked)


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return read_features(SHIPPED)


@pytest.fixture(params=[(20_000, 0.3)], ids=["events"], scope="module")
def both(features: FeatureSet, request: pytest.FixtureRequest) -> Iterator[Both]:
    made = Both(features, *request.param)
    with made.database:
        yield made


def _check(found: Comparison, both: Both) -> None:
    assert found.different == 0, (found.by_value, found.examples)
    assert both.counts["events_repeated"] > 100
    of = Counter(entity for entity, _ in both.states)
    assert min(of.values()) > 100 and len(of) == 6


def test_every_value_is_the_same(both: Both) -> None:
    found = both.compared()

    _check(found, both)
    assert found.compared > 100_000
    assert found.absent == 0


def test_a_value_that_is_wrong_is_seen(both: Both, features: FeatureSet) -> None:
    """Else the other tests would say nothing."""
    key = next(key for key, state in both.states.items() if key[0] == "listing" and state.lifetime)
    both.database.execute("CREATE TABLE kept AS FROM behaviour_events")
    both.database.execute("DELETE FROM behaviour_events WHERE listing_id = ?", [key[1]])
    try:
        found = both.compared()
    finally:
        both.database.execute("INSERT INTO behaviour_events FROM kept WHERE listing_id = ?", [key[1]])
    assert {value.partition("__")[0] for value in found.by_value} >= {"listing"}
    assert any(each.entity_id == key[1] for each in found.examples) or found.different > len(found.examples)


@pytest.mark.timeout(1_200)  # about a minute of a processor's time
def test_two_hundred_thousand_events(features: FeatureSet) -> None:
    """With disorder, late events, repetitions and events of accounts that are moved between visitors."""
    both = Both(features, 200_000, 0.1)
    with both.database:
        found = both.compared()
    _check(found, both)
    assert both.counts["events_moved"] > 100
    assert found.compared > 200_000
