from collections import Counter
from collections.abc import Sequence
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from assurance.reconciliation.balancing.balance import balance
from assurance.reconciliation.features.summary import FeaturesSummary, Freshness, Parity, Recommended, Visitor
from assurance.reconciliation.reporting.latency import percentiles
from assurance.reconciliation.reporting.masking import MASKED, masked
from assurance.reconciliation.reporting.report import report
from assurance.reconciliation.reporting.summary import Applications, Latencies, Lookups, Summary, summarize
from assurance.reconciliation.security.history import VerdictHistory
from assurance.reconciliation.security.summary import sum_up
from assurance.reconciliation.security.truth import Truth, by_key
from assurance.reconciliation.sessions.balance import balance_sessions
from assurance.reconciliation.sessions.outputs import SessionOutputs
from assurance.reconciliation.sinks.comparison import compare_sink
from contracts.topics import ANALYTICS, FAILED, LATE, SUPPRESSED
from tests.assurance.reconciliation.builders import enriched, failed, late, raw, suppressed
from tests.assurance.reconciliation.security.builders import keys, verdict

A, B, C = raw("event-a"), raw("event-b"), raw("event-c")
SECRETS = {name: f"secret-{number}" for number, name in enumerate(sorted(MASKED))}


def _shown(summary: Summary, samples: Sequence[str] = ()) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(report(summary, samples))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def _line(shown: str, start: str) -> list[str]:
    """The cells of the table row whose first cell is ``start``."""
    return next(cells for line in shown.splitlines() if (cells := line.strip("│ ").split("│"))[0].strip() == start)


def test_topics_are_shown_with_their_share_of_raw() -> None:
    shown = _shown(summarize(balance([A, A, B, C], [enriched(A), enriched(A), late(B), failed(C)])))
    assert [cell.strip() for cell in _line(shown, ANALYTICS.name)[1:]] == ["2", "50.00%"]
    assert [cell.strip() for cell in _line(shown, LATE.name)[1:]] == ["1", "25.00%"]
    assert [cell.strip() for cell in _line(shown, FAILED.name)[1:]] == ["1", "25.00%"]
    assert "Balanced: all 4 raw records have exactly one outcome." in shown


def test_an_interrupted_run_is_not_reported_as_balanced() -> None:
    summary = summarize(balance([A, B], [enriched(A), late(B)]))
    shown = _shown(msgspec.structs.replace(summary, interrupted=True))
    assert "Balanced" not in shown
    assert "Interrupted: the remaining events were not sent. The 2 raw records sent until then have" in shown
    lost = _shown(msgspec.structs.replace(summarize(balance([A, B], [enriched(A)])), interrupted=True))
    assert "NOT BALANCED" in lost


def test_reasons_are_shown_with_counts() -> None:
    shown = _shown(summarize(balance([A, B, C], [failed(A), failed(B), late(C)])))
    assert _line(shown, "schema actor.user_id")[1].strip() == "2"
    assert _line(shown, "up to 1 min late")[1].strip() == "1"


def test_suppressed_repaired_and_invalid_are_shown_by_field_and_reason() -> None:
    notes = ("repaired context.dvce_screenwidth rounded", "invalid geo_status")
    events = [msgspec.structs.replace(enriched(A), notes=notes), suppressed(B)]
    shown = _shown(summarize(balance([A, B], events)))
    assert [cell.strip() for cell in _line(shown, SUPPRESSED.name)[1:]] == ["1", "50.00%"]
    for reason in ("context.consent refused", "context.dvce_screenwidth rounded", "geo_status"):
        assert _line(shown, reason)[1].strip() == "1"


def test_a_reason_that_looks_like_markup_is_shown_as_it_is() -> None:
    odd = failed(A)
    shown = _shown(
        summarize(balance([A], [type(odd)(topic=odd.topic, event_id=None, sha256=A.sha256, reason="[red]x")]))
    )
    assert _line(shown, "[red]x")[1].strip() == "1"


def test_latency_of_both_isolation_levels_is_shown() -> None:
    measured = Latencies(
        read_committed=percentiles([53_000_000, 90_000_000]), read_uncommitted=percentiles([15_000_000])
    )
    shown = _shown(summarize(balance([], []), latency_ms=measured))
    assert [c.strip() for c in _line(shown, "committed")[1:]] == ["53.0", "90.0", "90.0", "90.0", "90.0", "2"]
    assert [c.strip() for c in _line(shown, "uncommitted")[1:]] == ["15.0"] * 5 + ["1"]


def test_what_was_not_measured_is_left_out() -> None:
    shown = _shown(summarize(balance([], [])))
    assert not any(word in shown for word in ("Latency", "Lookups", "Throughput", "Restarts", "Sample"))


def test_run_figures_are_shown() -> None:
    lookups = Lookups(keys=1234, requests=10, cache_hit_ratio=0.875)
    shown = _shown(summarize(balance([], []), events_per_second=8123.4, lookups=lookups, restarts=2))
    assert "Throughput: 8,123 events/s" in shown
    assert "Lookups: 1,234 keys in 10 requests, 87.5% from the cache" in shown
    assert "Restarts: 2" in shown


