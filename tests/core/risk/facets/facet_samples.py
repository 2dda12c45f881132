"""Rules and events of facets in which everything happens often: short timespans, few accounts, equal times."""

from typing import Any

from hypothesis import strategies as st

from core.risk.observation import Observation
from core.risk.rules.facet_keys import Facet
from core.risk.rules.rule_set import RuleSet, WindowRule
from tests.core.risk.windows.rules_of import key_of, observation, window_rule

ADDRESS_RULES = (
    window_rule(
        "many_failures",
        ["sign_in_failed"],
        ["user_ipaddress"],
        10,
        holds=lambda window: window.count() >= 3 and window.most("user_id") <= 2,  # A late event can end it again.
    ),
    window_rule(
        "many_users",
        ["sign_in_failed", "sign_in_succeeded"],
        ["user_ipaddress", "as_number"],
        15,
        kind="value_count",
        holds=lambda window: window.distinct("user_id") >= 3 or window.share("user_id", 2, 3) > 0.6,
        measure=lambda window: float(window.distinct("user_id")),
    ),
    window_rule("both", ["many_failures", "sign_in_succeeded"], ["user_ipaddress", "user_id"], 20, kind="temporal"),
    window_rule(
        "success_after",
        ["sign_in_failed", "many_failures", "sign_in_succeeded"],
        ["user_ipaddress", "user_id"],
        20,
        kind="temporal_ordered",
    ),
    window_rule(
        "rules_of_rules",
        ["many_users", "both"],
        ["user_ipaddress"],
        12,
        holds=lambda window: window.count("both") >= 1 and window.count() >= 2,
        measure=lambda window: window.count("many_users") + window.present("device_id"),
    ),
    window_rule(
        "success_among_failures",
        ["sign_in_succeeded"],
        ["user_ipaddress"],
        15,
        context=["sign_in_failed", "both"],
        holds=lambda window: window.distinct("user_id", "sign_in_failed") >= 2 or window.count("both") >= 1,
        measure=lambda window: window.count() + 10.0 * window.most("user_id", "sign_in_failed") + window.lasting() / 99,
    ),
)
TEXT_RULES = (
    window_rule(
        "same_text", ["listed"], ["listing_text_hash"], 20, holds=lambda window: window.distinct("user_id") >= 2
    ),
    window_rule(
        "same_text_same_network",
        ["listed"],
        ["listing_text_hash", "as_number"],
        20,
        holds=lambda window: window.count() >= 2 and window.lasting() >= 2,
        measure=lambda window: float(window.lasting()),
    ),
    window_rule("row", ["listed", "same_text"], ["listing_text_hash"], 20, kind="temporal_ordered"),
)


class RulesByHand(RuleSet):
    def __init__(self, facet_rules: dict[Facet, tuple[WindowRule, ...]]) -> None:
        self.facet_rules = facet_rules


RULES = RulesByHand({"address": ADDRESS_RULES, "text": TEXT_RULES, "network": ADDRESS_RULES[:2]})
_KINDS = st.sampled_from(
    [
        ["sign_in_failed"],
        ["sign_in_failed"],
        ["sign_in_succeeded"],
        ["sign_in_failed", "sign_in_succeeded"],
        ["listed"],
        ["other"],
    ]
)
_HASHES = st.sampled_from([2**63, 2**63 + 0x3F, 2**63 + 0x7F, 2**63 + 0xFFF, 0xFF00, None])
"""The first differs from the next ones by 6, 7 and 12 bits: some are similar to one another only by way of a third."""


@st.composite
def one_event(draw: st.DrawFn, until: int) -> dict[str, Any]:
    return {
        "at": draw(st.integers(1, until)),
        "matched": draw(_KINDS),
        "excluded": draw(st.sampled_from([(), (), (), ("many_failures",), ("same_text",)])),
        "values": {
            "user_ipaddress": 7,
            "user_id": draw(st.integers(1, 3)),
            "as_number": draw(st.sampled_from([1, 1, 2, None])),
            "device_id": draw(st.sampled_from([None, 1])),
            "listing_text_hash": draw(_HASHES),
        },
    }


@st.composite
def events(draw: st.DrawFn, until: int, max_size: int = 16) -> list[Observation]:
    """Different ones, in no order. Events of different accounts may have one id: the sender chooses it."""
    drawn = draw(st.lists(one_event(until), min_size=draw(st.integers(1, max_size)), max_size=max_size))
    made = [observation(f"e{draw(st.integers(number, 30)):02}", **each) for number, each in enumerate(drawn)]
    return draw(st.permutations(list({key_of(each): each for each in made}.values())))
