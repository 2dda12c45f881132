"""A small stream, the shipped features, and the shipped inputs."""

from dataclasses import replace

from core.features.model import FeatureSet
from core.features.source_events import BehaviourEvent
from core.scoring.inputs import ModelInputs
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.generator import GeneratorSettings
from training.feature_file import SHIPPED, read_features
from training.models.files import MODELS, read_declaration
from training.models.recommendation import Plan
from training.models.streams import START_MS

AT = START_MS
SMALL = GeneratorSettings(
    start_ms=START_MS, events=6_000, seed=3, event_rate=0.5, active_visits=10, users=150, listings=300
)
ATTACKED = GeneratorSettings(
    start_ms=START_MS, events=2_000, seed=3, event_rate=0.5, active_visits=20, users=3_000, listings=300
)
ATTACKS = AttackSettings(scenarios=57)
PLAN = Plan(stream=replace(SMALL, events=24_000), trained_share=0.5, tested_share=0.2, tested_candidates=50)


def features() -> FeatureSet:
    return read_features(SHIPPED)


def inputs(model: str) -> ModelInputs:
    return ModelInputs(read_declaration(MODELS / model, features()).inputs)


def view(number: int, listing: str, browser: str = "browser-1", **changed: object) -> BehaviourEvent:
    """The event at ``number`` minutes."""
    fields: dict[str, object] = {
        "event_id": f"event-{number:04}",
        "event_name": "listing_view",
        "collector_tstamp": AT + number * 60_000,
        "derived_tstamp": AT + number * 60_000,
        "domain_userid": browser,
        "listing_id": listing,
        "category": "bikes",
        "brand": "Velonar",
        "price": 30.0,
    }
    return BehaviourEvent(**{**fields, **changed})  # type: ignore[arg-type]  # by name
