"""The verdict on an event that met a bug, and the real one after it."""

from core.risk.observation import Hit, Part
from core.risk.subject.internal import INTERNAL, note_internal
from core.risk.subject.judge import open_event, take_part
from core.risk.subject.limits import Limits
from core.risk.subject.state import SubjectState, pack, unpack
from tests.core.risk.subject.made import RULES, T0
from tests.core.risk.subject.test_habits import success

EVENT = success(0, T0)
PART = Part(EVENT.identity, "address:1", (Hit("stuffing_address", T0, 30.0),))


def test_the_real_verdict_supersedes_it() -> None:
    state = SubjectState()
    open_event(state, EVENT, ["address:1"], RULES)
    internal = note_internal(state, EVENT, RULES.version)
    assert internal is not None
    assert (internal.decision, internal.level, internal.verdict_version) == ("allow", "unknown", 1)
    assert [reason.code for reason in internal.reasons] == [INTERNAL]
    assert not state.pending
    state = unpack(pack(state))
    assert not open_event(state, EVENT, ["address:1"], RULES), "it has a verdict"
    (real,) = take_part(state, PART, RULES)
    assert (real.verdict_version, real.supersedes) == (2, internal.verdict_id)
    assert [reason.code for reason in real.reasons] == ["stuffing_address"]


def test_an_event_with_a_verdict_keeps_it() -> None:
    state = SubjectState()
    open_event(state, EVENT, (), RULES)
    before = pack(state)
    assert note_internal(state, EVENT, RULES.version) is None
    assert pack(state) == before


def test_the_log_of_an_account_that_always_fails_is_bounded() -> None:
    state, limits = SubjectState(), Limits(kept_events=7)
    for number in range(50):
        assert note_internal(state, success(number, T0 + number), RULES.version, limits)
    assert len(state.log) == 7
    assert state.dropped_at == T0 + 42
