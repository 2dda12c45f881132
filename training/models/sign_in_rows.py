"""For each successful sign-in: what was known of the account just before, what the caller knows of the sign-in, and
what the rules say of it.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Final

from contracts.security.verdicts import Verdict
from core.features.model import EntityName, FeatureSet, Value
from core.risk.rules.rule_set import RuleSet
from core.risk.runner import Runner
from core.risk.security_event import SecurityEvent
from core.risk.subject.profile import COMPARED
from core.scoring.inputs import ModelInputs
from producers.synthetic.attacks.truth import HISTORY, TruthLine
from training.models.states import FeatureStates
from training.models.streams import LabelledEvent

FAILURES: Final = "account__sign_in_failures__1h"
_ENTITIES: Final[tuple[EntityName, ...]] = ("account",)
_NEW = MappingProxyType(
    {"new_device": "device_id", "new_country": "geo_country", "new_network": "as_number", "new_client": "useragent"}
)
"""Number of the caller → the field whose value is new to the account."""


@dataclass(frozen=True, slots=True)
class SignIn:
    event_id: str
    row: list[float]
    is_attack: bool
    kind: str
    """Of the scenario; ``ordinary``."""
    rules_score: float
    """Of the verdict at the time of the sign-in: what later events tell of it comes too late for it."""
    failures_1h: float


class SignInRows:
    def __init__(self, features: FeatureSet, inputs: ModelInputs, rules: RuleSet) -> None:
        self.states = FeatureStates(features, "security", _ENTITIES)
        self._inputs = inputs
        self._wanted = self.states.wanted("account", {*inputs.features, FAILURES})
        self._runner = Runner(rules)
        self._before: dict[str, deque[SecurityEvent]] = defaultdict(lambda: deque(maxlen=COMPARED))

    def rows(self, events: Iterable[LabelledEvent]) -> Iterator[SignIn]:
        """In the order of arrival. What is told as an account's past has no row, and nor has what is repeated."""
        for event, truth in events:
            verdict = self._verdict(event)
            if truth is not None and truth.kind != HISTORY.kind and _succeeded(event):
                yield self._row(event, truth, verdict)
            self.states.add(event)
            if truth is not None and event.user_id and _succeeded(event):
                self._before[event.user_id].append(event)

    def _verdict(self, event: SecurityEvent) -> Verdict | None:
        """The live one with all that was known at the time. None for what comes again, and for what is not judged."""
        told = self._runner.add(event)
        own = [each for each in told if each.event_id == event.event_id and each.mode == "live"]
        return own[-1] if own else None

    def _row(self, event: SecurityEvent, truth: TruthLine, verdict: Verdict | None) -> SignIn:
        account = self.states.values("account", event.user_id or "", self._wanted, event.collector_tstamp)
        failures = account.get(FAILURES)
        return SignIn(
            event_id=event.event_id,
            row=self._inputs.row(account, self._given(event, verdict)).numbers,
            is_attack=truth.is_attack,
            kind=truth.kind,
            rules_score=0.0 if verdict is None else verdict.score,
            failures_1h=_number(failures),
        )

    def _given(self, event: SecurityEvent, verdict: Verdict | None) -> dict[str, float]:
        """New is what none of the last successful sign-ins had; without one, and where it is not said, nothing is."""
        likelihood = None if verdict is None else verdict.likelihood
        before = self._before.get(event.user_id or "", ())
        given = {"likelihood_known": float(likelihood is not None), "without_device": float(event.device_id is None)}
        if likelihood is not None:
            given["likelihood"] = likelihood
        for name, field in _NEW.items():
            read = attrgetter(field)
            value = read(event)
            given[name] = float(bool(before) and value is not None and all(read(each) != value for each in before))
        return given


def _succeeded(event: SecurityEvent) -> bool:
    return event.event_name == "sign_in" and event.auth_outcome == "success"


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
