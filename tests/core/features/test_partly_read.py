"""What is read partly gives the same values as what is read wholly."""

import random
from pathlib import Path

from core.features.contributions import Contributions
from core.features.declarations.load import load_features
from core.features.model import EntityName, FeatureSet
from core.features.partly_read import decode_partly, keys_of
from core.features.source_events import BehaviourEvent
from core.features.state import EntityState, add, pack
from core.features.stored import decode_entity, encode_entity, encode_packed
from core.features.values import values_at
from deploy.paths import PROJECT

NOW = 1_790_000_000_000
ENTITIES: tuple[EntityName, ...] = ("browser", "session", "user", "listing", "seller")
FILE: Path = PROJECT / "deploy" / "features.yaml"


def _features() -> FeatureSet:
    found = load_features(FILE.read_text(encoding="utf-8"))
    assert isinstance(found, FeatureSet)
    return found


def _states(features: FeatureSet, chosen: random.Random) -> dict[EntityName, bytes]:
    """Of one browser, user, listing and seller over eight days, and the browser's session."""
    contributions = Contributions(features, "behaviour", ENTITIES)
    states: dict[EntityName, EntityState] = {}
    for at in sorted(NOW - int(chosen.random() ** 4 * 8 * 86_400_000) for _ in range(400)):
        event = BehaviourEvent(
            event_id=str(at),
            event_name=chosen.choice(["listing_view", "search", "like", "add_to_cart", "order", "listing_create"]),
            collector_tstamp=at,
            derived_tstamp=at,
            user_id="u",
            domain_userid="b",
            listing_id="l",
            listing_seller_id="s",
            category=f"c{chosen.randrange(5)}",
            brand=f"b{chosen.randrange(5)}",
            search_terms=f"t{chosen.randrange(5)}",
            price=chosen.randrange(30_000) / 100,
        )
        for entity, _, told in contributions.of(event):
            state = states.setdefault(entity, EntityState(session_start=NOW - 900_000, session_end=NOW))
            add(state, at, told)
    return {entity: encode_entity(state, NOW) for entity, state in states.items()}


def test_the_values_are_the_same() -> None:
    features, chosen = _features(), random.Random(1)
    compared = 0
    for entity, value in _states(features, chosen).items():
        whole = decode_entity(value)
        assert whole is not None
        pairs = [(feature, window) for feature in features.of(entity) for window in feature.windows]
        for _ in range(40):
            wanted = chosen.sample(pairs, chosen.randrange(1, len(pairs) + 1))
            keys = keys_of(wanted, features)
            partly = decode_partly(value, keys)
            assert partly is not None
            assert partly.written_ms == whole.written_ms
            assert set(partly.state.lifetime) <= keys
            assert all(set(level) <= keys for level in partly.state.tiles.values())
            at = NOW + chosen.choice([0, 30_000, 3_600_000, 86_400_000])
            expected = values_at(whole.state, wanted, at, features)
            assert values_at(partly.state, wanted, at, features) == expected
            compared += sum(value not in (0, None) for value in expected.values())
    assert compared > 500, "most values are of no event"


def test_a_ratio_needs_its_parts() -> None:
    features = _features()
    [ratio] = [each for each in features.of("seller") if each.ratio is not None][:1]
    assert ratio.ratio is not None
    names = {ratio.ratio.of, ratio.ratio.to}
    assert keys_of([(ratio, ratio.windows[0])], features) == {
        each.id for each in features.of("seller") if each.name in names
    }


def test_what_is_no_state_is_none() -> None:
    [views] = [each for each in _features().of("browser") if each.name == "listing_views"]
    key = views.id
    packed = pack(EntityState(newest=1, tiles={60_000: {key: ([1], [1])}}))
    assert decode_partly(encode_packed(packed, 1, 1), {key}) is not None
    damaged = (packed[:-1], b"\x00\x02" + packed[2:], pack(EntityState(newest=1)) + b"\xc1", b"", b"\xff")
    for bytes_ in damaged:
        assert decode_partly(encode_packed(bytes_, 1, 1), {key}) is None
    wrong = EntityState(newest=1, tiles={60_000: {key: "text"}})  # type: ignore[dict-item]
    assert decode_partly(encode_entity(wrong, 1), {key}) is None
    assert decode_partly(encode_entity(wrong, 1), ()) is not None, "it is not looked at"
