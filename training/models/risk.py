"""The model ``sign_in_risk``: whether a sign-in that gave the right password is a take-over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from core.features.model import FeatureSet
from core.risk.rules.rule_set import RuleSet
from core.scoring.inputs import ModelInputs
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.generator import GeneratorSettings
from training.models.detection import Detection, detection
from training.models.fitting import CHOICES, Fitted, Scorer, fit
from training.models.sign_in_rows import SignIn, SignInRows
from training.models.streams import START_MS, security

NAME: Final = "sign_in_risk"
_MANY_FAILURES: Final = 5


@dataclass(frozen=True, kw_only=True)
class Databases:
    """Of places and of autonomous systems, in MaxMind's format."""

    city: Path
    systems: Path


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A stream for each seed."""

    stream: GeneratorSettings
    attacks: AttackSettings
    train: tuple[int, ...] = (1, 2, 3)
    validate: tuple[int, ...] = (4,)
    test: tuple[int, ...] = (101, 102, 103)


SHIPPED: Final = Plan(
    stream=GeneratorSettings(start_ms=START_MS, events=15_000, event_rate=0.5, active_visits=10),
    attacks=AttackSettings(scenarios=220, history_days=20, history_sign_ins=13, history_accounts=100),
)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Of successful sign-ins. ``attacks``: those among them that are take-overs."""

    trained_sign_ins: int
    trained_attacks: int
    chosen: str
    validation: dict[str, Detection]
    """Of each choice, on the seeds by which it was chosen."""
    test_seeds: tuple[int, ...]
    sign_ins: int
    attacks: int
    model: Detection
    rules: Detection
    """By the score of the verdict at the time of the sign-in."""
    many_failures: Detection
    """1 from five failures of the account in the hour before, else 0."""


def train(
    features: FeatureSet, inputs: ModelInputs, rules: RuleSet, databases: Databases, plan: Plan = SHIPPED
) -> tuple[Fitted, Figures]:
    """Raises DatabaseError, and ValueError if there are too few accounts for the attacks."""

    def sign_ins(seeds: Sequence[int]) -> list[SignIn]:
        found: list[SignIn] = []
        for seed in seeds:
            events = security(replace(plan.stream, seed=seed), plan.attacks, databases.city, databases.systems)
            found += SignInRows(features, inputs, rules).rows(events)
        return found

    trained = sign_ins(plan.train)
    rows = np.array([each.row for each in trained], dtype=np.float32)
    fitted = {choice: fit(choice, rows, _labels(trained), len(inputs.names)) for choice in CHOICES}
    validated = sign_ins(plan.validate)
    validation = {choice: _detection(Scorer(each.onnx), validated) for choice, each in fitted.items()}
    chosen = max(CHOICES, key=lambda choice: validation[choice].average_precision)
    tested = sign_ins(plan.test)
    labels = _labels(tested)
    figures = Figures(
        trained_sign_ins=len(trained),
        trained_attacks=sum(_labels(trained)),
        chosen=chosen,
        validation=validation,
        test_seeds=plan.test,
        sign_ins=len(tested),
        attacks=sum(labels),
        model=_detection(Scorer(fitted[chosen].onnx), tested),
        rules=detection([each.rules_score for each in tested], labels),
        many_failures=detection([float(each.failures_1h >= _MANY_FAILURES) for each in tested], labels),
    )
    return fitted[chosen], figures


def _labels(sign_ins: Sequence[SignIn]) -> list[bool]:
    return [each.is_attack for each in sign_ins]


def _detection(score: Scorer, sign_ins: Sequence[SignIn]) -> Detection:
    return detection(score([each.row for each in sign_ins]), _labels(sign_ins))