def test_the_verdict_names_the_discrepancies() -> None:
    shown = _shown(summarize(balance([A, B], [enriched(A), enriched(A), enriched(C)])))
    assert "NOT BALANCED" in shown
    assert "1 missing: event-b" in shown
    assert "1 doubled: event-a" in shown
    assert "1 unexpected: event-c" in shown
    assert "Balanced: all" not in shown


def test_a_shortened_list_says_so() -> None:
    shown = _shown(summarize(balance([raw(f"event-{n}") for n in range(21)], [])))
    assert "21 missing, the first 20 ids: event-0, " in shown
    assert "event-20" not in shown


def test_samples_are_shown_without_personal_data() -> None:
    fields = ",".join(f'"{name}":"{secret}"' for name, secret in SECRETS.items())
    shown = _shown(summarize(balance([], [])), [f'{{"event_id":"event-a",{fields},"geo_country":"DE","price":1.5}}'])
    assert '"event_id": "event-a"' in shown
    assert '"geo_country": "DE"' in shown
    assert '"user_ipaddress": "…"' in shown
    assert '"useragent": "…"' in shown
    assert "secret" not in shown


@pytest.mark.parametrize("sample", ["", "secret", '["secret"]', '{"user_id":"secret"'])
def test_a_sample_that_is_not_an_event_is_not_shown(sample: str) -> None:
    shown = _shown(summarize(balance([], [])), [sample])
    assert "(not a JSON object)" in shown
    assert "secret" not in shown


def test_masking_adds_no_field_and_keeps_the_order() -> None:
    assert list(masked({"b": 1, "useragent": "x", "a": 2}).items()) == [("b", 1), ("useragent", "…"), ("a", 2)]


def test_a_sink_is_shown_with_its_rows_and_verdict() -> None:
    surplus = compare_sink(
        "lake", {ANALYTICS.name: Counter(["event-a", "event-x"])}, {ANALYTICS.name: Counter(["event-a"])}
    )
    complete = compare_sink("lake", {ANALYTICS.name: Counter(["event-a"])}, {ANALYTICS.name: Counter(["event-a"])})
    summary = summarize(balance([A], [enriched(A)]))
    shown = _shown(msgspec.structs.replace(summary, sinks=[surplus, complete]))
    assert "Lake: NOT BALANCED" in shown
    assert "1 unexpected: event-x" in shown
    assert "Lake: Balanced: 1 rows, each enriched event once." in shown


def test_account_security_is_shown_with_its_truth_and_makes_the_report_unbalanced() -> None:
    history = VerdictHistory()
    history.add_all([verdict("a", "deny"), verdict("b")])
    truth = by_key([Truth(event_id="a", scenario="s", kind="spray", intensity="above", is_attack=True)])
    found = sum_up(keys(["a", "b", "lost"]), history, truth)
    applications = Applications(sessions=balance_sessions(SessionOutputs()), account_security=found)
    assert not applications.balanced
    shown = _shown(msgspec.structs.replace(summarize(balance([A], [enriched(A)])), applications=applications))
    assert _line(shown, "decision deny")[1].strip() == "1"
    assert _line(shown, "challenged or denied")[1].strip() == "50.000%"
    assert [cell.strip() for cell in _line(shown, "spray")[1:]] == ["above", "1", "1", "1", "1", "1"]
    assert "• deny sign in (high, 0.80): rule_a holds" in shown
    assert "Account security: NOT BALANCED" in shown
    assert "1 events without a verdict: lost" in shown


def _features(**changes: object) -> FeaturesSummary:
    found = FeaturesSummary(
        events=10,
        entities=3,
        written=12,
        freshness_ms=Freshness(4.25, 30.0),
        parity=Parity(compared=1_234, different=0),
        visitor=Visitor(
            features={"browser__last_brands__lifetime": ["A[b]", "C"], "browser__likes__1h": 2},
            model="listing_recommendation 7",
            recommended=[Recommended(listing_id="l1", score=0.5, features={"listing__brand__lifetime": "A[b]"})],
        ),
    )
    return msgspec.structs.replace(found, **changes)


def test_features_of_a_visitor_are_shown_with_what_is_recommended() -> None:
    applications = Applications(sessions=balance_sessions(SessionOutputs()), features=_features())
    shown = _shown(msgspec.structs.replace(summarize(balance([A], [enriched(A)])), applications=applications))
    for text in ("4.2 ms", "30.0 ms", "A[b], C", "listing_recommendation 7", "l1", "0.500", "1,234 values"):
        assert text in shown, text
    assert "Features: Balanced" in shown


def test_a_value_that_differs_makes_the_report_unbalanced_and_so_does_nothing_compared() -> None:
    different = _features(parity=Parity(compared=5, different=1, examples=["listing__views__1h: served 1, computed 2"]))
    applications = Applications(sessions=balance_sessions(SessionOutputs()), features=different)
    assert not applications.balanced
    shown = _shown(msgspec.structs.replace(summarize(balance([A], [enriched(A)])), applications=applications))
    assert "Features: NOT BALANCED: 1 of 5 values differ" in shown
    assert "listing__views__1h: served 1, computed 2" in shown
    assert not _features(parity=Parity(compared=0, different=0)).balanced
    assert _features(events=0, parity=Parity(compared=0, different=0)).balanced
