"""The last verdicts are those of the sorted set, in whatever order events, parts and labels come."""

from collections.abc import Sequence
from itertools import groupby

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.security.labels import Finding, Label
from contracts.security.verdicts import Verdict
from core.risk.observation import Hit, Observation, Part
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.labelling import take_label
from core.risk.subject.state import SubjectState, pack, unpack
from core.risk.subject.verdicts import with_id
from tests.core.risk.subject.made import MINUTE, RULES, T0, label, observation
from tests.core.risk.subject.reference import content, verdicts

BERLIN, HAMBURG, LISBON = (52.5, 13.4), (53.55, 10.0), (38.7, -9.1)
KINDS: dict[str, tuple[str, ...]] = {
    "success": ("sign_in_succeeded",),
    "odd success": ("sign_in_succeeded", "odd_agent"),
    "vpn success": ("sign_in_succeeded", "unremembered_network"),
    "proven odd success": ("sign_in_succeeded", "odd_agent", "proven_sign_in"),
    "failure": ("sign_in_failed",),
    "change": (),
}
FACETS = ("address:1", "site:")
FINDINGS: tuple[Finding, ...] = ("confirmed_fraud", "false_positive", "challenge_passed", "challenge_failed")
Message = tuple[Observation, tuple[str, ...]] | Part | Label
times = st.integers(0, 16).map(lambda number: T0 + number * 5 * MINUTE)
some_of_three = st.sampled_from(["a", "b", "c", None])


@st.composite
def events(draw: st.DrawFn, number: int) -> tuple[list[Message], Observation, list[Part]]:
    """An event's messages, and its last parts."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    observed = observation(
        f"event-{number:03}",
        draw(times),
        *KINDS[kind],
        flow="account_change" if kind == "change" else "sign_in",
        place=draw(st.sampled_from([BERLIN, HAMBURG, LISBON, None])),
        device_id=draw(some_of_three),
        domain_sessionid=draw(some_of_three),
        user_ipaddress=draw(st.sampled_from(["x", "y"])),
    )
    expected = tuple(draw(st.lists(st.sampled_from(FACETS), unique=True)))
    opened = (observed, expected)
    messages: list[Message] = [opened] * draw(st.integers(1, 2))
    last = []
    for facet in expected:
        told: list[Part] = []
        for _ in range(draw(st.integers(1, 2))):
            since = observed.at + draw(st.sampled_from([0, 0, MINUTE, 20 * MINUTE]))
            hits = (Hit("stuffing_address", since, 3.0),) if draw(st.booleans()) and facet != "site:" else ()
            told += [Part(observed.identity, facet, hits)] * draw(st.integers(1, 2))
        messages += told
        last.append(told[-1])
    return messages, observed, last


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Message], list[Observation], list[Part], list[Label]]:
    made = [draw(events(number)) for number in range(draw(st.integers(1, 9)))]
    labels = [
        label(f"l{number}", draw(st.sampled_from(FINDINGS)), f"event-{draw(st.integers(0, 8)):03}", draw(times))
        for number in range(draw(st.integers(0, 3)))
    ]
    if draw(st.booleans()):
        labels.append(label("whole", "confirmed_fraud", None, draw(times)))
    messages = [message for of_event, _, _ in made for message in of_event]
    messages += [each for each in labels for _ in range(draw(st.integers(1, 2)))]
    shuffled = draw(st.permutations(messages))
    return (
        _parts_in_order(messages, shuffled),
        [each[1] for each in made],
        [p for each in made for p in each[2]],
        labels,
    )


def _parts_in_order(messages: Sequence[Message], shuffled: Sequence[Message]) -> list[Message]:
    """The parts of one facet on one event come in the facet's order."""
    queues: dict[tuple[str, str], list[Part]] = {}
    for message in messages:
        if isinstance(message, Part):
            queues.setdefault((message.event, message.facet), []).append(message)
    return [
        queues[message.event, message.facet].pop(0) if isinstance(message, Part) else message for message in shuffled
    ]


def run(messages: Sequence[Message], *, packed: bool = False) -> tuple[SubjectState, list[Verdict]]:
    state, told = SubjectState(), []
    for message in messages:
        if isinstance(message, Part):
            told += take_part(state, message, RULES)
        elif isinstance(message, Label):
            told += take_label(state, message, RULES).verdicts
        else:
            told += open_event(state, *message, RULES)
        if packed:
            state = unpack(pack(state))
    return state, told


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(histories(), st.booleans())
def test_the_last_verdicts_are_those_of_the_sorted_set(
    history: tuple[list[Message], list[Observation], list[Part], list[Label]], packed: bool
) -> None:
    messages, observations, parts, labels = history
    known = {each.event_id for each in observations}
    state, told = run(messages, packed=packed)
    last: dict[tuple[str, str], Verdict] = {(each.event_id, each.mode): each for each in told}
    wanted = verdicts(observations, parts, labels, RULES)
    assert {key: content(last[key]) for key in wanted} == wanted
    for event_id, mode in last.keys() - wanted.keys():
        assert mode == "shadow"
        assert content(last[event_id, mode]) == content(last[event_id, "live"]), "taken back"
    assert not state.pending
    assert {entry.observed.event_id for entry in state.log} == known


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(histories())
def test_packing_the_state_between_two_messages_changes_no_verdict(
    history: tuple[list[Message], list[Observation], list[Part], list[Label]],
) -> None:
    """To the byte: the ids are of what is encoded."""
    (state, told), (packed_state, packed_told) = run(history[0]), run(history[0], packed=True)
    assert [msgspec.json.encode(each) for each in told] == [msgspec.json.encode(each) for each in packed_told]
    assert pack(state) == pack(packed_state)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(histories())
def test_versions_count_up_and_an_id_stands_for_the_content(
    history: tuple[list[Message], list[Observation], list[Part], list[Label]],
) -> None:
    _, told = run(history[0])
    contents: dict[str, Verdict] = {}
    for verdict in told:
        assert contents.setdefault(verdict.verdict_id, verdict) == verdict
        before = bytes.fromhex(verdict.supersedes.replace("-", "")) if verdict.supersedes else b""
        bare = msgspec.structs.replace(verdict, verdict_id="", supersedes=None)
        assert with_id(bare, verdict.verdict_version, before)[0] == verdict, "the id is of the content alone"
    assert len(contents) == len(told), "no verdict is told twice"
    told.sort(key=lambda each: (each.event_id, each.mode, each.verdict_version))
    for _, group in groupby(told, key=lambda each: (each.event_id, each.mode)):
        versions = list(group)
        assert [each.verdict_version for each in versions] == [*range(1, len(versions) + 1)]
        assert [each.supersedes for each in versions] == [None, *(each.verdict_id for each in versions[:-1])]
