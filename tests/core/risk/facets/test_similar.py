"""Rings of accounts with nearly one text: whose listings are found, over the four facets of a hash."""

from itertools import combinations
from random import Random

import pytest

from core.risk.facets.log import add
from core.risk.facets.state import FacetState
from core.risk.observation import SIMILAR_BITS, Observation
from core.risk.rules.facet_keys import facet_keys
from producers.synthetic.descriptions import description
from producers.synthetic.text_hash import text_hash
from tests.core.risk.facets.facet_samples import RulesByHand
from tests.core.risk.windows.rules_of import observation, window_rule

DAY = 86_400_000
RULES = RulesByHand(
    {"text": (window_rule("ring", ["listed"], ["listing_text_hash"], DAY, holds=lambda w: w.distinct("user_id") >= 4),)}
)


def listing(number: int, text: int) -> Observation:
    values = {"user_id": number, "listing_text_hash": text}
    return observation(f"e{number:04}", number, ["listed"], values=values)  # type: ignore[arg-type]


def found(texts: list[int]) -> int:
    """Listings with a hit, each of its own account."""
    states: dict[str, FacetState] = {}
    for number, text in enumerate(texts):
        event = listing(number, text)
        for key in facet_keys("text", event):
            add(states.setdefault(key, FacetState()), key, event, RULES)
    return len({each.observed.event_id for state in states.values() for each in state.log if each.hits})


def changed(text: int, bits: int, chosen: Random) -> int:
    for bit in chosen.sample(range(64), bits):
        text ^= 1 << bit
    return text


@pytest.mark.parametrize(("bits", "least"), [(1, 1.0), (2, 1.0), (3, 0.9)])
def test_a_ring_is_found_although_its_members_differ_from_each_other_by_twice_as_much(bits: int, least: float) -> None:
    chosen, share = Random(5), []
    for _ in range(20):
        text = chosen.getrandbits(64)
        ring = [changed(text, bits, chosen) for _ in range(12)]
        share.append(found(ring) / 12)
    assert sum(share) / len(share) >= least


def test_three_accounts_are_no_ring() -> None:
    assert found([7] * 3) == 0
    assert found([7] * 4) == 4


@pytest.mark.slow
@pytest.mark.parametrize(("is_half_ready", "most"), [(False, 0), (True, 10)])
def test_two_thousand_different_texts_are_no_ring(is_half_ready: bool, most: int) -> None:
    """Two million pairs: of texts that have nothing in common, and of texts half of which is one of 60 ready lines."""
    chosen = Random(11)
    ready = [description(chosen) for _ in range(60)]
    texts = [description(chosen) + " " + chosen.choice(ready) * is_half_ready for _ in range(2_000)]
    assert len(set(texts)) == 2_000
    hashes = [int(text_hash(text), 16) for text in texts]
    assert sum((one ^ other).bit_count() <= SIMILAR_BITS for one, other in combinations(hashes, 2)) <= most
    assert found(hashes) == 0
