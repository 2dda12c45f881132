"""What a facet tells in the end is what the definition says of the set of events, whatever the order of arrival."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from core.risk.facets.limits import FacetLimits
from core.risk.facets.log import add, peek
from core.risk.facets.state import FacetState, pack, unpack
from core.risk.observation import PLACE, Hit, Observation, Part
from core.risk.rules.rule_set import WindowRule
from tests.core.risk.facets.facet_samples import ADDRESS_RULES, RULES, TEXT_RULES, events
from tests.core.risk.windows.rules_of import hits_by_definition, key_of, observation

NOTHING_LEAVES = FacetLimits(lateness_ms=1_000)
LATENESS = 10


def final_parts(key: str, arrivals: Sequence[Observation], limits: FacetLimits) -> tuple[FacetState, dict[str, Part]]:
    """The last part that was told of each event. The state is packed and read between any two events."""
    state = FacetState()
    parts: dict[str, Part] = {}
    for each in arrivals:
        peeked = peek(state, key, each, RULES, limits)
        told = add(state, key, each, RULES, limits)
        assert told[0].part == peeked
        assert (told[0].subject_key, told[0].part.event) == (each.subject_key, each.identity)
        for one in told:
            event = f"{one.subject_key} {one.part.event}"
            previous = parts.get(event)
            if previous and one.part.is_late:
                continue
            assert previous is None or previous != one.part or one is told[0]
            parts[event] = one.part
        state = unpack(pack(state))
    return state, parts


def of_definition(all_events: Sequence[Observation], rules: Sequence[WindowRule]) -> dict[str, tuple[Hit, ...]]:
    return {
        event: tuple(sorted(hits.values(), key=lambda each: each.rule))
        for event, hits in hits_by_definition(all_events, rules).items()
    }


@pytest.mark.parametrize(("key", "rules"), [("address:7", ADDRESS_RULES), ("text0:7", TEXT_RULES)])
@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_order_with_repetitions(key: str, rules: Sequence[WindowRule], data: st.DataObject) -> None:
    arrivals = data.draw(events(until=data.draw(st.sampled_from([5, 20, 40]))))
    repeated = data.draw(st.lists(st.sampled_from(arrivals), max_size=4))
    state, parts = final_parts(key, [*arrivals, *repeated], NOTHING_LEAVES)
    wanted = of_definition(arrivals, rules)
    assert {event: part.hits for event, part in parts.items()} == wanted
    assert all(
        tuple(hit for _, hit in sorted(each.hits.items())) == wanted[key_of(each.observed)] for each in state.log
    )
    for name in {hit.rule for hits in wanted.values() for hit in hits}:
        note(f"{name} holds")


@st.composite
def late_arrivals(draw: st.DrawFn, happened: Sequence[Observation]) -> list[Observation]:
    """Each event at most as late as allowed, and some of them again within the same time."""
    again = draw(st.lists(st.sampled_from(happened), max_size=4))
    delayed = [
        (each.at + draw(st.integers(0, LATENESS)), place, each) for place, each in enumerate([*happened, *again])
    ]
    return [each for *_, each in sorted(delayed)]


@given(data=st.data())
@settings(deadline=None, max_examples=300)
def test_events_may_be_as_late_as_allowed_while_old_ones_leave_the_log(data: st.DataObject) -> None:
    happened = data.draw(events(until=150, max_size=24))
    limits = FacetLimits(lateness_ms=LATENESS)
    state, parts = final_parts("address:7", data.draw(late_arrivals(happened)), limits)
    assert {event: part.hits for event, part in parts.items()} == of_definition(happened, ADDRESS_RULES)
    assert not any(part.is_late for part in parts.values())
    note(f"events left the log: {state.dropped_at > 0}")


@pytest.mark.parametrize("key", ["site:", "client:7"])
@given(data=st.data())
@settings(deadline=None, max_examples=200)
def test_sign_ins_seen_before_do_not_depend_on_the_order(key: str, data: st.DataObject) -> None:
    one = st.tuples(st.integers(1, 80), st.booleans(), st.sampled_from([None, 43, 49]))
    happened = [
        observation(f"e{place:02}", at, ["sign_in_succeeded"] * is_success, values={"geo_country": country})
        for place, (at, is_success, country) in enumerate(data.draw(st.lists(one, min_size=1, max_size=20)))
    ]
    _, parts = final_parts(key, data.draw(late_arrivals(happened)), FacetLimits(lateness_ms=LATENESS))
    country = PLACE["geo_country"]
    for each in happened:
        told_of = [
            other for other in happened if other.matched and other.at // LATENESS <= each.at // LATENESS - 2
        ]  # Spans of the lateness that ended that long before.
        in_country = [other for other in told_of if other.values[country] == each.values[country]]
        wanted = (len(told_of), len(in_country) if key == "site:" else 0, False)
        part = parts[key_of(each)]
        assert (part.seen, part.seen_in_country, part.is_late) == wanted


@given(events(until=60))
@settings(deadline=None, max_examples=200)
def test_a_bounded_log_tells_of_each_event_once_whatever_comes(arrivals: list[Observation]) -> None:
    limits = FacetLimits(events=4, lateness_ms=LATENESS)
    state, parts = final_parts("address:7", arrivals, limits)
    assert parts.keys() == {key_of(each) for each in arrivals}
    assert len(state.log) <= 16
    assert all(number <= 4 for number in Counter(each.kind for each in state.log).values())
    assert [each.key for each in state.log] == sorted(each.key for each in state.log)
