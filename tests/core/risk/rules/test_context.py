"""``context``: events that a correlation's condition may ask about, without counting them."""

import pytest

from core.risk.facets.log import add, peek
from core.risk.facets.state import FacetState
from core.risk.observe import observe
from core.risk.security_event import SecurityEvent
from tests.core.risk.rules.rule_texts import DECISIONS, correlation, loaded, problems, rule

FAILED = rule("failed", "event_name == 'sign_in' && auth_outcome == 'failure'")
SUCCEEDED = rule("succeeded", "event_name == 'sign_in' && auth_outcome == 'success'")
MANY = (
    correlation("many", "failed", "level: informational\n")
    .replace("rules:", "context: [succeeded]\n  rules:")
    .replace("{gte: 2}", "count() >= 2 && count('succeeded') * 10 < count() && distinct('user_id') >= 2")
)
RULES = loaded(FAILED, SUCCEEDED, MANY)


def state_after(*outcomes: str) -> FacetState:
    state = FacetState()
    for number, outcome in enumerate(outcomes):
        event = SecurityEvent(
            event_id=f"e{number}", event_name="sign_in", collector_tstamp=number + 1, auth_outcome=outcome,
            user_ipaddress="203.0.113.7", user_id=f"u{number}",
        )  # fmt: skip
        observed = observe(event, RULES)
        assert observed is not None
        (key,) = (key for key in RULES.facets_of(observed) if key.startswith("address:"))
        part = peek(state, key, observed, RULES)
        assert add(state, key, observed, RULES)[0].part == part
    return state


def hits(*outcomes: str) -> list[tuple[str, ...]]:
    return [tuple(each.hits) for each in state_after(*outcomes).log]


def test_events_of_the_context_are_asked_for_and_neither_end_a_window_nor_have_a_hit() -> None:
    assert hits("failure", "failure") == [("many",), ("many",)]
    assert hits("failure", "success") == [(), ()]
    # The window that ends with the third event has a success, and the condition sees it.
    assert hits("failure", "success", "failure") == [(), (), ()]
    assert hits("failure", "failure", "success") == [("many",), ("many",), ()]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("context: [succeeded]", "context: [failed]", "b.yml:8: failed is in rules already"),
        ("context: [succeeded]", "context: []", "b.yml:8: context is empty"),
        ("context: [succeeded]", "context: [nobody]", "b.yml:1: many: there is no rule 'nobody'"),
        ("count('succeeded') * 10", "0", "the condition does not ask about succeeded, so it need not be in context"),
        ("count('succeeded')", "count('other')", "possible are failed, succeeded"),
        ("type: event_count", "type: temporal", "temporal has no condition"),
    ],
)
def test_a_context_that_does_not_fit_is_refused(old: str, new: str, expected: str) -> None:
    texts = {"a.yml": f"{FAILED}---\n{SUCCEEDED}", "b.yml": MANY.replace(old, new), "decisions.yml": DECISIONS}
    assert expected in "\n".join(problems(texts))


def test_a_temporal_correlation_has_no_context() -> None:
    lines = [line for line in MANY.replace("event_count", "temporal").splitlines() if "  condition:" not in line]
    texts = {"a.yml": f"{FAILED}---\n{SUCCEEDED}", "b.yml": "\n".join(lines), "decisions.yml": DECISIONS}
    assert "context is for the condition" in "\n".join(
        problems({**texts, "b.yml": texts["b.yml"].replace("[failed]", "[failed, x]")})
    )


def test_a_live_rule_has_no_context_in_shadow_and_no_context_of_another_log() -> None:
    shadow = SUCCEEDED.replace("status: live", "status: shadow")
    found = problems({"a.yml": f"{FAILED}---\n{shadow}---\n{MANY}", "decisions.yml": DECISIONS})
    assert "many: it is live and rests on succeeded, which is in shadow" in found[0]
    other = correlation("succeeded", "failed", group="device_id")
    found = problems({"a.yml": f"{FAILED}---\n{other}---\n{MANY}", "decisions.yml": DECISIONS})
    assert "cannot count succeeded, found by the device" in found[0]
