"""The owner of an account, judged by the shipped rules. No facet is asked."""

from collections.abc import Mapping, Sequence

from contracts.security.verdicts import Verdict
from core.risk.observation import Observation
from core.risk.observe import observe
from core.risk.rules.load import load_rules
from core.risk.rules.rule_set import RuleSet
from core.risk.security_event import SecurityEvent
from core.risk.subject.judge import open_event
from core.risk.subject.state import SubjectState
from tests.core.risk.rules.rule_texts import SHIPPED
from tests.core.risk.subject.made import DAY, T0

Facts = Mapping[str, object]
BERLIN: Facts = {
    "user_ipaddress": "192.0.2.1",
    "as_number": 3320,
    "geo_country": "DE",
    "geo_city": "Berlin",
    "geo_latitude": 52.5,
    "geo_longitude": 13.4,
    "device_id": "laptop",
    "useragent": "Firefox",
}
LAGOS: Facts = {
    "user_ipaddress": "198.51.100.9",
    "as_number": 37148,
    "geo_country": "NG",
    "geo_city": "Lagos",
    "geo_latitude": 6.5,
    "geo_longitude": 3.4,
    "device_id": "telephone",
    "useragent": "Chrome",
}
SIGN_IN: Facts = {"event_name": "sign_in", "auth_outcome": "success"}
MONTH = T0 + 30 * DAY
"""The owner's habits are known then."""


def _shipped() -> RuleSet:
    found = load_rules(SHIPPED)
    assert isinstance(found, RuleSet), found
    return found


SHIPPED_RULES = _shipped()


def observed(event_id: str, at: int, *facts: Facts) -> Observation:
    known: dict[str, object] = {"user_id": "u1", "user_registered_tstamp": T0 - 300 * DAY}
    for each in facts:
        known |= each
    found = observe(SecurityEvent(event_id=event_id, collector_tstamp=at, **known), SHIPPED_RULES)  # type: ignore[arg-type]
    assert found is not None
    return found


def known_owner() -> SubjectState:
    """Fifteen sign-ins in Berlin within a month."""
    state = SubjectState()
    for number in range(15):
        open_event(state, observed(f"usual-{number:02}", T0 + number * 2 * DAY, SIGN_IN, BERLIN), (), SHIPPED_RULES)
    return state


def judge(state: SubjectState, *observations: Observation) -> list[Verdict]:
    """The live verdict on each, at once."""
    return [_live(open_event(state, each, (), SHIPPED_RULES), each) for each in observations]


def decisions(state: SubjectState, observations: Sequence[Observation]) -> list[str]:
    return [verdict.decision for verdict in judge(state, *observations)]


def _live(told: Sequence[Verdict], observed: Observation) -> Verdict:
    (verdict,) = [each for each in told if each.mode == "live" and each.event_id == observed.event_id]
    return verdict
