"""The packed state: its format, and that it is bounded."""

import pytest
from msgspec.structs import replace

from core.packing import UnknownFormatError
from core.risk.observation import Hit, Part
from core.risk.subject.judge import open_event, peek, take_part
from core.risk.subject.labelling import RuleOutcome, take_label
from core.risk.subject.limits import LIMITS, Limits
from core.risk.subject.state import SubjectState, pack, unpack
from tests.core.risk.subject.made import DAY, HOUR, MINUTE, RULES, T0, label, observation

GOLDEN_1 = (
    "000197cf0000018bda32200091989ba96576656e742d303031cf0000018bda322000a77369676e5f696ea475736572a2753191b1736967"
    "6e5f696e5f737563636565646564909bcf92994d683f4e6ad5c0c0c0c0c0cf8a142bb16719e161c0c0c0c0cb404a400000000000cb402a"
    "cccccccccccdcf0000018bcabf0c008080c3c3c09301c410936c0df4351fd61a18c9e04ac682d760c400c09800cf0000018bcfe5680090"
    "9300000000c0809100cf0000018bcfe5680081a96576656e742d303032949ba96576656e742d303032cf0000018bda322000a77369676e"
    "5f696ea475736572a2753191b17369676e5f696e5f737563636565646564909bcf92994d683f4e6ad5c0c0c0c0c0cf8a142bb16719e161"
    "c0c0c0c0cb404a400000000000cb402acccccccccccdcf0000018bcabf0c0091a5736974653a80cf0000018bda32200091989ba9657665"
    "6e742d303030cf0000018bcfe56800a77369676e5f696ea475736572a2753191b17369676e5f696e5f737563636565646564909bcf9299"
    "4d683f4e6ad5c0c0c0c0c0cf8a142bb16719e161c0c0c0c0cb404a400000000000cb402acccccccccccdcf0000018bcabf0c0081a96164"
    "64726573733a31939193b07374756666696e675f61646472657373cf0000018bcfe56801cb4039000000000000070081b0737475666669"
    "6e675f6164647265737393b07374756666696e675f61646472657373cf0000018bcfe56801cb4039000000000000c3c3c09302c41006b3"
    "6ffdf2bb515c545c9d43a5c26a44c410d3e7e8171bf639c48524c477e314d8e6c081a96576656e742d30303094a26c31af636f6e666972"
    "6d65645f6672617564cf0000018bd01c5680cf0000018bcfe56800"
)
"""Of format 1."""
GOLDEN = (
    "000298cf0000018bda32200091999ca96576656e742d303031cf0000018bda322000a77369676e5f696ea475736572a2753191b17369676e"
    "5f696e5f737563636565646564909bcf92994d683f4e6ad5c0c0c0c0c0cf8a142bb16719e161c0c0c0c0cb404a400000000000cb402acccc"
    "cccccccdcf0000018bcabf0c00a08080c3c3c09301c410936c0df4351fd61a18c9e04ac682d760c4009302c4102f6ebd225eb45f9ef495a4"
    "66918ee5cdc4103d4da41fa59da944bad2d085e67ae693c29a0000909300000000c08091009192cb404a400000000000cb402acccccccccc"
    "cdcf0000018bcfe56800cf0000018bcfe5680081b17369676e5f696e3a6576656e742d303032959ca96576656e742d303032cf0000018bda"
    "322000a77369676e5f696ea475736572a2753191b17369676e5f696e5f737563636565646564909bcf92994d683f4e6ad5c0c0c0c0c0cf8a"
    "142bb16719e161c0c0c0c0cb404a400000000000cb402acccccccccccdcf0000018bcabf0c00a091a5736974653a80cf0000018bda322000"
    "c291999ca96576656e742d303030cf0000018bcfe56800a77369676e5f696ea475736572a2753191b17369676e5f696e5f73756363656564"
    "6564909bcf92994d683f4e6ad5c0c0c0c0c0cf8a142bb16719e161c0c0c0c0cb404a400000000000cb402acccccccccccdcf0000018bcabf"
    "0c00a081a9616464726573733a31939193b07374756666696e675f61646472657373cf0000018bcfe56801cb4039000000000000070081b0"
    "7374756666696e675f6164647265737393b07374756666696e675f61646472657373cf0000018bcfe56801cb4039000000000000c3c3c093"
    "02c41006b36ffdf2bb515c545c9d43a5c26a44c410d3e7e8171bf639c48524c477e314d8e6c0c281a96576656e742d30303094a26c31af63"
    "6f6e6669726d65645f6672617564cf0000018bd01c5680cf0000018bcfe5680000"
)
"""Of a state with something in every part. Other bytes need a new format and a migration."""


