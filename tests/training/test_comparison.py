"""The comparison of what is served with what the lake gives: samples, margin, metrics, and the service's answers."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from core.features.contributions import Contributions
from core.features.model import EntityName, FeatureSet
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add
from tests.training.test_training_set import made_lake
from training.compare import app
from training.comparison import StatesInMemory, compare
from training.comparison_metrics import ComparisonMetrics
from training.feature_file import SHIPPED, read_features
from training.offline.compute import Anchor, OfflineFeatures
from training.offline.sources import load_events
from training.problems import TrainingError
from training.sampling import sampled
from training.served_values import LookupService

MINUTE = 60_000


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return read_features(SHIPPED)


def _view(number: int, listing: str, at: int) -> BehaviourEvent:
    return BehaviourEvent(f"e{number}", "listing_view", at, at, domain_userid="b", listing_id=listing, price=2.5)


def _states(features: FeatureSet, events: list[BehaviourEvent]) -> dict[tuple[EntityName, str], EntityState]:
    found: dict[tuple[EntityName, str], EntityState] = {}
    for event in events:
        for entity, entity_id, told in Contributions(features, "behaviour", {"listing"}).of(event):
            add(found.setdefault((entity, entity_id), EntityState()), event.derived_tstamp, told)
    return found


def test_a_sample_without_what_moves_and_the_metrics_of_what_differs(features: FeatureSet) -> None:
    now = time.time_ns() // 1_000_000
    events = [_view(0, "old", now - 40 * MINUTE), _view(1, "old", now - 30 * MINUTE), _view(2, "new", now - MINUTE)]
    events += [_view(3, "moves", now - 20 * MINUTE), _view(4, "lost", now - 20 * MINUTE)]
    online = _states(features, [*events[1:4], _view(5, "moves", now - MINUTE)])
    with duckdb.connect() as database:
        load_events(database, "behaviour", events)
        asked = sampled(database, features, "listing", now, 10, 15 * MINUTE)
        assert {each.entity_id for each in asked} == {"old", "moves", "lost"}
        assert len(sampled(database, features, "listing", now, 1, 15 * MINUTE)) == 1
        found = compare(
            StatesInMemory(features, online), OfflineFeatures(database, features), {"listing": asked}, 15 * MINUTE
        )
    assert (found.moving, found.absent) == (1, 1)
    assert found.by_value["listing__views__1h"] == 2  # one view is missing online, and a whole listing
    assert found.by_value["listing__price__lifetime"] == 1
    metrics = ComparisonMetrics()
    metrics.add(found)
    value = metrics.registry.get_sample_value
    assert value("feature_values_compared_total", {"feature": "listing__views"}) == 6
    assert value("feature_values_different_total", {"feature": "listing__views"}) == 6
    assert value("feature_values_different_share", {"feature": "listing__price"}) == 0.5
    assert value("feature_entities_moving_total") == 1


class _Service(BaseHTTPRequestHandler):
    answers: list[dict[str, Any]]
    asked: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append((self.path, body))
        answer = json.dumps({"results": [type(self).answers.pop(0) for _ in body["ids"]]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_what_the_service_answers() -> None:
    _Service.asked = []
    _Service.answers = [
        {"status": "ok", "features": {"listing__views__1h": 1}, "updated_tstamp": 5, "age_ms": 5},
        {"status": "missing"},
        {"status": "stale", "updated_tstamp": 1, "age_ms": 9},
        {"status": "invalid", "updated_tstamp": 30},
        {"status": "error"},
    ]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    Thread(target=server.serve_forever, daemon=True).start()
    service = LookupService(f"http://127.0.0.1:{server.server_port}")
    try:
        found = service.read("listing", [Anchor("a", 10), Anchor("b", 10), Anchor("c", 20), Anchor("d", 20)])
        with pytest.raises(TrainingError, match="error"):
            service.read("listing", [Anchor("e", 20)])
    finally:
        service.close()
        server.shutdown()
        server.server_close()
    assert [None if each is None else each.newest for each in found] == [5, None, None, 30]
    assert _Service.asked[1] == ("/v1/features/listing", {"ids": ["c", "d"], "names": None, "at": 20})
    assert found[0] is not None and found[0].values == {"listing__views__1h": 1}


def test_the_command(tmp_path: Path) -> None:
    """Of a lake whose entities are all older than their time to live, and of none."""
    lake = made_lake(tmp_path / "lake")
    done = CliRunner().invoke(app, ["--lake", str(lake), "--url", "http://127.0.0.1:1"], catch_exceptions=False)
    assert (done.exit_code, json.loads(done.output)["compared"]) == (0, 0)
    done = CliRunner().invoke(app, ["--lake", str(tmp_path / "none")], catch_exceptions=False)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)


def test_no_service() -> None:
    with pytest.raises(TrainingError, match="lookup service"):
        LookupService("http://127.0.0.1:1").read("listing", [Anchor("a", 1)])


def test_of_two_records_of_one_event_the_first_one_counts_also_where_only_the_second_names_the_entity(
    features: FeatureSet,
) -> None:
    """A lookup that was too late for the first record: the seller is not known there."""
    first = BehaviourEvent("e", "listing_view", MINUTE, MINUTE, domain_userid="b", listing_id="l")
    again = BehaviourEvent(
        "e", "listing_view", MINUTE, MINUTE, domain_userid="b", listing_id="l", listing_seller_id="s"
    )
    for events, views in (([first, again], 0), ([again, first], 1)):
        with duckdb.connect() as database:
            load_events(database, "behaviour", events)
            [found] = OfflineFeatures(database, features).values("seller", [Anchor("s", 2 * MINUTE)])
            assert found["seller__views__24h"] == views
            [listing] = OfflineFeatures(database, features).values("listing", [Anchor("l", 2 * MINUTE)])
            assert listing["listing__views__24h"] == 1
