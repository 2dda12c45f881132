from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.balancing.routes import every_event
from assurance.reconciliation.reading.records import ObservedRecord, RawRecord
from contracts.fixed_topics import enriched_name
from contracts.topics import ANALYTICS, FAILED, LATE
from tests.assurance.reconciliation.builders import enriched, failed, late, raw, suppressed

FRAUD = enriched_name("fraud")
A, B, C = raw("event-a"), raw("event-b"), raw("event-c")
UNREADABLE = raw(None)
Outcome = Callable[[RawRecord], ObservedRecord]


@dataclass
class Run:
    """A generated run with planted discrepancies, by the name that the balance should report."""

    raw: list[RawRecord] = field(default_factory=list)
    outputs: list[ObservedRecord] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)


def _name(record: RawRecord) -> str:
    return record.event_id or f"sha256:{record.sha256.hex()[:16]}"


_UNKNOWN = raw("unknown")
UNEXPECTED = {
    "unknown": [enriched(_UNKNOWN), late(_UNKNOWN)],
    _name(raw(None, 99)): [ObservedRecord(topic=FAILED.name, event_id=None, sha256=raw(None, 99).sha256)],
    "(no identity)": [ObservedRecord(topic=topic, event_id=None) for topic in (ANALYTICS.name, LATE.name, FAILED.name)],
}


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Ids that come in several times, in equal and in different payloads, each with any outcome.

    Each id gets at most one kind of discrepancy: a loss and a duplicate of the same id would cancel out.
    """
    run = Run()
    ids = draw(st.lists(st.integers(0, 50).map("event-{:03d}".format), max_size=12, unique=True))
    groups = [[raw(i, v) for v in draw(st.lists(st.integers(0, 2), min_size=1, max_size=4))] for i in ids]
    groups += [[raw(None, v)] * draw(st.integers(1, 3)) for v in draw(st.sets(st.integers(0, 9), max_size=3))]
    for group in groups:
        outcomes: list[Outcome] = [failed] if group[0].event_id is None else [enriched, late, failed]
        outputs = [draw(st.sampled_from(outcomes))(record) for record in group]
        run.raw += group
        match draw(st.sampled_from(["none", "none", "loss", "duplicate"])):
            case "loss":
                lost = draw(st.integers(1, len(outputs)))
                outputs = draw(st.permutations(outputs))[lost:]
                run.missing[_name(group[0])] += lost
            case "duplicate":
                more = draw(st.lists(st.sampled_from(outputs), min_size=1, max_size=3))
                outputs = outputs + more
                run.duplicates[_name(group[0])] += len(more)
        run.outputs += outputs
    for name in draw(st.lists(st.sampled_from(sorted(UNEXPECTED)), max_size=4)):
        run.outputs.append(draw(st.sampled_from(UNEXPECTED[name])))
        run.unexpected[name] += 1
    run.raw = draw(st.permutations(run.raw))
    run.outputs = draw(st.permutations(run.outputs))
    return run


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_planted_discrepancies_are_found_exactly(run: Run) -> None:
    found = balance(run.raw, run.outputs)
    assert (found.missing, found.duplicates, found.unexpected) == (
        run.missing.total(),
        run.duplicates.total(),
        run.unexpected.total(),
    )
    assert set(found.missing_ids) == set(run.missing)
    assert set(found.duplicate_ids) == set(run.duplicates)
    assert set(found.unexpected_ids) == set(run.unexpected)
    assert found.balanced == (not run.missing and not run.duplicates and not run.unexpected)
    assert found.raw + found.duplicates + found.unexpected - found.missing == (
        sum(found.enriched.values()) + found.late + found.failed
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs())
def test_a_record_is_expected_in_the_topic_of_each_purpose(run: Run) -> None:
    """A second topic with the same events changes no verdict. Without one of them, one is missing."""
    twice = run.outputs + [
        ObservedRecord(topic=FRAUD, event_id=output.event_id)
        for output in run.outputs
        if output.topic == ANALYTICS.name
    ]
    both = {ANALYTICS.name: every_event, FRAUD: every_event}
    one = balance(run.raw, run.outputs)
    whole = balance(run.raw, twice, routes=both)
    assert whole.enriched[FRAUD] == whole.enriched[ANALYTICS.name]
    assert whole.balanced == one.balanced
    assert set(whole.missing_ids) == set(one.missing_ids)
    assert set(whole.duplicate_ids) == set(one.duplicate_ids)
    if whole.balanced and twice[-1:] and twice[-1].topic == FRAUD:
        short = balance(run.raw, twice[:-1], routes=both)
        assert (short.missing, short.missing_ids) == (1, [twice[-1].event_id])


def test_every_outcome_once_is_balanced() -> None:
    found = balance([A, B, C, UNREADABLE], [enriched(A), late(B), failed(C), failed(UNREADABLE)])
    assert found.balanced
    assert (found.raw, found.enriched, found.late, found.failed) == (4, {ANALYTICS.name: 1}, 1, 2)
    assert found.failed_reasons == {"schema actor.user_id": 2}
    assert found.late_reasons == {"up to 1 min late": 1}


def test_nothing_in_and_nothing_out_is_balanced() -> None:
    found = balance([], [])
    assert found.balanced
    assert found.enriched == {ANALYTICS.name: 0}


@pytest.mark.parametrize("second", [enriched, late, failed])
@pytest.mark.parametrize("first", [enriched, late, failed])
def test_two_outcomes_of_one_record_are_a_duplicate(first: Outcome, second: Outcome) -> None:
    found = balance([A, B], [first(A), second(A), enriched(B)])
    assert (found.missing, found.duplicates, found.unexpected) == (0, 1, 0)
    assert found.duplicate_ids == ["event-a"]


def test_a_payload_sent_twice_needs_two_outcomes() -> None:
    assert balance([A, A], [enriched(A), late(A)]).balanced
    assert balance([A, A], [enriched(A)]).missing_ids == ["event-a"]


def test_the_other_payload_of_a_failed_id_still_needs_its_outcome() -> None:
    other = raw("event-a", 1)
    assert balance([A, other], [failed(A), enriched(other)]).balanced
    found = balance([A, other], [failed(A), failed(A)])
    assert (found.missing, found.duplicates) == (1, 1)


def test_a_lost_record_without_id_is_named_by_its_digest() -> None:
    assert balance([UNREADABLE], []).missing_ids == [f"sha256:{UNREADABLE.sha256.hex()[:16]}"]


def test_lists_are_limited_and_counts_are_complete() -> None:
    found = balance([raw(f"event-{n}") for n in range(50)], [])
    assert found.missing == 50
    assert found.missing_ids == [f"event-{n}" for n in range(20)]


def test_a_topic_must_have_exactly_what_is_routed_to_it() -> None:
    order, view = raw("event-o", event_name="order"), raw("event-v", event_name="page_view")
    routes = {ANALYTICS.name: every_event, FRAUD: lambda record: record.event_name == "order"}
    outputs = [enriched(order), enriched(view), enriched(order, FRAUD)]
    assert balance([order, view], outputs, routes=routes).balanced
    stray = balance([order, view], [*outputs, enriched(view, FRAUD)], routes=routes)
    assert (stray.duplicates, stray.duplicate_ids) == (1, ["event-v"])
    lost = balance([order, view], outputs[:2], routes=routes)
    assert (lost.missing, lost.missing_ids) == (1, ["event-o"])


def test_either_of_two_payloads_of_one_id_may_be_the_late_one() -> None:
    order, view = raw("event-x", 0, event_name="order"), raw("event-x", 1, event_name="page_view")
    routes = {ANALYTICS.name: every_event, FRAUD: lambda record: record.event_name == "order"}
    assert balance([order, view], [enriched(view), late(order)], routes=routes).balanced
    assert balance([order, view], [enriched(order), enriched(order, FRAUD), late(view)], routes=routes).balanced


def test_records_of_a_topic_without_a_route_are_reported() -> None:
    found = balance([A], [enriched(A), enriched(A, FRAUD)])
    assert (found.duplicates, found.enriched) == (1, {ANALYTICS.name: 1, FRAUD: 1})


def test_tombstones_of_older_versions_are_on_the_failed_topic() -> None:
    former = ObservedRecord(topic=FAILED.name, event_id=A.event_id, sha256=A.sha256, reason="suppressed")
    found = balance([A, B, C], [former, suppressed(B), failed(C)])
    assert found.balanced
    assert (found.failed, found.suppressed) == (1, 2)
    assert found.suppressed_reasons == {"suppressed": 1, "context.consent refused": 1}


def test_a_suppressed_event_is_expected_only_in_topics_that_need_no_consent() -> None:
    routes = {ANALYTICS.name: every_event, FRAUD: every_event}

    def found(*outputs: ObservedRecord) -> tuple[int, int, int]:
        result = balance([A, B], outputs, routes=routes, without_consent={FRAUD})
        return result.missing, result.duplicates, result.suppressed

    whole = [enriched(B), enriched(B, FRAUD), suppressed(A), enriched(A, FRAUD)]
    assert found(*whole) == (0, 0, 1)
    assert found(*whole[:3]) == (1, 0, 1), "lost from the topic that needs no consent"
    assert found(*whole, enriched(A)) == (0, 1, 1), "leaked into a topic that needs consent"
    assert found(*whole, suppressed(A))[1] > 0
    assert found(*whole[:2], enriched(A, FRAUD)) == (1, 0, 0), "lost without a tombstone"