def small() -> SubjectState:
    state = SubjectState()
    event = observation("event-000", T0, "sign_in_succeeded", place=(52.5, 13.4), device_id="d0")
    open_event(state, event, ["address:1"], RULES)
    take_part(state, Part("sign_in:event-000", "address:1", (Hit("stuffing_address", T0 + 1, 25.0),), 7), RULES)
    open_event(state, replace(event, event_id="event-001", at=T0 + 2 * DAY), (), RULES)
    open_event(state, replace(event, event_id="event-002", at=T0 + 2 * DAY), ["site:"], RULES)
    take_label(state, label("l1", "confirmed_fraud", "event-000", T0 + HOUR), RULES)
    return state


def test_the_packed_format_is_what_it_was() -> None:
    assert pack(small()).hex() == GOLDEN
    assert unpack(bytes.fromhex(GOLDEN)) == small()


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(UnknownFormatError):
        unpack((3).to_bytes(2) + pack(SubjectState())[2:])


def test_a_state_of_the_first_format_is_read() -> None:
    """It knew events by their id alone."""
    state = unpack(bytes.fromhex(GOLDEN_1))
    assert [entry.observed.event_id for entry in (*state.log, *state.settled)] == ["event-001", "event-000"]
    assert state.pending.keys() == {"sign_in:event-002"}
    (told,) = take_part(state, Part("sign_in:event-002", "site:"), RULES)
    assert (told.event_id, told.decision) == ("event-002", "allow")
    assert (state.profile.sign_ins, state.profile.first_seen, state.erased_at) == (0, 0, 0)


@pytest.mark.slow
@pytest.mark.parametrize("apart", [1, HOUR])
def test_ten_thousand_events_of_an_account_are_bounded(apart: int) -> None:
    state = SubjectState()
    limits = Limits(flow_events=20, kept_events=40)
    for number in range(10_000):
        matched = "sign_in_succeeded" if number % 3 else "sign_in_failed"
        event = observation(
            f"event-{number:06}",
            T0 + number * apart,
            matched,
            device_id=f"d{number}",
            domain_sessionid=f"s{number // 7}",
            user_ipaddress=f"a{number}",
        )
        open_event(state, event, ["site:"] if number % 50 == 0 else [], RULES, limits)
        if number % 20 == 0:
            take_part(state, Part(f"sign_in:stray-{number}", "site:"), RULES, limits)
            take_label(state, label(f"l{number}", "challenge_failed", f"no-{number}", event.at), RULES, limits)
    assert len(state.log) <= 20
    assert len(state.pending) <= 40
    assert len(state.settled) <= 20
    assert len(state.labels) <= 100
    assert len(pack(state)) < 40_000


def test_a_hit_is_kept_when_its_window_is_not_whole_any_more() -> None:
    """The late event makes the windows after it be evaluated anew; the first of them has lost its first failures."""
    state, limits = SubjectState(), Limits(flow_events=2)
    for number in range(5):
        open_event(state, observation(f"event-{number}xx", T0 + number * MINUTE, "sign_in_failed"), (), RULES, limits)
    late = observation("event-late", T0 + 2 * MINUTE + 1, "sign_in_failed")
    told = open_event(state, late, (), RULES, limits)
    assert told[0].event_id == "event-late"
    since = {entry.observed.event_id: entry.hits["many_failures"].since - T0 for entry in state.log}
    assert (since["event-3xx"], since["event-4xx"]) == (3 * MINUTE, 4 * MINUTE), "what they were"


