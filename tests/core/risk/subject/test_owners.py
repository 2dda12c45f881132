"""Owners whose sign-in looks like a take-over, and take-overs that hide, by the shipped rules."""

import pytest

from contracts.security.labels import Finding
from core.risk.subject.judge import open_event
from core.risk.subject.labelling import take_label
from core.risk.subject.limits import LIMITS
from core.risk.subject.state import pack, unpack
from tests.core.risk.subject.made import DAY, HOUR, MINUTE, label
from tests.core.risk.subject.owner import (
    BERLIN,
    LAGOS,
    MONTH,
    SHIPPED_RULES,
    SIGN_IN,
    decisions,
    judge,
    known_owner,
    observed,
)

ABROAD = observed("abroad", MONTH, SIGN_IN, LAGOS)
CHANGE = observed("change", MONTH + HOUR, {"event_name": "password_change"}, LAGOS)
CHECKOUT = observed("checkout", MONTH + 2 * HOUR, {"event_name": "checkout", "order_id": "o1"}, LAGOS)


def test_a_take_over_is_stopped() -> None:
    assert "allow" not in decisions(known_owner(), [ABROAD, CHANGE, CHECKOUT])


@pytest.mark.parametrize("finding", ["challenge_passed", "false_positive"])
@pytest.mark.parametrize("first", [True, False])
def test_nothing_is_built_on_a_sign_in_that_was_innocent(finding: Finding, first: bool) -> None:
    """Whether the label comes before the account's next events or after them."""
    state = known_owner()
    passed = label("l1", finding, "abroad", MONTH + MINUTE)
    assert decisions(state, [ABROAD]) == ["challenge"]
    if first:
        take_label(state, passed, SHIPPED_RULES)
        assert decisions(state, [CHANGE, CHECKOUT]) == ["allow", "allow"]
    else:
        judge(state, CHANGE, CHECKOUT)
        told = take_label(state, passed, SHIPPED_RULES).verdicts
        live = {each.event_id: each for each in told if each.mode == "live"}
        assert {event_id: each.decision for event_id, each in live.items()} == dict.fromkeys(
            ["abroad", "change", "checkout"], "allow"
        )
        assert live["abroad"].reasons, "its own verdict says still what was found of it"


def test_a_change_that_comes_late_is_judged_as_in_order() -> None:
    """The newest event is a day after the risky sign-in, so that only the allowed lateness keeps that."""
    change = observed("change", MONTH + DAY - MINUTE, {"event_name": "password_change"}, LAGOS)
    last = observed("last", MONTH + DAY + 14 * MINUTE, {"event_name": "listing_create"}, BERLIN)
    in_order, late = known_owner(), known_owner()
    (wanted, _) = judge(in_order, ABROAD, change, last)[1:]
    judge(late, ABROAD, last)
    (told,) = judge(late, change)
    assert wanted.decision != "allow"
    assert told == wanted


def test_listings_do_not_flush_a_risky_sign_in() -> None:
    state = known_owner()
    judge(state, ABROAD)
    for number in range(205):
        listing = observed(f"listing-{number:03}", MONTH + MINUTE + number * 1000, {"event_name": "listing_create"})
        open_event(state, listing, (), SHIPPED_RULES)
        state = unpack(pack(state))
    (verdict,) = judge(state, CHECKOUT)
    assert verdict.decision != "allow"
    assert "checkout_after_risk" in [reason.code for reason in verdict.reasons]
    assert sum(entry.observed.flow == "listing_create" for entry in state.log) == LIMITS.flow_events


def test_failures_do_not_flush_a_risky_sign_in() -> None:
    """They are of the same flow, and rules count them as well."""
    state = known_owner()
    judge(state, ABROAD)
    for number in range(400):
        failure = {"event_name": "sign_in", "auth_outcome": "failure"}
        open_event(state, observed(f"f-{number:03}", MONTH + MINUTE + number * 1000, failure), (), SHIPPED_RULES)
    assert len(state.log) <= LIMITS.flow_events
    change, checkout = judge(state, CHANGE, CHECKOUT)
    assert "change_after_risk" in [reason.code for reason in change.reasons]
    assert "checkout_after_risk" in [reason.code for reason in checkout.reasons]