def test_an_event_whose_facets_do_not_answer_is_judged_in_the_end() -> None:
    state = SubjectState()
    assert not open_event(state, observation("event-000", T0), ["address:1"], RULES)
    kept = LIMITS.kept_ms(RULES)
    assert not open_event(state, observation("event-001", T0 + kept), ["address:1"], RULES)
    told = open_event(state, observation("event-002", T0 + kept + 1), (), RULES)
    assert {verdict.event_id for verdict in told} == {"event-000", "event-002"}


def test_parts_that_come_before_the_event_of_an_idle_account_are_kept() -> None:
    state = SubjectState()
    open_event(state, observation("event-000", T0), (), RULES)
    take_part(state, Part("sign_in:event-001", "address:1"), RULES)
    open_event(state, observation("event-002", T0 + 3 * DAY), (), RULES)
    assert open_event(state, observation("event-001", T0 + 3 * DAY), ["address:1"], RULES)


def test_parts_of_events_that_never_come_are_kept_up_to_a_limit() -> None:
    """In a fast replay the account's time moves on by days before an event has passed the exchange."""
    state = SubjectState()
    for number in range(2 * LIMITS.kept_events):
        take_part(state, Part(f"sign_in:stray-{number:03d}", "address:1"), RULES)
        open_event(state, observation(f"event-{number:03d}", T0 + number * DAY), (), RULES)
    assert len(state.pending) <= LIMITS.kept_events
    last = 2 * LIMITS.kept_events - 1
    assert open_event(state, observation(f"stray-{last:03d}", T0 + last * DAY), ["address:1"], RULES)


def test_a_late_part_does_not_take_back_what_was_found() -> None:
    """The facet has forgotten the event, and says of its repetition that it comes too late."""
    state = SubjectState()
    found = Part("sign_in:event-000", "address:1", (Hit("stuffing_address", T0, 30.0),))
    nothing = Part("sign_in:event-000", "address:1", is_late=True)
    take_part(state, found, RULES)
    take_part(state, nothing, RULES)
    (verdict,) = open_event(state, observation("event-000", T0), ["address:1"], RULES)
    assert [reason.code for reason in verdict.reasons] == ["stuffing_address"]
    assert not take_part(state, nothing, RULES)


def test_peek_gives_the_verdict_that_the_event_then_gets_and_changes_nothing() -> None:
    state = small()
    event = observation("event-009", T0 + 2 * DAY + 9, "sign_in_succeeded", device_id="d9")
    parts = [
        Part("sign_in:event-009", "address:2", (Hit("stuffing_address", T0 + 2 * DAY, 30.0),), 3),
        Part("sign_in:event-009", "site:"),
    ]
    before = pack(state)
    imagined = peek(state, event, parts, RULES)
    assert pack(state) == before
    assert [reason.code for reason in imagined.reasons] == ["stuffing_address", "new_device"]
    open_event(state, event, [part.facet for part in parts], RULES)
    told = [verdict for part in parts for verdict in take_part(state, part, RULES)]
    assert next(verdict for verdict in told if verdict.event_id == "event-009") == imagined


def test_a_label_says_once_which_rules_were_right() -> None:
    state = small()
    known = label("l1", "confirmed_fraud", "event-000", T0 + HOUR)
    assert take_label(state, known, RULES) == ([], (), False)
    later = label("l2", "false_positive", "event-000", T0 + 2 * HOUR)
    assert take_label(state, later, RULES).outcomes == (RuleOutcome("stuffing_address", was_right=False),)
    right = label("l3", "challenge_failed", "event-000", T0 + 3 * HOUR)
    assert take_label(state, right, RULES).outcomes == (RuleOutcome("stuffing_address", was_right=True),)
